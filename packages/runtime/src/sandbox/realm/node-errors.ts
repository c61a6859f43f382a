import { compileFunction } from 'node:vm';
import { harden } from './harden.ts';
import { methodOf } from './object.ts';

/**
 * Node makes a class for each error code, on first use, with a prototype that anyone who catches the error may change.
 * These are the ones an engine can provoke. Harmless, but a place to leave something for the next call.
 */
export function findNodeErrors(): unknown[] {
  const get = methodOf(URLSearchParams.prototype, 'get');
  const forEach = methodOf(URLSearchParams.prototype, 'forEach');
  const params = new URLSearchParams();
  const provocations = [
    () => Reflect.construct(URLSearchParams, [[[1]]]),
    () => Reflect.construct(URLSearchParams, [[1]]),
    () => Reflect.construct(URLSearchParams, [{ [Symbol.iterator]: 1 }]),
    () => Reflect.apply(get, {}, []),
    () => Reflect.apply(get, params, []),
    () => Reflect.apply(forEach, params, [1]),
    () => Reflect.construct(URL, []),
    () => Reflect.construct(URL, ['']),
    () => Reflect.set(new URL('a:b'), 'href', ''),
  ];
  return provocations.map(catchError);
}

function catchError(provoke: () => unknown): unknown {
  try {
    return provoke();
  } catch (thrown) {
    return thrown;
  }
}

/** The error of a refused `import()` comes with a promise: it is frozen as soon as there is one, before any call. */
export function freezeImportError(): void {
  const refused: unknown = compileFunction('return import("")')();
  if (refused instanceof Promise) refused.catch((error: unknown) => harden([error]));
}
