import { type ErrorKind, MexError } from '@mex/envelope';

/** Why a request of an engine got no answer. Engines are told these, with their messages. */
export type NetErrorCode =
  | 'NETWORK_BLOCKED'
  | 'NETWORK_ADDRESS_BLOCKED'
  | 'NETWORK_FAILED'
  | 'NETWORK_TIMEOUT'
  | 'NETWORK_RESPONSE_TOO_LARGE'
  | 'NETWORK_RESPONSE_SECRET'
  | 'NETWORK_REQUEST_INVALID'
  | 'NETWORK_REDIRECT_BLOCKED';

const KINDS: Readonly<Record<NetErrorCode, ErrorKind>> = {
  NETWORK_BLOCKED: 'capability',
  NETWORK_ADDRESS_BLOCKED: 'capability',
  NETWORK_FAILED: 'tool',
  NETWORK_TIMEOUT: 'tool',
  NETWORK_RESPONSE_TOO_LARGE: 'budget',
  NETWORK_RESPONSE_SECRET: 'capability',
  NETWORK_REQUEST_INVALID: 'validation',
  NETWORK_REDIRECT_BLOCKED: 'policy',
};

/**
 * An error as an engine may read it. There is no `cause`: what Node says of a failure names resolved addresses, which
 * tell an engine what a private network looks like; its code, where it has one, goes into the message.
 */
export function netError(code: NetErrorCode, message: string, remedy: string): MexError<NetErrorCode> {
  const retryable = code === 'NETWORK_FAILED' || code === 'NETWORK_TIMEOUT';
  return new MexError({ code, kind: KINDS[code], message, remedy, retryable });
}

/** The request as the engine wrote it is not one that the broker makes. */
export function invalidRequest(message: string, remedy: string): MexError<NetErrorCode> {
  return netError('NETWORK_REQUEST_INVALID', message, remedy);
}

/** The far side, or the way to it, failed. `why` is in our words; `thrown` adds Node's code and nothing else. */
export function networkFailed(host: string, why: string, thrown?: unknown): MexError<NetErrorCode> {
  const code = codeOf(thrown);
  const detail = code === undefined ? '' : ` (${code})`;
  return netError('NETWORK_FAILED', `The request to ${host} failed: ${why}${detail}.`, 'Try again later.');
}

/** Node's own code of an error, e.g. `ECONNREFUSED`. */
export function codeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(thrown.code) ? thrown.code : undefined;
}
