/** A property as a class would define it: writable, configurable, not enumerable. */
export function hide(target: object, key: PropertyKey, value: unknown): void {
  Reflect.defineProperty(target, key, { value, writable: true, enumerable: false, configurable: true });
}

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** The method an intrinsic has before any engine code ran. @throws TypeError when this JavaScript has none. */
export function methodOf(target: object, key: PropertyKey): (...args: never[]) => unknown {
  const value: unknown = Reflect.get(target, key);
  if (typeof value !== 'function') throw new TypeError(`The realm needs ${String(key)}, which is not there.`);
  return value as (...args: never[]) => unknown;
}

/** The getter of an accessor property. @throws TypeError when there is none. */
export function getterOf(target: object, key: PropertyKey): () => unknown {
  const getter = Reflect.getOwnPropertyDescriptor(target, key)?.get;
  if (getter === undefined) throw new TypeError(`The realm needs the getter ${String(key)}, which is not there.`);
  return getter;
}

/**
 * Puts `wrapper` in the place of a constructor: same prototype object, same statics, and no way from an instance
 * back to the original.
 */
export function replaceConstructor(original: object, wrapper: object, skip: readonly PropertyKey[] = []): void {
  for (const key of Reflect.ownKeys(original)) {
    if (skip.includes(key)) continue;
    const descriptor = Reflect.getOwnPropertyDescriptor(original, key);
    if (descriptor !== undefined) Reflect.defineProperty(wrapper, key, descriptor);
  }
  Reflect.setPrototypeOf(wrapper, Reflect.getPrototypeOf(original));
  const prototype: unknown = Reflect.get(original, 'prototype');
  if (isObject(prototype)) hide(prototype, 'constructor', wrapper);
}
