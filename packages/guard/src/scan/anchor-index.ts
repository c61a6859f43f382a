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
/** What much text looks like: triples that occur here are avoided. */
const USUAL_TEXT =
  'actor agent engine event supply chain system timestamp type name version status state outcome result reference content object string number boolean function return const import export interface extends throws error message source start end length index value count context config default options process require resource request response session span trace service server client application company information description registry license package integrity directory string_list capability operation provenance determinism budget evidence policy decision component position comment document element attribute http https www com org html json true false null undefined test case describe expect key keys mode code work word page charge flash on_ _id _ref access workspace command stdout stderr transport resources touched idempotency git pass fail model session activity span exit duration severity diagnostic decision automation level rationale confidence snapshot rollback shadow gate outcome wsids mcp';
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
    if (USUAL_TEXT.includes(word.slice(at, at + 3).toLowerCase())) cost += 1000;
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

/** The parts of the index, as one anchor after the other is entered. */
interface Sorted<T> extends Entry<T> {
  readonly shown: string;
}

function entryOf<T>({ word, exact, payload }: Anchor<T>): Sorted<T> {
  const written = exact ? word : word.toLowerCase();
  const triple = rarestTriple(written);
  const codes = Uint8Array.from(Array.from(written, (char) => char.charCodeAt(0)));
  return { codes, exact, triple, payload, shown: written.slice(triple, triple + 3) };
}

/** Read-only once built; the buffer is scratch for one call of {@link AnchorIndex.find}, which calls nobody else. */
export class AnchorIndex<T> {
  /** By pair. Low half: groups and alignments whose triple may begin in it. High half: those whose triple may end in it. */
  readonly #pairs = new Int32Array(32_768);
  readonly #bytes = new Uint8Array(CHUNK + 8);
  readonly #quads = new Int32Array(this.#bytes.buffer);
  readonly #places = new Int32Array(CHUNK + 2);
  /** By hash of a triple: which of the lists holds its words; 0 for none. */
  readonly #known = new Uint16Array(32_768);
  readonly #lists: Entry<T>[][] = [[]];

  constructor(anchors: readonly Anchor<T>[]) {
    // Alike triples share a group, so that a group admits few pairs.
    const entries = anchors.map(entryOf).sort((a, b) => (a.shown < b.shown ? -1 : 1));
    for (const [at, entry] of entries.entries()) this.#add(entry, Math.floor((at * GROUPS) / entries.length));
  }

  #add(entry: Entry<T>, group: number): void {
    const [x = 0, y = 0, z = 0] = entry.codes.subarray(entry.triple, entry.triple + 3);
    const hash = hashTriple(x, y, z);
    const list = this.#known[hash] ?? 0;
    if (list === 0) this.#known[hash] = this.#lists.push([entry]) - 1;
    else this.#lists[list]?.push(entry);
    const [first, second, third] = [casesOf(x, entry.exact), casesOf(y, entry.exact), casesOf(z, entry.exact)];
    const even = 1 << group;
    const odd = even << GROUPS;
    mark(this.#pairs, first, second, even);
    mark(this.#pairs, third, neighbour(entry, 3), even << 16);
    mark(this.#pairs, neighbour(entry, -1), first, odd);
    mark(this.#pairs, second, third, odd << 16);
  }

  /** Every occurrence, roughly in text order; `undefined` when there is none, which is the common case. */
  find(text: string): AnchorHit<T>[] | undefined {
    let hits: AnchorHit<T>[] | undefined;
    // Chunks overlap by two characters: every triple lies whole in one, and in one only.
    for (let base = 0; base < text.length; base += CHUNK - 2) {
      const length = Math.min(CHUNK, text.length - base);
      if (length < 3) break;
      this.#load(text, base, length);
      hits = this.#findInChunk(text, base, length, hits);
    }
    return hits;
  }

  /** First pass: notes the pairs that may hold a triple. Second pass: looks closer at those few. */
  #findInChunk(
    text: string,
    base: number,
    length: number,
    before: AnchorHit<T>[] | undefined,
  ): AnchorHit<T>[] | undefined {
    const pairs = this.#pairs;
    const quads = this.#quads;
    const places = this.#places;
    const count = (length + 3) >> 2;
    let found = 0;
    let carry = 0;
    for (let at = 0; at < count; at++) {
      const quad = (quads[at] ?? 0) & 0x7f7f7f7f;
      const left = pairs[LITTLE_ENDIAN ? quad & 0xffff : quad >>> 16] ?? 0;
      const right = pairs[LITTLE_ENDIAN ? quad >>> 16 : quad & 0xffff] ?? 0;
      const across = carry & (left >>> 16);
      const within = left & 0xffff & (right >>> 16);
      if ((across | within) !== 0) {
        if (across !== 0) places[found++] = 4 * at - 2;
        if (within !== 0) places[found++] = 4 * at;
      }
      carry = right & 0xffff;
    }
    let hits = before;
    const bytes = this.#bytes;
    const known = this.#known;
    for (let i = 0; i < found; i++) {
      const at = places[i] ?? 0;
      const inner = ((CLASS[(bytes[at + 1] ?? 0) & 127] ?? 0) << 5) | (CLASS[(bytes[at + 2] ?? 0) & 127] ?? 0);
      const even = ((CLASS[(bytes[at] ?? 0) & 127] ?? 0) << 10) | inner;
      const odd = (inner << 5) | (CLASS[(bytes[at + 3] ?? 0) & 127] ?? 0);
      const first = known[even] ?? 0;
      const second = known[odd] ?? 0;
      if (first !== 0) hits = this.#confirm(text, base, at, first, hits);
      if (second !== 0) hits = this.#confirm(text, base, at + 1, second, hits);
    }
    return hits;
  }

  /** Puts code units into bytes, one each; what is not ASCII becomes a byte that no anchor holds. */
  #load(text: string, base: number, length: number): void {
    const bytes = this.#bytes;
    if (encoder !== undefined) {
      const part = length === text.length ? text : text.slice(base, base + length);
      const { read, written } = encoder.encodeInto(part, bytes);
      if (read === length && written === length) {
        bytes.fill(0, length, length + 4);
        return;
      }
    }
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(base + i);
      bytes[i] = code < 128 ? code : 0;
    }
    bytes.fill(0, length, length + 4);
  }

  /** Compares the words of one triple. */
  #confirm(
    text: string,
    base: number,
    at: number,
    list: number,
    before: AnchorHit<T>[] | undefined,
  ): AnchorHit<T>[] | undefined {
    const entries = this.#lists[list];
    let hits = before;
    if (entries === undefined) return hits;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      if (entry === undefined) continue;
      const start = base + at - entry.triple;
      if (!matchesAt(text, start, entry)) continue;
      hits ??= [];
      hits.push({ start, end: start + entry.codes.length, payload: entry.payload });
    }
    return hits;
  }
}

/** What may stand next to the triple: a character of the word, or anything at the word's edge. */
function neighbour({ codes, exact, triple }: Entry<unknown>, offset: number): readonly number[] {
  const code = codes[triple + offset];
  return code === undefined ? everyCode : casesOf(code, exact);
}

function mark(table: Int32Array, first: readonly number[], second: readonly number[], bit: number): void {
  for (const a of first) {
    for (const b of second) {
      const pair = LITTLE_ENDIAN ? a | (b << 8) : b | (a << 8);
      table[pair] = (table[pair] ?? 0) | bit;
    }
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
