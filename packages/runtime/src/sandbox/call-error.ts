/*
 * Errors that MEX gives an engine. An engine can throw anything with any `code`; only what is made here counts as
 * MEX's own word, with the code it was made with, whatever the engine wrote into the object since.
 */

/** An engine called for something that was refused, that is over, or that is not there. */
export class CallError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'CallError';
    this.code = code;
  }
}

interface Origin {
  readonly code: string;
  readonly message: string;
}

const made = new WeakMap<object, Origin>();

/** The one way to make an error that counts: an engine can reach the class, through `constructor`, but not this. */
export function callError(code: string, message: string): CallError {
  const error = new CallError(code, message);
  made.set(error, { code, message });
  return error;
}

/** What MEX said with this error; `undefined` for every error that MEX did not make. */
export function originOf(thrown: unknown): Origin | undefined {
  return typeof thrown === 'object' && thrown !== null ? made.get(thrown) : undefined;
}
