/** Something to look for, in the codes of one tape. */
export interface Pattern<T> {
  readonly codes: Uint8Array;
  readonly payload: T;
}

const TABLE = 65_536;

function hashOf(codes: Uint8Array, last: number): number {
  const mixed =
    (codes[last] ?? 0) ^ ((codes[last - 1] ?? 0) << 4) ^ ((codes[last - 2] ?? 0) << 8) ^ ((codes[last - 3] ?? 0) << 11);
  return mixed & (TABLE - 1);
}

/**
 * Finds many patterns at once (Wu and Manber's method): four codes at the end of a window tell how far it may move. Text that
 * shares nothing with the patterns is mostly skipped. A place costs at most one comparison with each pattern that shares
 * its four codes, so work is linear in the text for patterns of bounded length.
 */
export class PatternSet<T> {
  /** Codes of the longest pattern; 0 without patterns. */
  readonly longest: number;
  readonly #window: number;
  readonly #shift = new Uint8Array(TABLE);
  readonly #heads = new Uint16Array(TABLE);
  readonly #lists: Pattern<T>[][] = [[]];

  /** @param patterns each of 4 to 255 codes */
  constructor(patterns: readonly Pattern<T>[]) {
    this.longest = patterns.reduce((most, { codes }) => Math.max(most, codes.length), 0);
    this.#window = patterns.reduce((least, { codes }) => Math.min(least, codes.length), 255);
    this.#shift.fill(Math.max(1, this.#window - 3));
    for (const pattern of patterns) this.#add(pattern);
  }

  #add(pattern: Pattern<T>): void {
    const lastOfWindow = this.#window - 1;
    for (let last = 3; last <= lastOfWindow; last++) {
      const hash = hashOf(pattern.codes, last);
      this.#shift[hash] = Math.min(this.#shift[hash] ?? 0, lastOfWindow - last);
    }
    const hash = hashOf(pattern.codes, lastOfWindow);
    const list = this.#heads[hash] ?? 0;
    if (list === 0) this.#heads[hash] = this.#lists.push([pattern]) - 1;
    else this.#lists[list]?.push(pattern);
  }

  /** Reports every pattern that lies in `codes[0…end)` and ends after `seen`. */
  search(codes: Uint8Array, end: number, seen: number, report: (payload: T, at: number, length: number) => void): void {
    if (this.longest === 0) return;
    const shift = this.#shift;
    const window = this.#window;
    let last = window - 1;
    while (last < end) {
      const hash =
        ((codes[last] ?? 0) ^
          ((codes[last - 1] ?? 0) << 4) ^
          ((codes[last - 2] ?? 0) << 8) ^
          ((codes[last - 3] ?? 0) << 11)) &
        (TABLE - 1);
      const step = shift[hash] ?? 1;
      if (step !== 0) {
        last += step;
        continue;
      }
      const at = last - window + 1;
      for (const { codes: sought, payload } of this.#lists[this.#heads[hash] ?? 0] ?? []) {
        const stop = at + sought.length;
        if (stop > end || stop <= seen || !equalsAt(codes, at, sought)) continue;
        report(payload, at, sought.length);
      }
      last++;
    }
  }
}

function equalsAt(codes: Uint8Array, at: number, sought: Uint8Array): boolean {
  for (let i = 0; i < sought.length; i++) if (codes[at + i] !== sought[i]) return false;
  return true;
}
