/** How two versions of a file differ, in lines. */
export interface LineChanges {
  /** Lines taken out plus lines put in. */
  readonly changed: number;
  /** Of those, lines that have a partner on the other side which is equal after white space is normalised. */
  readonly formatting: number;
}

/** Beyond so many differences the whole of what differs is counted: looking closer would cost more than it is worth. */
const MAX_DISTANCE = 2_000;

/**
 * Counts changed lines of any bytes, text or not: what a planner calls binary is measured with the same yardstick. A
 * shortest edit script (Myers) between what is left when equal beginnings and ends are cut off.
 */
export function countLineChanges(before: Uint8Array | undefined, after: Uint8Array | undefined): LineChanges {
  const old = splitLines(before);
  const now = splitLines(after);
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let oldEnd = old.length;
  let newEnd = now.length;
  while (oldEnd > start && newEnd > start && old[oldEnd - 1] === now[newEnd - 1]) {
    oldEnd -= 1;
    newEnd -= 1;
  }
  const { removed, added } = diffShared(old.slice(start, oldEnd), now.slice(start, newEnd));
  return { changed: removed.length + added.length, formatting: countFormatting(removed, added) };
}

/** Bytes as they are: one character each, so that nothing is lost or thought equal. A line keeps its carriage return. */
function splitLines(bytes: Uint8Array | undefined): string[] {
  if (bytes === undefined || bytes.length === 0) return [];
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split('\n');
  // A text that ends with a line feed has no line behind it; one that does not is another text.
  if (lines.at(-1) === '') lines.pop();
  else lines.push(`${lines.pop() ?? ''}\0`);
  return lines;
}

interface Edits<Line = string> {
  readonly removed: readonly Line[];
  readonly added: readonly Line[];
}

/** Lines that the other side does not have are part of every edit script; the rest is compared as numbers. */
function diffShared(old: readonly string[], now: readonly string[]): Edits {
  const inOld = new Set(old);
  const inNew = new Set(now);
  const numbers = new Map<string, number>();
  const words: string[] = [];
  const numberOf = (line: string): number => {
    const known = numbers.get(line);
    if (known !== undefined) return known;
    numbers.set(line, words.length);
    return words.push(line) - 1;
  };
  const shared = diffLines(
    old.filter((line) => inNew.has(line)).map(numberOf),
    now.filter((line) => inOld.has(line)).map(numberOf),
  );
  const spell = (numbered: readonly number[]): string[] => numbered.map((number) => words[number] ?? '');
  return {
    removed: [...old.filter((line) => !inNew.has(line)), ...spell(shared.removed)],
    added: [...now.filter((line) => !inOld.has(line)), ...spell(shared.added)],
  };
}

/** Greedy shortest edit script. `trace` keeps the furthest points of each round, to walk back along. */
function diffLines(old: readonly number[], now: readonly number[]): Edits<number> {
  const total = old.length + now.length;
  if (old.length === 0 || now.length === 0) return { removed: old, added: now };
  const limit = Math.min(total, MAX_DISTANCE);
  const furthest = new Int32Array(2 * limit + 3);
  const trace: Int32Array[] = [];
  for (let distance = 0; distance <= limit; distance += 1) {
    trace.push(furthest.slice());
    for (let k = -distance; k <= distance; k += 2) {
      let x = isDown(furthest, limit, k, distance) ? at(furthest, limit + k + 2) : at(furthest, limit + k) + 1;
      let y = x - k;
      while (x < old.length && y < now.length && old[x] === now[y]) {
        x += 1;
        y += 1;
      }
      furthest[limit + k + 1] = x;
      if (x >= old.length && y >= now.length) return walkBack(trace, limit, old, now);
    }
  }
  return { removed: old, added: now };
}

function isDown(furthest: Int32Array, limit: number, k: number, distance: number): boolean {
  return k === -distance || (k !== distance && at(furthest, limit + k) < at(furthest, limit + k + 2));
}

function at(row: Int32Array, index: number): number {
  return row[index] ?? 0;
}

function walkBack(
  trace: readonly Int32Array[],
  limit: number,
  old: readonly number[],
  now: readonly number[],
): Edits<number> {
  const removed: number[] = [];
  const added: number[] = [];
  let x = old.length;
  let y = now.length;
  for (let distance = trace.length - 1; distance > 0; distance -= 1) {
    const row = trace[distance] ?? new Int32Array();
    const k = x - y;
    const down = isDown(row, limit, k, distance);
    const fromX = down ? at(row, limit + k + 2) : at(row, limit + k);
    const fromY = fromX - (down ? k + 1 : k - 1);
    if (down) added.push(now[fromY] ?? 0);
    else removed.push(old[fromX] ?? 0);
    x = fromX;
    y = fromY;
  }
  return { removed, added };
}

function countFormatting(removed: readonly string[], added: readonly string[]): number {
  const waiting = new Map<string, number>();
  for (const line of removed) {
    const key = normalize(line);
    waiting.set(key, (waiting.get(key) ?? 0) + 1);
  }
  const blank = waiting.get('') ?? 0;
  waiting.delete('');
  let formatting = blank;
  for (const line of added) {
    const key = normalize(line);
    const left = waiting.get(key) ?? 0;
    // A line of nothing but white space needs no partner to be formatting.
    if (key === '') formatting += 1;
    if (left === 0) continue;
    waiting.set(key, left - 1);
    formatting += 2;
  }
  return formatting;
}

function normalize(line: string): string {
  return line.replaceAll('\0', '').replace(/\s+/g, ' ').trim();
}
