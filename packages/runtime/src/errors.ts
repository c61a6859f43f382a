/** Codes an operation can end with besides those of the gates, the store and the engine itself. */
export type RuntimeErrorCode =
  | 'OPERATION_ID_REUSED'
  | 'OPERATION_CANCELLED'
  | 'OPERATION_INTERRUPTED'
  | 'ENGINE_FAILED'
  | 'ENGINE_CRASHED'
  | 'ENGINE_LOAD_FAILED'
  | 'ENGINE_REPLY_INVALID'
  | 'ENGINE_ERROR_UNDECLARED'
  | 'SANDBOX_PROTOCOL'
  | 'SANDBOX_TIER_UNAVAILABLE'
  | 'RECORD_FAILED'
  | 'RUNTIME_CLOSED';
