import { BOUNDS } from '../bounds.ts';

/** A value that JSON can carry: what the strict door hands out. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** An ordinary object with only own, enumerable, plain data members. */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** How much one text may hold. Bytes are UTF-8 bytes. */
export interface JsonBounds {
  /** The whole text. */
  readonly maxBytes: number;
  /** Nesting of arrays and objects: `[]` is 1, `[[]]` is 2. Never more than 512, whatever is asked for. */
  readonly maxDepth: number;
  /** Object members, all levels together. */
  readonly maxKeys: number;
  /** One string or key, after unescaping. */
  readonly maxStringBytes: number;
}

/** Reading and writing recurse once a level; this depth is far from the end of any stack. */
const HIGHEST_DEPTH = 512;

export function limitDepth(depth: number): number {
  return Math.min(depth, HIGHEST_DEPTH);
}

const DEFAULTS: JsonBounds = {
  maxBytes: BOUNDS.maxJsonBytes,
  maxDepth: BOUNDS.maxJsonDepth,
  maxKeys: BOUNDS.maxJsonKeys,
  maxStringBytes: BOUNDS.maxStringBytes,
};

export function completeBounds(bounds: Partial<JsonBounds> | undefined): JsonBounds {
  if (bounds === undefined) return DEFAULTS;
  const asked = { ...DEFAULTS, ...bounds };
  return { ...asked, maxDepth: limitDepth(asked.maxDepth) };
}
