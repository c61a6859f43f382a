export type { Static } from '@sinclair/typebox';
export {
  type EngineContext,
  EngineError,
  type EngineErrorOptions,
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
  type ExternalImplementation,
  type Fail,
  type Operation,
  type OperationDefinition,
  type Operations,
  type Summary,
} from './define-engine.ts';
export { Type } from './type.ts';
