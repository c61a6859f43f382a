import type { EngineResult, ErrorKind } from '@mex/envelope';

/** What the process answers with (CONTRACT §16). */
export const EXIT = {
  done: 0,
  /** A BLOCK, a failed verification. */
  blocked: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** Denied by a gate, or waiting for a person. */
  denied: 3,
  /** The engine, or MEX itself, failed. */
  failed: 4,
  /** Timed out or cancelled. */
  ended: 5,
  /** Something recorded or stored is not what it was. */
  integrity: 6,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_KIND: Readonly<Record<ErrorKind, ExitCode>> = {
  validation: EXIT.usage,
  budget: EXIT.usage,
  capability: EXIT.denied,
  provenance: EXIT.denied,
  determinism: EXIT.denied,
  policy: EXIT.denied,
  sandbox: EXIT.failed,
  tool: EXIT.failed,
  internal: EXIT.failed,
  canceled: EXIT.ended,
  integrity: EXIT.integrity,
};

/** Codes whose kind alone would tell the wrong story. */
const BY_CODE: Readonly<Record<string, ExitCode>> = {
  // A name nobody stored is a wrong argument, not damage.
  ARTIFACT_NOT_FOUND: EXIT.usage,
  LOG_READ_ONLY: EXIT.usage,
  LOG_UNSIGNED: EXIT.usage,
  OPERATION_ID_REUSED: EXIT.denied,
  POLICY_INVALID: EXIT.usage,
  REGISTRY_UNREADABLE: EXIT.usage,
  RUN_NOT_FOUND: EXIT.usage,
};

/** The exit code for an error that ended a command. */
export function exitOfError(error: { readonly code: string; readonly kind: ErrorKind }): ExitCode {
  return BY_CODE[error.code] ?? BY_KIND[error.kind];
}

/** The exit code for an operation's result. */
export function exitOfResult(result: Pick<EngineResult, 'status' | 'errors'>): ExitCode {
  switch (result.status) {
    case 'succeeded':
      return EXIT.done;
    case 'denied':
      return EXIT.denied;
    case 'cancelled':
    case 'timed_out':
      return EXIT.ended;
    case 'failed':
      return result.errors.some((error) => error.kind === 'integrity') ? EXIT.integrity : EXIT.failed;
  }
}
