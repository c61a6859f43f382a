/** Code points a pattern's atom can match: ranges, ascending, neither touching nor overlapping. */
export type CharSet = readonly (readonly [low: number, high: number])[];

const LAST = 0x10ffff;

/** Every code point. Also stands for a set that is not worth spelling out: for overlap, larger is safe. */
export const ANY: CharSet = [[0, LAST]];
const DIGIT: CharSet = [[0x30, 0x39]];
const WORD: CharSet = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
/** White space and line ends of ECMAScript. */
const SPACE: CharSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const LINE_END: CharSet = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];

/** The sets that a letter after a backslash names, and `.`. */
export const NAMED_SETS: ReadonlyMap<string, CharSet> = new Map([
  ['.', complement(LINE_END)],
  ['d', DIGIT],
  ['D', complement(DIGIT)],
  ['w', WORD],
  ['W', complement(WORD)],
  ['s', SPACE],
  ['S', complement(SPACE)],
]);

/** Whatever is in one of the sets. */
export function union(sets: readonly CharSet[]): CharSet {
  const merged: [number, number][] = [];
  for (const [low, high] of sets.flat().toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last === undefined || low > last[1] + 1) merged.push([low, high]);
    else last[1] = Math.max(last[1], high);
  }
  return merged;
}

/** Whatever is not in the set. */
export function complement(set: CharSet): CharSet {
  const gaps: [number, number][] = [];
  let next = 0;
  for (const [low, high] of set) {
    if (low > next) gaps.push([next, low - 1]);
    next = high + 1;
  }
  if (next <= LAST) gaps.push([next, LAST]);
  return gaps;
}

/** Whether some code point is in two of the sets. */
export function doOverlap(sets: readonly CharSet[]): boolean {
  let end = -1;
  for (const [low, high] of sets.flat().toSorted((a, b) => a[0] - b[0])) {
    if (low <= end) return true;
    end = Math.max(end, high);
  }
  return false;
}
