import { MexError } from '@mex/envelope';

/** Codes this package throws. */
export type RecorderErrorCode =
  | 'HSK-400-INVALID-EVENT'
  | 'CHECKPOINT_INVALID'
  | 'LOG_CLOSED'
  | 'LOG_HEAD_INVALID'
  | 'LOG_NOT_FOUND'
  | 'LOG_READ_ONLY'
  | 'LOG_ROW_INVALID'
  | 'LOG_SIGNER_MISMATCH'
  | 'LOG_UNREADABLE'
  | 'LOG_UNSIGNED'
  | 'LOG_VERSION'
  | 'LOG_WRITE_FAILED'
  | 'PROBLEM_CHANGED'
  | 'PROBLEM_INVALID'
  | 'PROBLEM_UNKNOWN'
  | 'SIGNER_KEY_INVALID';

/** An event that the recorder does not accept (CONTRACT §11). `where` is a JSON Pointer into the event. */
export function invalidEvent(where: string, what: string, index: number): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'HSK-400-INVALID-EVENT',
    kind: 'validation',
    message: `Event ${index} of the append is invalid at ${where}: ${what}`,
    remedy: 'Send an event that has the shape of its type; CONTRACT §11 lists the types and their members.',
  });
}

/** The recorder was closed before this call. */
export function logClosed(): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'LOG_CLOSED',
    kind: 'internal',
    message: 'The flight recorder is closed; nothing was recorded.',
    remedy: 'Open the log again, and append before close().',
  });
}

/** The recorder was opened with `readOnly`. */
export function logReadOnly(file: string): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'LOG_READ_ONLY',
    kind: 'policy',
    message: `The log ${file} was opened for reading only.`,
    remedy: 'Open it without readOnly to write.',
  });
}

/** Something that needs the signing key was asked of a log opened without one. */
export function logUnsigned(file: string): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'LOG_UNSIGNED',
    kind: 'policy',
    message: `The log ${file} was opened without its signer, so no checkpoint can be made.`,
    remedy: 'Open it with the signer it was made with.',
  });
}

/** The log belongs to another key than the one it was opened with. */
export function signerMismatch(file: string, expected: string | undefined): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'LOG_SIGNER_MISMATCH',
    kind: 'integrity',
    message: `The log ${file} was ${expected === undefined ? 'made without a signer' : `signed by ${expected}`}; it cannot be continued otherwise.`,
    remedy: 'Open it with the signer it was made with, or start a new log.',
  });
}

/** SQLite could not open or read the file, or it is no log. */
export function logUnreadable(file: string, cause: unknown): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'LOG_UNREADABLE',
    kind: 'integrity',
    message: `The log ${file} cannot be read: ${messageOf(cause)}`,
    remedy: 'Keep the file as evidence, restore it from a copy, and check that with its last kept checkpoint.',
    cause,
  });
}

/** The log's own record of its size and tree does not stand; appending on top of it would hide what happened. */
export function headInvalid(file: string, what: string): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'LOG_HEAD_INVALID',
    kind: 'integrity',
    message: `The log ${file} was changed by something that is no recorder: ${what}`,
    remedy: 'Run the verification, keep the file as evidence, and start a new log.',
  });
}

/** One stored row is not what was written. */
export function rowInvalid(seq: number, what: string): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'LOG_ROW_INVALID',
    kind: 'integrity',
    message: `The recorded event ${seq} is damaged: ${what}`,
    remedy: 'Run the verification; it names every event that is not what was recorded.',
  });
}

/** A transaction did not reach the disk; none of its events are recorded. */
export function writeFailed(file: string, cause: unknown): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'LOG_WRITE_FAILED',
    kind: 'internal',
    message: `Nothing was recorded in ${file}: ${messageOf(cause)}`,
    remedy: 'Check free space and whether another program holds the log, then try again.',
    retryable: true,
    cause,
  });
}

/** Short text of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
