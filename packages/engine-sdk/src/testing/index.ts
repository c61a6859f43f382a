export { compareRun, type ObservedRun } from '../vectors/compare-run.ts';
export type { VectorErrorCode } from '../vectors/errors.ts';
export { type LoadedVector, loadVectors } from '../vectors/load-vectors.ts';
export { digestVectorFiles, scanVectorFolder, VECTOR_BOUNDS, type VectorFile } from '../vectors/vector-folder.ts';
export { runVector, type VectorRun, verifyVector } from './run-vector.ts';
export type { TestBlob, TestBundle, TestFiles, TestInput, TestPath } from './test-input.ts';
export { testOperation } from './test-operation.ts';
export type {
  TestAnswer,
  TestOutside,
  TestPage,
  TestRequest,
  TestTool,
  TestToolCall,
  TestToolResult,
} from './test-outside.ts';
export type { TestableEngine, TestOptions, TestOutput, TestResult } from './test-result.ts';
