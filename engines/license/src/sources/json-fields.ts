import { parseStrictJson } from '@mex/envelope/json';

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Bounds for documents of strangers; `maxBytes` is checked by the caller as well, before reading. */
const BOUNDS = { maxBytes: 64 * 1024 * 1024, maxKeys: 4_000_000, maxDepth: 128, maxStringBytes: 4 * 1024 * 1024 };

/** An object from JSON text whose names a stranger chose; `undefined` when it is none. */
export function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = parseStrictJson(text, BOUNDS);
    return isFields(value) ? value : undefined;
  } catch {
    // Whatever is wrong with it, its text is not repeated: the caller names the file.
    return undefined;
  }
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
