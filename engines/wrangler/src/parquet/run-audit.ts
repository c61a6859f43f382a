import { parquetInvalid } from './refusal.ts';

/** Values that a bit-packed run may hold beyond the last one, as padding. */
const MAX_PADDING = 512;

export interface Runs {
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
  /** Bits of one value. */
  readonly width: number;
  /** Values that are wanted. */
  readonly count: number;
}

/**
 * Walks over run-length encoded values before the library reads them: a run that claims more values than the page has
 * would grow an array until memory is gone.
 * @returns how many of the values are `match`. @throws EngineError `WRANGLER_PARQUET_INVALID`
 */
export function auditRuns(runs: Runs, match?: number): number {
  const { view, width, count } = runs;
  if (width > 32) throw parquetInvalid('a page has values of more than 32 bits where there are indexes');
  const reader = new RunReader(runs);
  let matches = 0;
  for (let seen = 0; seen < count; ) {
    const head = reader.varint();
    const isPacked = (head & 1) === 1;
    const size = isPacked ? Math.floor(head / 2) * 8 : Math.floor(head / 2);
    if (size === 0) throw parquetInvalid('a page has a run of no values');
    if (size > count - seen + (isPacked ? MAX_PADDING : 0))
      throw parquetInvalid('a page has a run that is longer than the page');
    if (isPacked) {
      const wanted = Math.min(size, count - seen);
      if (match !== undefined) matches += countPacked(view, reader.at, width, wanted, match, runs.end);
      reader.skip(Math.min(Math.ceil((size * width) / 8), runs.end - reader.at));
    } else {
      const value = reader.little((width + 7) >> 3);
      if (value === match) matches += size;
    }
    seen += size;
  }
  return matches;
}

function countPacked(view: DataView, start: number, width: number, count: number, match: number, end: number): number {
  let matches = 0;
  for (let index = 0; index < count; index += 1) {
    let value = 0;
    for (let bit = 0; bit < width; bit += 1) {
      const place = index * width + bit;
      const at = start + (place >> 3);
      if (at >= end) throw parquetInvalid('a page ends inside of a run');
      if ((view.getUint8(at) >> (place & 7)) & 1) value += 2 ** bit;
    }
    if (value === match) matches += 1;
  }
  return matches;
}

class RunReader {
  at: number;
  private readonly view: DataView;
  private readonly end: number;

  constructor({ view, start, end }: Runs) {
    if (start > end || end > view.byteLength) throw parquetInvalid('a page is cut off');
    this.view = view;
    this.at = start;
    this.end = end;
  }

  varint(): number {
    let value = 0;
    for (let index = 0; index < 5; index += 1) {
      const byte = this.little(1);
      value += (byte & 0x7f) * 2 ** (7 * index);
      // The library reads 32 bits.
      if (byte < 0x80 && value < 2 ** 32) return value;
    }
    throw parquetInvalid('a run of a page has a length that never ends');
  }

  little(bytes: number): number {
    let value = 0;
    for (let index = 0; index < bytes; index += 1) {
      if (this.at >= this.end) throw parquetInvalid('a page ends inside of a run');
      value += this.view.getUint8(this.at) * 2 ** (8 * index);
      this.at += 1;
    }
    return value;
  }

  skip(bytes: number): void {
    this.at += bytes;
  }
}
