import { type ErrorKind, MexError } from '@mex/envelope';

/** Codes of the subprocess wrapper (CONTRACT §9, guarantee J). */
export type ToolErrorCode =
  | 'TOOL_NOT_ALLOWED'
  | 'TOOL_NOT_FOUND'
  | 'TOOL_POLICY_INVALID'
  | 'TOOL_DIGEST_MISMATCH'
  | 'TOOL_CALL_INVALID'
  | 'TOOL_ARGUMENT_REFUSED'
  | 'TOOL_START_FAILED'
  | 'TOOL_TIMED_OUT'
  | 'TOOL_OUTPUT_LIMIT'
  | 'TOOL_PROCESS_LIMIT'
  | 'TOOL_WORKSPACE_LIMIT'
  | 'SECURITY_UNTRUSTED_EXECUTION';

const KINDS: Readonly<Record<ToolErrorCode, ErrorKind>> = {
  TOOL_NOT_ALLOWED: 'policy',
  TOOL_NOT_FOUND: 'tool',
  TOOL_POLICY_INVALID: 'policy',
  TOOL_DIGEST_MISMATCH: 'integrity',
  TOOL_CALL_INVALID: 'validation',
  TOOL_ARGUMENT_REFUSED: 'policy',
  TOOL_START_FAILED: 'tool',
  TOOL_TIMED_OUT: 'tool',
  TOOL_OUTPUT_LIMIT: 'tool',
  TOOL_PROCESS_LIMIT: 'tool',
  TOOL_WORKSPACE_LIMIT: 'tool',
  SECURITY_UNTRUSTED_EXECUTION: 'policy',
};

export function toolError(code: ToolErrorCode, message: string, remedy: string, cause?: unknown): MexError {
  return new MexError({ code, kind: KINDS[code], message, remedy, ...(cause === undefined ? {} : { cause }) });
}

/** `code` of an error of the system, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
