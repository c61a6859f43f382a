import type { Hit } from './passages.ts';

/** A stretch where document and license text differ: `[from, to)` in the document against `[textFrom, textTo)`. */
export interface Difference {
  readonly from: number;
  readonly to: number;
  readonly textFrom: number;
  readonly textTo: number;
}

/** Where a license text stands in a document, word by word. */
export interface Alignment {
  /** The part of the document, `[from, to)`. */
  readonly from: number;
  readonly to: number;
  /** Words of the text found there, in order. */
  readonly matched: number;
  readonly differences: readonly Difference[];
}

/** Largest gap that is compared word by word, as the product of both lengths; larger ones count as different. */
const MAX_GAP = 16_000;
/** The same at either end, where titles and instructions stand that many documents leave out. */
const MAX_END = 60_000;

/** Share of a text that must stand in the document in longer runs; with less it is not worth comparing the rest. */
const MIN_ANCHORED = 0.35;

interface Pair {
  at: number;
  textAt: number;
  length: number;
}

/**
 * Aligns a license text with the part of a document that the hits point to. Linear in the lengths, apart from gaps, each
 * of which is bounded.
 */
export function align(document: Int32Array, text: Int32Array, hits: readonly Hit[]): Alignment | undefined {
  const anchors = extend(document, text, longestChain(hits));
  const first = anchors[0];
  const last = anchors.at(-1);
  if (first === undefined || last === undefined) return undefined;
  if (anchors.reduce((sum, { length }) => sum + length, 0) < text.length * MIN_ANCHORED) return undefined;
  const reach = Math.ceil(first.textAt * 1.3) + 8;
  const head = compare(document, text, Math.max(0, first.at - reach), first.at, 0, first.textAt, MAX_END);
  const pairs = denseHead(head, first.at);
  for (const [index, anchor] of anchors.entries()) {
    const next = anchors[index + 1];
    pairs.push(anchor);
    if (next === undefined) break;
    const { at, textAt, length } = anchor;
    pairs.push(...compare(document, text, at + length, next.at, textAt + length, next.textAt, MAX_GAP));
  }
  const end = last.at + last.length;
  const textEnd = last.textAt + last.length;
  const rest = Math.min(document.length, end + Math.ceil((text.length - textEnd) * 1.3) + 8);
  pairs.push(...denseTail(compare(document, text, end, rest, textEnd, text.length, MAX_END), end));
  return toAlignment(pairs, text.length);
}

/**
 * Of words that match before the first long run, those as far out as at least half of the stretch matches: farther out,
 * common words match by chance and would draw foreign text in.
 */
function denseHead(pairs: readonly Pair[], start: number): Pair[] {
  let kept = pairs.length;
  let matched = 0;
  for (let index = pairs.length - 1; index >= 0; index--) {
    const pair = pairs[index];
    if (pair === undefined) break;
    matched += pair.length;
    if (matched * 2 >= start - pair.at) kept = index;
  }
  return pairs.slice(kept);
}

function denseTail(pairs: readonly Pair[], end: number): Pair[] {
  let kept = 0;
  let matched = 0;
  for (const [index, { at, length }] of pairs.entries()) {
    matched += length;
    if (matched * 2 >= at + length - end) kept = index + 1;
  }
  return pairs.slice(0, kept);
}

function toAlignment(pairs: readonly Pair[], length: number): Alignment | undefined {
  const first = pairs[0];
  const last = pairs.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const differences: Difference[] = [];
  let at = first.at;
  let textAt = 0;
  let matched = 0;
  for (const pair of pairs) {
    if (pair.at > at || pair.textAt > textAt)
      differences.push({ from: at, to: pair.at, textFrom: textAt, textTo: pair.textAt });
    matched += pair.length;
    at = pair.at + pair.length;
    textAt = pair.textAt + pair.length;
  }
  if (textAt < length) differences.push({ from: at, to: at, textFrom: textAt, textTo: length });
  return { from: first.at, to: at, matched, differences };
}

/** The longest part of the hits that rises in both, in time n log n. */
function longestChain(hits: readonly Hit[]): Hit[] {
  const sorted = [...hits].sort((a, b) => a.at - b.at || b.textAt - a.textAt);
  const tails: number[] = [];
  const before = new Int32Array(sorted.length).fill(-1);
  for (const [index, { textAt }] of sorted.entries()) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[tails[middle] ?? 0]?.textAt ?? 0) < textAt) low = middle + 1;
      else high = middle;
    }
    before[index] = tails[low - 1] ?? -1;
    tails[low] = index;
  }
  const chain: Hit[] = [];
  for (let index = tails.at(-1) ?? -1; index >= 0; index = before[index] ?? -1) {
    const hit = sorted[index];
    if (hit !== undefined) chain.push(hit);
  }
  return chain.reverse();
}

/** Grows each hit to both sides as far as the words are equal and no other anchor is in the way. */
function extend(document: Int32Array, text: Int32Array, chain: readonly Hit[]): Pair[] {
  const anchors: Pair[] = [];
  for (const hit of chain) {
    const previous = anchors.at(-1);
    const floor = previous === undefined ? 0 : previous.at + previous.length;
    const textFloor = previous === undefined ? 0 : previous.textAt + previous.length;
    if (hit.at < floor || hit.textAt < textFloor) continue;
    let { at, textAt } = hit;
    while (at > floor && textAt > textFloor && isSame(document, at - 1, text, textAt - 1)) {
      at--;
      textAt--;
    }
    let length = hit.at - at;
    while (at + length < document.length && isSame(document, at + length, text, textAt + length)) length++;
    if (length > 0) anchors.push({ at, textAt, length });
  }
  return anchors;
}

function isSame(document: Int32Array, at: number, text: Int32Array, textAt: number): boolean {
  return textAt < text.length && document[at] !== 0 && document[at] === text[textAt];
}

/** Longest common subsequence of two short stretches. */
function compare(
  document: Int32Array,
  text: Int32Array,
  from: number,
  to: number,
  textFrom: number,
  textTo: number,
  bound: number,
): Pair[] {
  const rows = to - from;
  const columns = textTo - textFrom;
  if (rows <= 0 || columns <= 0 || rows * columns > bound) return [];
  const width = columns + 1;
  const table = new Uint16Array((rows + 1) * width);
  for (let row = rows - 1; row >= 0; row--) {
    const word = document[from + row] ?? 0;
    for (let column = columns - 1; column >= 0; column--) {
      const here = row * width + column;
      const isEqual = word !== 0 && word === text[textFrom + column];
      const below = table[here + width] ?? 0;
      const right = table[here + 1] ?? 0;
      table[here] = isEqual ? (table[here + width + 1] ?? 0) + 1 : below > right ? below : right;
    }
  }
  const pairs: Pair[] = [];
  for (let row = 0, column = 0; row < rows && column < columns; ) {
    const here = row * width + column;
    if (isSame(document, from + row, text, textFrom + column)) {
      const last = pairs.at(-1);
      if (last !== undefined && last.at + last.length === from + row && last.textAt + last.length === textFrom + column)
        last.length++;
      else pairs.push({ at: from + row, textAt: textFrom + column, length: 1 });
      row++;
      column++;
    } else if ((table[here + width] ?? 0) >= (table[here + 1] ?? 0)) row++;
    else column++;
  }
  return pairs;
}
