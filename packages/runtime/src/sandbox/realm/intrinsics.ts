import { isObject } from './object.ts';

const arrayIterator: object = Reflect.getPrototypeOf([].values()) ?? {};
const iteratorPrototype: object = Reflect.getPrototypeOf(arrayIterator) ?? {};

/** Intrinsics that no global name leads to. */
export function findHiddenIntrinsics(): unknown[] {
  const segments = new Intl.Segmenter('en').segment('a');
  return [
    function* () {},
    async () => {},
    async function* () {},
    [][Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    ''[Symbol.iterator](),
    'a'.matchAll(/a/g),
    mapIterator([].values()),
    wrapIterator({ next: () => ({ done: true, value: 0 }) }),
    segments,
    segments[Symbol.iterator](),
    ...accessorsOf(new Error('x'), 'stack'),
    ...accessorsOf(strictArguments(), 'callee'),
    Proxy.revocable({}, {}).revoke,
  ];
}

/** An iterator helper, whose prototype has no other way to it. */
function mapIterator(iterator: object): unknown {
  const map: unknown = Reflect.get(iterator, 'map');
  return typeof map === 'function' ? Reflect.apply(map, iterator, [(): number => 0]) : undefined;
}

/** What `Iterator.from` makes of an iterator that inherits from nothing. */
function wrapIterator(iterator: object): unknown {
  const constructor: unknown = Reflect.get(iteratorPrototype, 'constructor');
  const from: unknown = typeof constructor === 'function' ? Reflect.get(constructor, 'from') : undefined;
  return typeof from === 'function' ? Reflect.apply(from, constructor, [iterator]) : undefined;
}

function accessorsOf(target: object, key: string): unknown[] {
  const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
  return [descriptor?.get, descriptor?.set];
}

function strictArguments(): object {
  // biome-ignore lint: only an arguments object leads to the function that throws on `callee`
  return (function (): object {
    return arguments;
  })();
}

/**
 * Assigning to an object that inherits a read-only property throws, so a frozen prototype would break `error.name = …`
 * and `object.toString = …`. These properties become accessors whose setter defines the property on the object itself.
 * Only names that libraries assign: an accessor costs a little on every use, and some names would switch off fast paths of V8.
 */
const ARRAY_NAMES = [
  'toString',
  'toLocaleString',
  'concat',
  'join',
  'at',
  'keys',
  'values',
  'entries',
  'find',
  'includes',
];
const DATE_NAMES = ['constructor', 'toString', 'toJSON', 'toISOString', 'valueOf', 'toLocaleString'];

export function repairOverrides(): void {
  allowOverride(Object.prototype, Reflect.ownKeys(Object.prototype));
  allowOverride(Function.prototype, ['constructor', 'toString', 'bind']);
  allowOverride(Array.prototype, ARRAY_NAMES);
  allowOverride(Date.prototype, DATE_NAMES);
  for (const prototype of [Promise.prototype, Map.prototype, Set.prototype]) {
    allowOverride(prototype, [
      'toString',
      'toJSON',
      'catch',
      'finally',
      'clear',
      'has',
      'get',
      'add',
      'delete',
      'forEach',
    ]);
  }
  const errors = [Error, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
  for (const error of errors) allowOverride(error.prototype, ['constructor', 'message', 'name', 'toString']);
  allowOverride(iteratorPrototype, [
    'toString',
    'map',
    'filter',
    'take',
    'find',
    'forEach',
    'toArray',
    'some',
    'every',
  ]);
}

function allowOverride(target: object, keys: readonly PropertyKey[]): void {
  for (const key of keys) {
    const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
    if (descriptor === undefined || !('value' in descriptor) || !descriptor.configurable) continue;
    const { value } = descriptor;
    Reflect.defineProperty(target, key, {
      get: () => value,
      set(this: unknown, replacement: unknown) {
        const own = { value: replacement, writable: true, enumerable: true, configurable: true };
        if (this === target || !isObject(this) || !Reflect.defineProperty(this, key, own))
          throw new TypeError(`Cannot assign to read only property '${String(key)}'`);
      },
      enumerable: descriptor.enumerable === true,
      configurable: false,
    });
  }
}
