import { MexError } from '@mex/envelope';

/** Runs a call that must be refused and hands back why. Anything but a MexError fails the test that asked. */
export function refusalOf(call: () => unknown): MexError {
  try {
    call();
  } catch (error) {
    if (error instanceof MexError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}
