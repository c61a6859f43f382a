import type { PageHeader, ParquetType } from 'hyparquet';
import { parquetInvalid } from './refusal.ts';
import { auditRuns } from './run-audit.ts';

/** What the schema says of a column's levels. */
export interface Levels {
  readonly type: ParquetType;
  readonly maxRepetition: number;
  readonly maxDefinition: number;
}

const DICTIONARY = new Set(['PLAIN_DICTIONARY', 'RLE_DICTIONARY']);
const MAX_DELTA_BLOCK = 1024 * 1024;
const MAX_DELTA_PARTS = 4_096;

/** Looks at all lengths inside of an unpacked data page. @throws EngineError `WRANGLER_PARQUET_INVALID` */
export function auditPage(page: Uint8Array, header: PageHeader, levels: Levels): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const { data_page_header: first, data_page_header_v2: second } = header;
  if (header.type === 'DATA_PAGE' && first !== undefined) {
    const repetition = prefixed(view, 0, levels.maxRepetition, first.num_values);
    const definition = prefixed(view, repetition.end, levels.maxDefinition, first.num_values);
    auditValues(view, definition.end, first.encoding, levels.type, definition.matches);
  } else if (header.type === 'DATA_PAGE_V2' && second !== undefined) {
    const { repetition_levels_byte_length: own, definition_levels_byte_length: other, num_values: count } = second;
    const present = count - second.num_nulls;
    if (!isCount(own) || !isCount(other) || !isCount(present) || own + other > page.length || present > count)
      throw parquetInvalid('the lengths of a page contradict each other');
    plain(view, 0, own, levels.maxRepetition, count);
    plain(view, own, own + other, levels.maxDefinition, count);
    auditValues(view, own + other, second.encoding, levels.type, present);
  } else throw parquetInvalid('a page has no header of its kind');
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

/** Levels after their length, as in the first version of data pages. */
function prefixed(view: DataView, start: number, max: number, count: number): { end: number; matches: number } {
  if (max === 0) return { end: start, matches: count };
  if (start + 4 > view.byteLength) throw parquetInvalid('a page is cut off');
  const end = start + 4 + view.getUint32(start, true);
  return { end, matches: auditRuns({ view, start: start + 4, end, width: bitWidth(max), count }, max) };
}

function plain(view: DataView, start: number, end: number, max: number, count: number): void {
  if (max > 0) auditRuns({ view, start, end, width: bitWidth(max), count });
}

function auditValues(view: DataView, start: number, encoding: string, type: ParquetType, count: number): void {
  const end = view.byteLength;
  if (count === 0) return;
  if (start >= end) throw parquetInvalid('a page ends before its values');
  if (DICTIONARY.has(encoding)) {
    const width = view.getUint8(start);
    if (width > 0) auditRuns({ view, start: start + 1, end, width, count });
  } else if (encoding === 'RLE') {
    if (type !== 'BOOLEAN' || start + 4 > end)
      throw parquetInvalid('run lengths stand for something else than booleans');
    auditRuns({ view, start: start + 4, end: Math.min(end, start + 4 + view.getUint32(start, true)), width: 1, count });
  } else if (encoding.startsWith('DELTA_')) auditDelta(view, start);
}

function auditDelta(view: DataView, start: number): void {
  let at = start;
  const next = (): number => {
    let value = 0;
    for (let index = 0; index < 5 && at < view.byteLength; index += 1) {
      const byte = view.getUint8(at);
      at += 1;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    throw parquetInvalid('a page of differences is cut off');
  };
  const block = next();
  const parts = next();
  if (block > MAX_DELTA_BLOCK || parts === 0 || parts > MAX_DELTA_PARTS || block % parts !== 0)
    throw parquetInvalid('a page of differences has blocks of an impossible size');
}

function bitWidth(max: number): number {
  return 32 - Math.clz32(max);
}
