export type { VectorErrorCode } from '../vectors/errors.ts';
export { type LoadedVector, loadVectors } from '../vectors/load-vectors.ts';
export { digestVectorFiles, scanVectorFolder, VECTOR_BOUNDS, type VectorFile } from '../vectors/vector-folder.ts';
