import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCsv } from '../src/csv/read-csv.ts';
import type { Cell } from '../src/table/cell.ts';
import { convert, converted, convertedText } from './run.ts';

const SEED = { seed: 20_261_121, numRuns: 300 };

async function rowsOf(content: string | Uint8Array, delimiter = ','): Promise<Cell[][]> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const source = openCsv(bytes, { delimiter, hasHeader: true, nullText: '\u0000', encoding: undefined });
  const rows: Cell[][] = [[...source.columns.list]];
  await source.scan((cells) => void rows.push([...cells]));
  return rows;
}

/** Cells that are hard to read: quotes, delimiters and line ends in all places. */
const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', ';', 'é', '😀', '1'), maxLength: 8 });
const quoted = (text: string) => (/[",\n\r;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

describe('reading CSV', () => {
  it('reads what csv-parse reads, for every file that RFC 4180 allows', async () => {
    const file = fc.record({
      rows: fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 12 }),
      ends: fc.array(fc.constantFrom('\n', '\r\n', '\r'), { minLength: 13, maxLength: 13 }),
      atEnd: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(file, async ({ rows, ends, atEnd }) => {
        const records = [['x', 'y', 'z'], ...rows];
        const lines = records.map((record, at) => record.map(quoted).join(',') + (ends[at] ?? '\n'));
        const text = atEnd ? lines.join('') : lines.join('').replace(/(?:\r\n|\n|\r)$/, '');
        const peer: string[][] = parse(text, { record_delimiter: ['\r\n', '\n', '\r'], relax_column_count: false });
        expect(await rowsOf(text)).toEqual(peer);
        expect(peer).toEqual(records);
      }),
      SEED,
    );
  });

  it('refuses what csv-parse refuses: quotes in other places than RFC 4180 has them', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n'), maxLength: 14 });
    const outcome = async (read: () => unknown): Promise<unknown> => {
      try {
        return await read();
      } catch {
        return 'refused';
      }
    };
    await fc.assert(
      fc.asyncProperty(text, async (body) => {
        const whole = `x,y\n${body}`;
        const options = { relax_column_count: true, record_delimiter: '\n', skip_empty_lines: true };
        const peer = await outcome(() => parse(whole, options));
        const ours = await outcome(async () => {
          const bytes = new TextEncoder().encode(whole);
          const source = openCsv(bytes, {
            delimiter: ',',
            hasHeader: true,
            nullText: '\u0000',
            encoding: undefined,
            onRagged: () => undefined,
          });
          await source.scan(() => undefined);
          return 'read';
        });
        expect(ours === 'refused').toBe(peer === 'refused');
      }),
      { seed: SEED.seed, numRuns: 2_000 },
    );
  });

  it('reads a file that is longer than a piece, with quoted cells across the border', async () => {
    const row = `${'ä'.repeat(900)},"x\r\n""${'y'.repeat(700)}",z\r\n`;
    const text = `a,b,c\r\n${row.repeat(1_500)}`;
    const rows = await rowsOf(text);
    expect(rows).toHaveLength(1_501);
    expect(new Set(rows.slice(1).map((cells) => JSON.stringify(cells))).size).toBe(1);
    expect(rows[7]?.[1]).toBe(`x\r\n"${'y'.repeat(700)}`);
  });

  it('[§9] a cell that never ends is refused at its bound, without reading it again and again', async () => {
    const text = new Uint8Array(70 * 1024 * 1024).fill(0x61);
    text.set(new TextEncoder().encode('a,b\n"'));
    const result = await convert(text, 'csv', { to: 'json' });
    expect(result.error?.code).toBe('WRANGLER_TOO_LARGE');
  });

  it.each([
    ['an open quote', 'a,b\n"1,2\n', 'WRANGLER_CSV_MALFORMED', 'line 2'],
    ['a quote inside of a plain field', 'a,b\n1,x"y\n', 'WRANGLER_CSV_MALFORMED', 'line 2'],
    ['text after a closing quote', 'a,b\n\n"1"x,2\n', 'WRANGLER_CSV_MALFORMED', 'line 3'],
    ['a short row', 'a,b\n1\n', 'WRANGLER_CSV_RAGGED', 'Row 1 has 1 fields'],
    ['a long row', 'a,b\n1,2\n1,2,3\n', 'WRANGLER_CSV_RAGGED', 'Row 2 has 3 fields'],
    ['a repeated header', 'a,b,a\n1,2,3\n', 'WRANGLER_COLUMN_DUPLICATE', '"a"'],
    ['a header of __proto__', 'a,__proto__\n1,2\n', 'WRANGLER_COLUMN_REFUSED', '__proto__'],
    ['an empty file', '', 'WRANGLER_CSV_MALFORMED', 'empty'],
    ['bytes that are no UTF-8', new Uint8Array([0x61, 0x0a, 0xff]), 'WRANGLER_NOT_TEXT', 'encoding'],
  ])('[§15] %s ends with its code', async (_what, content, code, words) => {
    const { error } = await convert(content, 'csv', { to: 'json' });
    expect(error?.code).toBe(code);
    expect(error?.message).toContain(words);
  });

  it('a byte order mark is no part of the first name; UTF-16 is read by its mark, others by their name', async () => {
    const utf16 = new Uint8Array([0xff, 0xfe, ...new Uint8Array(new Uint16Array([0x61, 0x0a, 0xe9]).buffer)]);
    expect(await convertedText('\ufeffa\né\n', 'csv', { to: 'ndjson' })).toBe('{"a":"é"}\n');
    expect(await convertedText(utf16, 'csv', { to: 'ndjson' })).toBe('{"a":"é"}\n');
    const western = new Uint8Array([0x61, 0x0a, 0xe9]);
    const source = { encoding: 'windows-1252' as const };
    expect(await convertedText(western, 'csv', { to: 'ndjson', source })).toBe('{"a":"é"}\n');
  });

  it('names of every object’s members are columns like others', async () => {
    const text = 'constructor,toString,hasOwnProperty\n1,2,3\n';
    const json = await convertedText(text, 'csv', { to: 'ndjson' });
    expect(json).toBe('{"constructor":1,"toString":2,"hasOwnProperty":3}\n');
    expect(await convertedText(json, 'ndjson', { to: 'csv' })).toBe(text);
  });

  it('[§9] many rows take two passes and no copy of the table', async () => {
    const rows = 60_000;
    const line = new TextEncoder().encode('123,abc\n');
    const bytes = new Uint8Array(4 + line.length * rows);
    bytes.set(new TextEncoder().encode('n,t\n'));
    for (let at = 4; at < bytes.length; at += line.length) bytes.set(line, at);
    expect((await converted(bytes, 'csv', { to: 'ndjson' })).length).toBe(rows * '{"n":123,"t":"abc"}\n'.length);
  });
});
