import { type ErrorKind, MexError } from '@mex/envelope';

/** What keeps an engine from being certified at all; what it does wrong is in the report. */
export type ConformanceErrorCode =
  | 'CONFORMANCE_CASES_INVALID'
  | 'CONFORMANCE_ENGINE_UNREADABLE'
  | 'CONFORMANCE_NOT_PASSED'
  | 'CONFORMANCE_TIER_UNAVAILABLE';

/** An error of this package. */
export function conformanceError(
  code: ConformanceErrorCode,
  kind: ErrorKind,
  message: string,
  remedy: string,
  cause?: unknown,
): MexError<ConformanceErrorCode> {
  return new MexError({ code, kind, message, remedy, ...(cause === undefined ? {} : { cause }) });
}
