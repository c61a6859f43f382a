/** Why a call of the context was refused: the code an engine sees, as the real host gives it. */
export class CallError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'CallError';
    this.code = code;
  }
}

const made = new WeakSet<Error>();

/** The one way to make a refusal that counts as MEX's own: an engine that throws an error of the same look does not. */
export function refuse(code: string, message: string): CallError {
  const error = new CallError(code, message);
  made.add(error);
  return error;
}

/** What MEX said with this error; `undefined` for every error that an engine made. */
export function refusalIn(thrown: unknown): CallError | undefined {
  return thrown instanceof CallError && made.has(thrown) ? thrown : undefined;
}
