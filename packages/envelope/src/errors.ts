/** What kind of thing went wrong: the closed list of CONTRACT §4. */
export type ErrorKind =
  | 'validation'
  | 'capability'
  | 'integrity'
  | 'budget'
  | 'provenance'
  | 'determinism'
  | 'sandbox'
  | 'tool'
  | 'policy'
  | 'canceled'
  | 'internal';

export interface MexErrorInit<Code extends string> {
  /** Stable identifier; `docs/errors/<code>.md` says what it means and what to do. */
  readonly code: Code;
  readonly kind: ErrorKind;
  /** What happened, and where. One line, no secrets, no payloads. */
  readonly message: string;
  /** What to do next, in the imperative. */
  readonly remedy?: string;
  /** Whether the same call may succeed later without being changed. Default `false`. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** An error as it crosses threads, processes and wires: plain data, compared by `code`. */
export interface ErrorData {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly retryable: boolean;
  readonly remedy?: string;
}

/** The one error class of MEX. Every package narrows `code` to its own closed union. */
export class MexError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly kind: ErrorKind;
  readonly remedy: string | undefined;
  readonly retryable: boolean;

  constructor(init: MexErrorInit<Code>) {
    // Half a character, as cutting a text can leave one, has no place in records: they are canonical JSON.
    super(init.message.toWellFormed(), init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'MexError';
    this.code = init.code;
    this.kind = init.kind;
    this.remedy = init.remedy?.toWellFormed();
    this.retryable = init.retryable ?? false;
  }

  toData(): ErrorData {
    const data = { code: this.code, kind: this.kind, message: this.message, retryable: this.retryable };
    return this.remedy === undefined ? data : { ...data, remedy: this.remedy };
  }
}

/** Turns whatever was thrown into data. A value that is no MexError becomes `INTERNAL`, its text withheld. */
export function toErrorData(thrown: unknown): ErrorData {
  if (isMexError(thrown)) return thrown.toData();
  return {
    code: 'INTERNAL',
    kind: 'internal',
    message: 'An unexpected failure inside MEX; the log on stderr has the details.',
    retryable: false,
  };
}

/** Anything can be thrown, also a proxy that throws when it is asked what it is. */
function isMexError(thrown: unknown): thrown is MexError {
  try {
    return thrown instanceof MexError;
  } catch {
    return false;
  }
}

/** Codes this package throws. */
export type EnvelopeErrorCode = 'ENVELOPE_INVALID' | 'ENVELOPE_SCHEMA_VERSION' | 'PARAMS_SCHEMA_UNSUPPORTED';
