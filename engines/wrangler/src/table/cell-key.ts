import { type Cell, isList, textOfCell, textOfNumber } from './cell.ts';

/** A text that is the same for equal cells, and another for all others. Members of objects have no order. */
export function keyOfCell(cell: Cell): string {
  if (typeof cell === 'string') return `s${cell}`;
  if (typeof cell === 'number') return `n${textOfNumber(cell)}`;
  if (typeof cell === 'bigint') return `n${cell}`;
  if (cell === undefined || cell === null || typeof cell === 'boolean') return `_${String(cell)}`;
  if (isList(cell)) return `[${cell.map(measured).join('')}]`;
  const names = Object.keys(cell).sort();
  return `{${names.map((name) => measured(name) + measured(cell[name])).join('')}}`;
}

function measured(cell: Cell): string {
  const key = keyOfCell(cell);
  return `${key.length}:${key}`;
}

/** The same for texts that a person would call equal: width, case and white space aside; `1` and `"1"` are the same. */
export function looseKeyOfCell(cell: Cell): string {
  if (cell === undefined || cell === null) return '_null';
  const text = typeof cell === 'object' ? keyOfCell(cell) : textOfCell(cell);
  return `s${text.normalize('NFKC').replace(/\s+/g, ' ').trim().toLowerCase().normalize('NFKC')}`;
}

/** One key of several cells. */
export function joinKeys(keys: readonly string[]): string {
  return keys.length === 1 ? (keys[0] ?? '') : keys.map((key) => `${key.length}:${key}`).join('');
}

/** 53 bits of a text, to sort out what is certainly different. Not for proof: whoever wants to can make two texts meet. */
export function roughHash(text: string): number {
  let first = 0xdeadbeef;
  let second = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    first = Math.imul(first ^ unit, 2_654_435_761);
    second = Math.imul(second ^ unit, 1_597_334_677);
  }
  first = Math.imul(first ^ (first >>> 16), 2_246_822_507) ^ Math.imul(second ^ (second >>> 13), 3_266_489_909);
  second = Math.imul(second ^ (second >>> 16), 2_246_822_507) ^ Math.imul(first ^ (first >>> 13), 3_266_489_909);
  return 4_294_967_296 * (2_097_151 & second) + (first >>> 0);
}
