/** A stretch of bytes, each with the place in the source that it was read from. */
export interface Tape {
  readonly bytes: Uint8Array;
  /** How many of them count. */
  readonly length: number;
  /** First source byte of each, counted from the block's first; without it byte `i` is byte `i` of the block. */
  readonly from?: Int32Array;
  /** How many source bytes each was read from. */
  readonly span?: Uint8Array;
}

/** Most bytes of a block, which is what is read in one go. */
export const BLOCK = 16_384;
/** No escape has more source bytes; so many may be held back from one block to the next, by each of two decoders. */
export const LONGEST_ESCAPE = 16;
/** Room for one tape. */
export const ROOM = BLOCK + 4 * LONGEST_ESCAPE;

/** Letters in one case and digits as 1 to 36; everything else as 0, which is left out. */
export const SYMBOL_OF = new Uint8Array(256);
for (let i = 0; i < 10; i++) SYMBOL_OF[48 + i] = 1 + i;
for (let i = 0; i < 26; i++) {
  SYMBOL_OF[65 + i] = 11 + i;
  SYMBOL_OF[97 + i] = 11 + i;
}

/** What is left of bytes when only letters, in one case, and digits count. */
export function squeeze(bytes: ArrayLike<number>): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const symbol = SYMBOL_OF[bytes[at] ?? 0] ?? 0;
    if (symbol !== 0) out.push(symbol);
  }
  return Uint8Array.from(out);
}
