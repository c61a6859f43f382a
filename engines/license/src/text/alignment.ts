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
const MAX_TABLE = 200_000;

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
  const pairs: Pair[] = [];
  const reach = Math.ceil(first.textAt * 1.3) + 8;
  pairs.push(...compare(document, text, Math.max(0, first.at - reach), first.at, 0, first.textAt));
  for (const [index, anchor] of anchors.entries()) {
    pairs.push(anchor);
    const next = anchors[index + 1];
    const end = anchor.at + anchor.length;
    const textEnd = anchor.textAt + anchor.length;
    if (next !== undefined) pairs.push(...compare(document, text, end, next.at, textEnd, next.textAt));
    else {
      const rest = Math.ceil((text.length - textEnd) * 1.3) + 8;
      pairs.push(...compare(document, text, end, Math.min(document.length, end + rest), textEnd, text.length));
    }
  }
  return toAlignment(trimStray(pairs), text.length);
}

/**
 * Words at either end that match by chance, far from the rest, would draw foreign text into the match: they are let go.
 */
function trimStray(pairs: readonly Pair[]): Pair[] {
  const kept = [...pairs];
  const isStray = (outer: Pair | undefined, inner: Pair | undefined): boolean =>
    outer !== undefined && inner !== undefined && Math.abs(gap(outer, inner)) > 3 * outer.length;
  while (kept.length > 1 && (kept[0]?.length ?? 0) < 8 && isStray(kept[0], kept[1])) kept.shift();
  while (kept.length > 1 && (kept.at(-1)?.length ?? 0) < 8 && isStray(kept.at(-1), kept.at(-2))) kept.pop();
  return kept;
}

function gap(outer: Pair, inner: Pair): number {
  return outer.at < inner.at ? inner.at - outer.at - outer.length : outer.at - inner.at - inner.length;
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
): Pair[] {
  const rows = to - from;
  const columns = textTo - textFrom;
  if (rows <= 0 || columns <= 0 || rows * columns > MAX_TABLE) return [];
  const width = columns + 1;
  const table = new Uint16Array((rows + 1) * width);
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      const here = row * width + column;
      table[here] = isSame(document, from + row, text, textFrom + column)
        ? (table[here + width + 1] ?? 0) + 1
        : Math.max(table[here + width] ?? 0, table[here + 1] ?? 0);
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
