import { types } from 'node:util';
import { regexpFlags, timeOfDate } from './clock.ts';
import { DomException } from './events.ts';
import { hide } from './object.ts';

const ERRORS: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/**
 * `structuredClone` for what the language has. Node's own goes through its message machinery, where an object may name
 * a module to be loaded at the far side.
 */
export function installClone(): void {
  hide(globalThis, 'structuredClone', (value: unknown, options?: { transfer?: Iterable<unknown> }): unknown => {
    const seen = new Map<object, unknown>();
    for (const item of options?.transfer ?? []) {
      if (!types.isArrayBuffer(item)) throw refuse('Only array buffers can be transferred.');
      seen.set(item, item.transfer());
    }
    return clone(value, seen);
  });
}

function refuse(message: string): DomException {
  return new DomException(message, 'DataCloneError');
}

function clone(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') throw refuse(`A ${typeof value} cannot be cloned.`);
  if (typeof value !== 'object' || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  const copy = startCopy(value, seen);
  seen.set(value, copy);
  fillCopy(value, copy, seen);
  return copy;
}

function startCopy(value: object, seen: Map<object, unknown>): object {
  if (Array.isArray(value)) return Object.assign([], { length: value.length });
  if (types.isDate(value)) return new Date(timeOfDate(value));
  if (types.isRegExp(value)) return new RegExp(value.source, String(Reflect.apply(regexpFlags, value, [])));
  if (types.isMap(value)) return new Map();
  if (types.isSet(value)) return new Set();
  if (types.isNativeError(value)) return cloneError(value);
  if (types.isAnyArrayBuffer(value)) return value.slice(0);
  if (ArrayBuffer.isView(value)) return cloneView(value, seen);
  if (types.isBoxedPrimitive(value)) return Object(value.valueOf());
  if (types.isProxy(value) || types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value))
    throw refuse('The object cannot be cloned.');
  return {};
}

function cloneError(error: Error): Error {
  const Constructor = ERRORS[error.name] ?? Error;
  const copy = new Constructor(String(error.message));
  if (typeof error.stack === 'string') hide(copy, 'stack', error.stack);
  return copy;
}

function cloneView(view: ArrayBufferView, seen: Map<object, unknown>): object {
  const buffer = clone(view.buffer, seen);
  if (types.isDataView(view)) return Reflect.construct(DataView, [buffer, view.byteOffset, view.byteLength]);
  const Constructor: unknown = Reflect.get(globalThis, String(Reflect.get(view, Symbol.toStringTag)));
  if (typeof Constructor !== 'function') throw refuse('The view cannot be cloned.');
  return Reflect.construct(Constructor, [buffer, view.byteOffset, Reflect.get(view, 'length')]);
}

function fillCopy(value: object, copy: object, seen: Map<object, unknown>): void {
  if (copy instanceof Map && types.isMap(value)) {
    for (const [key, item] of value) copy.set(clone(key, seen), clone(item, seen));
  } else if (copy instanceof Set && types.isSet(value)) {
    for (const item of value) copy.add(clone(item, seen));
  } else if (copy instanceof Error) {
    if (Object.hasOwn(value, 'cause')) hide(copy, 'cause', clone(Reflect.get(value, 'cause'), seen));
  } else if (Array.isArray(copy) || Reflect.getPrototypeOf(copy) === Object.prototype) {
    for (const key of Object.keys(value)) {
      const item = clone(Reflect.get(value, key), seen);
      Reflect.defineProperty(copy, key, { value: item, writable: true, enumerable: true, configurable: true });
    }
  }
}
