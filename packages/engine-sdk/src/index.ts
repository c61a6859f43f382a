export { Type } from '@sinclair/typebox';
export { type EngineContext, EngineError, type EngineInput, type EngineProblem, type InputFile } from './context.ts';
export {
  defineEngine,
  defineOperation,
  type EngineDefinition,
  type EngineToken,
  type OperationDefinition,
  type Summary,
} from './define-engine.ts';
