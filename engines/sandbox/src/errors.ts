import { EngineError } from '@mex/engine-sdk';

/** How an operation of the sandbox may fail. */
export type SandboxErrorCode =
  | 'SANDBOX_INPUT_TOO_LARGE'
  | 'SANDBOX_MEMORY'
  | 'SANDBOX_NO_SCRIPT'
  | 'SANDBOX_OUTPUT_LIMIT'
  | 'SANDBOX_RESULT_INVALID'
  | 'SANDBOX_SCRIPT_FAILED'
  | 'SANDBOX_STEPS'
  | 'SANDBOX_TIER';

export function sandboxError(code: SandboxErrorCode, message: string, cause?: unknown): EngineError {
  return new EngineError(code, message, cause === undefined ? {} : { cause });
}
