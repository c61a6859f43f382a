import { isObject } from './object.ts';

const prototype = RegExp.prototype;

/**
 * Watches RegExp.prototype, which cannot be frozen without slowing every text operation (`harden.ts`): what a call
 * changed is put back before the next one.
 */
export interface RegExpGuard {
  /** Undoes changes. Returns false when they cannot be undone: the realm must not be used again. */
  readonly restore: () => boolean;
}

export function createRegExpGuard(): RegExpGuard {
  const keys = Reflect.ownKeys(prototype);
  const parent = Reflect.getPrototypeOf(prototype);
  const originals = keys.map((key) => Reflect.getOwnPropertyDescriptor(prototype, key) ?? {});

  const unchanged = (): boolean => {
    const now = Reflect.ownKeys(prototype);
    if (now.length !== keys.length || Reflect.getPrototypeOf(prototype) !== parent) return false;
    return keys.every((key, index) => {
      const found = Reflect.getOwnPropertyDescriptor(prototype, key);
      const original = originals[index];
      return found?.value === original?.value && found?.get === original?.get && found?.writable === original?.writable;
    });
  };

  return {
    restore() {
      if (unchanged()) return true;
      for (const key of Reflect.ownKeys(prototype)) {
        if (!keys.includes(key)) Reflect.deleteProperty(prototype, key);
      }
      keys.forEach((key, index) => Reflect.defineProperty(prototype, key, originals[index] ?? {}));
      Reflect.setPrototypeOf(prototype, parent);
      return unchanged();
    },
  };
}

/** The functions of RegExp.prototype, which freezing does not reach through it. */
export function regexpFunctions(): unknown[] {
  return Reflect.ownKeys(prototype).flatMap((key) => {
    const { value, get } = Reflect.getOwnPropertyDescriptor(prototype, key) ?? {};
    return [value, get].filter(isObject);
  });
}

/** Deletes `RegExp.$1` and its like: they show the last match of anyone, a call before or the host's side. */
export function deleteRegExpStatics(): void {
  const keep = new Set<PropertyKey>(['length', 'name', 'prototype', 'escape', Symbol.species]);
  for (const key of Reflect.ownKeys(RegExp)) if (!keep.has(key)) Reflect.deleteProperty(RegExp, key);
}
