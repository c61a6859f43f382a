/**
 * Finds every place where one of several hundred anchor words occurs, at a fraction of a nanosecond per character and word.
 *
 * Each word is represented by its rarest three neighbouring characters. The text is read as bytes in aligned pairs;
 * one table lookup per pair tells which groups of triples may start or end there. Only where the two halves agree is
 * the triple hashed, and only where the hash is known is the word compared. Nothing backtracks: work is linear in the text.
 */

/** A word to find, at least three ASCII characters. */
export interface Anchor<T> {
  readonly word: string;
  /** Letters match only in the case they are written in. */
  readonly exact: boolean;
  readonly payload: T;
}

/** One occurrence of an anchor word. */
export interface AnchorHit<T> {
  readonly start: number;
  readonly end: number;
  readonly payload: T;
}

interface Entry<T> {
  readonly codes: Uint8Array;
  readonly exact: boolean;
  readonly triple: number;
  readonly payload: T;
}

const CHUNK = 16_384;
const GROUPS = 8;
/** Commonest first: a triple of late or absent characters is rare in text, hashes and identifiers. */
const COMMON = 'eaintocdbf0123456789rsl-"_mup./hgy:vwkxzqj';

/** Both cases of a letter and nothing else are equal after folding. */
function foldCode(code: number): number {
  return code >= 65 && code <= 90 ? code | 32 : code;
}

/** Five bits per character: letters, digits as one, joiners as one, some punctuation. */
function classOf(code: number): number {
  const folded = foldCode(code);
  if (folded >= 97 && folded <= 122) return folded - 97;
  if (code >= 48 && code <= 57) return 26;
  return 27 + ((code * 7) % 5);
}

const CLASS = Uint8Array.from({ length: 128 }, (_, code) => classOf(code));

function hashTriple(x: number, y: number, z: number): number {
  return ((CLASS[x & 127] ?? 0) << 10) | ((CLASS[y & 127] ?? 0) << 5) | (CLASS[z & 127] ?? 0);
}

function rarestTriple(word: string): number {
  let best = 0;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let at = 0; at + 3 <= word.length; at++) {
    let cost = 0;
    for (const char of word.slice(at, at + 3)) {
      const rank = COMMON.indexOf(char.toLowerCase());
      cost += rank < 0 ? 1 : COMMON.length - rank;
    }
    if (cost < bestCost) [best, bestCost] = [at, cost];
  }
  return best;
}

function casesOf(code: number, exact: boolean): number[] {
  return !exact && code >= 97 && code <= 122 ? [code, code - 32] : [code];
}

/** Pairs are read as 16-bit words, whose first byte is the low one only on little-endian machines. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const everyCode = Array.from({ length: 128 }, (_, code) => code);
/** Absent in some sandboxes; reading code units one by one is the slower way round. */
const encoder = typeof TextEncoder === 'undefined' ? undefined : new TextEncoder();

export class AnchorIndex<T> {
  /** Low half: groups whose triple may begin in this pair. High half: groups whose triple may end in it. */
  readonly #pairs = new Uint32Array(32_768);
  readonly #bytes = new Uint8Array(CHUNK + 4);
  readonly #words: Uint16Array;
  readonly #byHash: (Entry<T>[] | undefined)[] = new Array(32_768).fill(undefined);

  constructor(anchors: readonly Anchor<T>[]) {
    this.#words = new Uint16Array(this.#bytes.buffer);
    let group = 0;
    for (const anchor of anchors) this.#add(anchor, group++ % GROUPS);
  }

  #add(anchor: Anchor<T>, group: number): void {
    const { exact } = anchor;
    const word = exact ? anchor.word : anchor.word.toLowerCase();
    const codes = Uint8Array.from(word, (char) => char.charCodeAt(0));
    const triple = rarestTriple(word);
    const [x = 0, y = 0, z = 0] = codes.subarray(triple, triple + 3);
    const hash = hashTriple(x, y, z);
    const list = this.#byHash[hash] ?? [];
    list.push({ codes, exact, triple, payload: anchor.payload });
    this.#byHash[hash] = list;
    const even = 1 << group;
    const odd = even << GROUPS;
    this.#mark(casesOf(x, exact), casesOf(y, exact), even);
    this.#mark(casesOf(z, exact), everyCode, even << 16);
    this.#mark(everyCode, casesOf(x, exact), odd);
    this.#mark(casesOf(y, exact), casesOf(z, exact), odd << 16);
  }

  #mark(first: readonly number[], second: readonly number[], bits: number): void {
    for (const a of first) {
      for (const b of second) {
        const pair = LITTLE_ENDIAN ? a | (b << 8) : b | (a << 8);
        this.#pairs[pair] = (this.#pairs[pair] ?? 0) | bits;
      }
    }
  }

  /** Every occurrence, roughly in text order; `undefined` when there is none, which is the common case. */
  find(text: string): AnchorHit<T>[] | undefined {
    let hits: AnchorHit<T>[] | undefined;
    let carry = 0;
    for (let base = 0; base < text.length; base += CHUNK) {
      const length = Math.min(CHUNK, text.length - base);
      this.#load(text, base, length);
      const pairs = this.#pairs;
      const words = this.#words;
      const count = (length + 1) >> 1;
      for (let at = 0; at < count; at++) {
        const value = pairs[(words[at] ?? 0) & 0x7f7f] ?? 0;
        const both = carry & (value >>> 16);
        if (both !== 0) hits = this.#confirm(text, base + 2 * at - 2, both, hits);
        carry = value & 0xffff;
      }
    }
    return hits;
  }

  /** Puts code units into bytes, one each; what is not ASCII becomes a byte that no anchor holds. */
  #load(text: string, base: number, length: number): void {
    const bytes = this.#bytes;
    bytes[length] = 0;
    if (encoder !== undefined) {
      const part = length === text.length ? text : text.slice(base, base + length);
      const { read, written } = encoder.encodeInto(part, bytes);
      bytes[length] = 0;
      if (read === length && written === length) return;
    }
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(base + i);
      bytes[i] = code < 128 ? code : 0;
    }
  }

  #confirm(text: string, at: number, groups: number, hits: AnchorHit<T>[] | undefined): AnchorHit<T>[] | undefined {
    let found = hits;
    for (const shift of [0, 1]) {
      if ((groups & (0xff << (shift * GROUPS))) === 0) continue;
      const from = at + shift;
      if (from < 0 || from + 2 >= text.length) continue;
      const list =
        this.#byHash[hashTriple(text.charCodeAt(from), text.charCodeAt(from + 1), text.charCodeAt(from + 2))];
      if (list === undefined) continue;
      for (const entry of list) {
        const start = from - entry.triple;
        if (!matchesAt(text, start, entry)) continue;
        found ??= [];
        found.push({ start, end: start + entry.codes.length, payload: entry.payload });
      }
    }
    return found;
  }
}

function matchesAt(text: string, start: number, { codes, exact }: Pick<Entry<unknown>, 'codes' | 'exact'>): boolean {
  if (start < 0 || start + codes.length > text.length) return false;
  for (let i = 0; i < codes.length; i++) {
    const code = text.charCodeAt(start + i);
    if ((exact ? code : foldCode(code)) !== codes[i]) return false;
  }
  return true;
}
