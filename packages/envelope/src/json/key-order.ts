/** Why no object of this shape has a canonical form. */
export type KeyFault = 'forbidden' | 'lone surrogate';

/** The members of objects of one shape in canonical order, with the text that goes before each value. */
export interface KeyOrder {
  /** As `Object.keys` gave them. */
  readonly keys: readonly string[];
  /** By UTF-16 code units (RFC 8785 §3.2.3). */
  readonly sorted: readonly string[];
  /** `,"key":` for each of `sorted`; the first begins with `{` instead. */
  readonly before: readonly string[];
  /** The same with the opening quote of a string value. */
  readonly beforeString: readonly string[];
  readonly fault: KeyFault | undefined;
}

/*
 * Documents repeat a few shapes, so the order of a shape's keys is remembered. One slot holds one shape and is simply
 * overwritten: memory stays bounded, and hostile shapes can at worst cost the time the memory would have saved.
 */
const SLOTS = 256;
const MAX_KEPT_KEYS = 64;
const MAX_KEPT_CHARS = 2_048;
const kept: (KeyOrder | undefined)[] = Array.from({ length: SLOTS }, () => undefined);

/** The canonical order of an object's keys, which must not be changed afterwards. */
export function orderKeys(keys: readonly string[]): KeyOrder {
  const slot = slotOf(keys);
  const known = kept[slot];
  if (known !== undefined && isSame(known.keys, keys)) return known;
  let chars = 0;
  let fault: KeyFault | undefined;
  for (const key of keys) {
    chars += key.length;
    if (key === '__proto__') fault = 'forbidden';
    else if (!key.isWellFormed()) fault ??= 'lone surrogate';
  }
  const sorted = keys.toSorted();
  const before = sorted.map((key, index) => `${index === 0 ? '{' : ','}${JSON.stringify(key)}:`);
  const order = { keys, sorted, before, beforeString: before.map((text) => `${text}"`), fault };
  if (keys.length <= MAX_KEPT_KEYS && chars <= MAX_KEPT_CHARS) kept[slot] = order;
  return order;
}

function slotOf(keys: readonly string[]): number {
  const first = keys[0] ?? '';
  const last = keys[keys.length - 1] ?? '';
  const mix = keys.length * 31 + first.length * 7 + last.length * 13 + first.charCodeAt(0) + last.charCodeAt(0) * 3;
  return mix & (SLOTS - 1);
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
