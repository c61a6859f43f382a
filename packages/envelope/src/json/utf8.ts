const encoder = new TextEncoder();
const SCRATCH_BYTES = 16_384;
/** Reused by every call; each call finishes with it before it returns. */
const scratch = new Uint8Array(SCRATCH_BYTES);

/** The UTF-8 bytes of a text as `length` leading bytes of `bytes`. Valid until the next call of this module. */
export interface BorrowedBytes {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** Encodes without allocating for small texts. The result is for reading at once, never for keeping. */
export function borrowUtf8(text: string): BorrowedBytes {
  if (text.length * 3 <= SCRATCH_BYTES) return { bytes: scratch, length: encoder.encodeInto(text, scratch).written };
  const bytes = encoder.encode(text);
  return { bytes, length: bytes.length };
}

/**
 * Number of UTF-8 bytes of a text, in constant memory. A lone surrogate counts 3, as the U+FFFD it would be sent as.
 */
export function utf8Length(text: string): number {
  let total = 0;
  let rest = text;
  while (rest.length > 0) {
    const { read, written } = encoder.encodeInto(rest, scratch);
    total += written;
    rest = read === rest.length ? '' : rest.slice(read);
  }
  return total;
}

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of UTF-8 bytes, byte order mark kept; `undefined` when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The whole characters before the first that is no UTF-8, found by halving: a prefix is good until it reaches that one. */
export function decodeValidPrefix(bytes: Uint8Array): string {
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodePrefix(bytes, middle) === undefined) bad = middle;
    else good = middle;
  }
  return decodePrefix(bytes, good) ?? '';
}

/** A character cut short at the end is left out, hence `stream`. */
function decodePrefix(bytes: Uint8Array, length: number): string | undefined {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.decode(bytes.subarray(0, length), { stream: true });
  } catch {
    return undefined;
  }
}
