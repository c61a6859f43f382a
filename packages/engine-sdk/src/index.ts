export { Type } from '@sinclair/typebox';
export {
  type EngineContext,
  EngineError,
  type EngineInput,
  type EngineProblem,
  type ExecOptions,
  type ExecResult,
  type HttpRequest,
  type HttpResponse,
  type InputFile,
  type ScopeEntry,
} from './context.ts';
export {
  defineEngine,
  defineOperation,
  type EngineDefinition,
  type EngineToken,
  type OperationDefinition,
  type Summary,
} from './define-engine.ts';
