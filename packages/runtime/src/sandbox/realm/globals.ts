/** Every name the engine finds on its global object; all others are deleted, also those a later Node adds. */
const LANGUAGE = [
  'Object Function Array Number Boolean String Symbol BigInt Math JSON Reflect Proxy Promise RegExp Date Intl',
  'Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError',
  'Map Set WeakMap WeakSet Iterator ArrayBuffer DataView DisposableStack AsyncDisposableStack',
  'Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array',
  'Float16Array Float32Array Float64Array parseFloat parseInt isFinite isNaN Infinity NaN undefined globalThis',
  'decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval',
];
const REALM = [
  'console process global URL URLSearchParams TextEncoder TextDecoder atob btoa structuredClone crypto queueMicrotask',
  'setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate',
  'AbortController AbortSignal Event EventTarget DOMException Atomics',
];

export const KEPT_GLOBALS: ReadonlySet<string> = new Set([...LANGUAGE, ...REALM].join(' ').split(' '));

/** Deletes every global that is not kept and fixes the others. Returns the values, as roots for freezing. @throws when a name cannot be deleted. */
export function trimGlobals(): unknown[] {
  const values: unknown[] = [];
  for (const key of Reflect.ownKeys(globalThis)) {
    if (typeof key === 'string' && KEPT_GLOBALS.has(key)) {
      const value: unknown = Reflect.get(globalThis, key);
      values.push(value);
      if (Reflect.getOwnPropertyDescriptor(globalThis, key)?.configurable)
        Reflect.defineProperty(globalThis, key, { value, writable: false, enumerable: false, configurable: false });
    } else if (!Reflect.deleteProperty(globalThis, key) && !blank(key)) {
      throw new Error(`The realm cannot take the global ${String(key)} away.`);
    }
  }
  return values;
}

/** V8's `gc` cannot be deleted; it is there when its flag is set for the process. */
function blank(key: PropertyKey): boolean {
  return Reflect.defineProperty(globalThis, key, { value: undefined, writable: false });
}

const ADDRESS_STATICS = ['createObjectURL', 'revokeObjectURL', 'canParse', 'parse', 'length', 'name', 'prototype'];

/** Leaves of Node's URL classes what the standard names: their symbols lead into Node. Returns what no name leads to. */
export function trimUrls(): unknown[] {
  Reflect.deleteProperty(URL, 'createObjectURL');
  Reflect.deleteProperty(URL, 'revokeObjectURL');
  const iterator = Reflect.getPrototypeOf(new URLSearchParams().entries()) ?? {};
  for (const target of [URL, URL.prototype, URLSearchParams, URLSearchParams.prototype, iterator]) {
    for (const key of Reflect.ownKeys(target)) {
      const standard = typeof key === 'string' || key === Symbol.iterator || key === Symbol.toStringTag;
      if (!standard || (target === URL && !ADDRESS_STATICS.includes(String(key)))) Reflect.deleteProperty(target, key);
    }
  }
  return [iterator];
}

/**
 * Piscina's loop looks Atomics up by name. Without shared memory, which no engine can get, these three can do nothing
 * but read and write an array that the caller has.
 */
export function createAtomicsForPiscina(): object {
  const { add, load, wait } = Atomics;
  return { add, load, wait };
}
