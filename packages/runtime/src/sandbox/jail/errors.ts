import { MexError } from '@mex/envelope';

/** Codes of the jail itself, before anything runs in it. */
export type JailErrorCode = 'SANDBOX_START_FAILED';

/** A jail that could not be started: the machine lacks something at this moment, or always. */
export function jailError(what: string, cause?: unknown): MexError {
  const code: JailErrorCode = 'SANDBOX_START_FAILED';
  return new MexError({
    code,
    kind: 'sandbox',
    message: `A sandbox could not be started: ${what}.`,
    remedy: 'Run fewer operations at once, or raise the limits of this user on open files and processes.',
    ...(cause === undefined ? {} : { cause }),
  });
}
