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

/** Index of the first byte that is no UTF-8, found by halving: a prefix is bad exactly when it reaches that byte. */
export function findInvalidUtf8(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (good < bad) {
    const middle = (good + bad + 1) >> 1;
    if (isValidPrefix(bytes.subarray(0, middle))) good = middle;
    else bad = middle - 1;
  }
  return good;
}

/** A sequence cut short at the end is still a valid prefix, hence `stream`. */
function isValidPrefix(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
