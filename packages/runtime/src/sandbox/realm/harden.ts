import { isObject } from './object.ts';

/**
 * Objects that stay as they are. V8 runs `replace`, `split` and `match` ten to twenty times slower when the map of
 * RegExp.prototype ever changes, so that one is watched instead (`regexp-guard.ts`); Error keeps one writable property.
 */
const exempt = new Set<object>([RegExp.prototype, Error]);

/** Freezes everything that can be reached from `roots`: own properties, accessors and prototypes. */
export function harden(roots: readonly unknown[]): void {
  const seen = new Set<object>();
  const waiting: object[] = [];
  const visit = (value: unknown): void => {
    if (!isObject(value) || seen.has(value)) return;
    seen.add(value);
    waiting.push(value);
  };
  for (const root of roots) visit(root);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    visit(Reflect.getPrototypeOf(next));
    for (const key of Reflect.ownKeys(next)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(next, key);
      if (descriptor === undefined) continue;
      visit(descriptor.value);
      visit(descriptor.get);
      visit(descriptor.set);
    }
    if (next !== globalThis && !exempt.has(next) && !ArrayBuffer.isView(next)) Object.freeze(next);
  }
}

/** Freezes Error but for `stackTraceLimit`, which libraries set and V8 reads only from a data property. */
export function hardenError(): void {
  for (const key of Reflect.ownKeys(Error)) {
    if (key !== 'stackTraceLimit') Reflect.defineProperty(Error, key, { writable: false, configurable: false });
  }
  Reflect.defineProperty(Error, 'stackTraceLimit', { configurable: false });
  Object.preventExtensions(Error);
}
