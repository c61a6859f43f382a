import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convert, converted, convertedText, report } from './run.ts';

const SEED = { seed: 20_261_121, numRuns: 150 };
/** Names of digits only come first in a JavaScript object, wherever they stood. */
const name = fc.string({ minLength: 1, maxLength: 6 }).filter((text) => text !== '__proto__' && !/^[0-9]+$/.test(text));
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 5 });
const text = fc.string({ unit: 'binary', maxLength: 12 });
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
);
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
})).value;

/** JSON with every digit of its numbers. */
function json(cell: unknown): string {
  if (typeof cell === 'bigint') return String(cell);
  if (Object.is(cell, -0)) return '-0';
  if (Array.isArray(cell)) return `[${cell.map(json).join(',')}]`;
  if (typeof cell === 'object' && cell !== null)
    return `{${Object.entries(cell)
      .map(([key, item]) => `${JSON.stringify(key)}:${json(item)}`)
      .join(',')}}`;
  return JSON.stringify(cell);
}

/** Rows with all members, so that nothing is missing. */
const rows = (cells: fc.Arbitrary<unknown>) =>
  names.chain((keys) =>
    fc
      .array(fc.tuple(...keys.map(() => cells)), { minLength: 1, maxLength: 8 })
      .map((table) =>
        table.map((row) => `{${keys.map((key, at) => `${JSON.stringify(key)}:${json(row[at])}`).join(',')}}\n`),
      ),
  );

describe('conversions give back what went in', () => {
  it('[§6] NDJSON to JSON to NDJSON, with all digits', async () => {
    await fc.assert(
      fc.asyncProperty(rows(value), async (lines) => {
        const array = await converted(lines.join(''), 'ndjson', { to: 'json' });
        const again = await convertedText(array, 'json', { to: 'ndjson' });
        expect(again).toBe(await convertedText(lines.join(''), 'ndjson', { to: 'ndjson' }));
        expect(again.split('\n').map((line) => line && JSON.parse(line))).toEqual(
          lines
            .join('')
            .split('\n')
            .map((line) => line && JSON.parse(line)),
        );
      }),
      SEED,
    );
  });

  it('[§6] NDJSON to Parquet to NDJSON, whatever the cells are', async () => {
    await fc.assert(
      fc.asyncProperty(rows(value), async (lines) => {
        const plain = await convertedText(lines.join(''), 'ndjson', { to: 'ndjson' });
        const parquet = await converted(plain, 'ndjson', { to: 'parquet' });
        // A column of whole numbers and others is one of doubles: 1 and 1.0 are the same number.
        expect(await convertedText(parquet, 'parquet', { to: 'ndjson' })).toBe(plain);
      }),
      SEED,
    );
  });

  it('[§6] CSV to JSON to CSV, byte for byte, with types found and not', async () => {
    const cells = fc.oneof(
      fc.constantFrom(
        '',
        '1',
        '01',
        '1.5',
        '1.50',
        'true',
        'TRUE',
        '2024-02-29',
        '2023-02-29',
        '12345678901234567890',
        '-0',
        'NaN',
      ),
      fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', '1', '.', '-', 'e', '0'), maxLength: 5 }),
    );
    const table = names.chain((keys) =>
      fc.tuple(fc.constant(keys), fc.array(fc.tuple(...keys.map(() => cells)), { maxLength: 8 })),
    );
    const quote = (cell: string) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
    await fc.assert(
      fc.asyncProperty(table, fc.boolean(), async ([keys, body], infer) => {
        const lines = [keys, ...body].map((row) => row.map(quote).join(','));
        const csv = lines.map((line) => `${line === '' ? '""' : line}\n`).join('');
        const as = await converted(csv, 'csv', { to: 'json', infer_types: infer });
        const params = { to: 'csv' as const };
        // No rows have no names in JSON.
        if (body.length > 0) expect(await convertedText(as, 'json', params)).toBe(csv);
        expect(await convertedText(csv, 'csv', params)).toBe(csv);
        const parquet = await converted(csv, 'csv', { to: 'parquet', infer_types: infer });
        expect(await convertedText(parquet, 'parquet', params)).toBe(csv);
      }),
      SEED,
    );
  });
});

describe('what a conversion would lose', () => {
  it.each([
    ['a missing member', 'csv', '{"a":1}\n{"a":2,"b":3}\n', 'missing_as_null'],
    ['a missing member', 'parquet', '{"a":1}\n{"a":2,"b":3}\n', 'missing_as_null'],
    ['an empty text beside null', 'csv', '{"a":""}\n{"a":null}\n', 'null_text'],
    ['digits of a fraction', 'json', '{"a":0.12345678901234567891}\n', 'rounded_numbers'],
  ] as const)('[§14] %s is not lost silently, for %s', async (_what, to, content, kind) => {
    const refused = await convert(content, 'ndjson', { to });
    expect(refused.error?.code).toBe('WRANGLER_LOSSY');
    expect(refused.error?.message).toContain(kind);
    const allowed = await convert(content, 'ndjson', { to, allow_lossy: [kind] });
    expect(report(allowed, 'report.json')['losses']).toMatchObject([{ kind }]);
    expect((await convert(content, 'ndjson', { to, allow_lossy: true })).status).toBe('succeeded');
  });

  it('NaN and the infinities have no JSON', async () => {
    const columns = [{ name: 'a', type: 'number' as const }];
    const parquet = await converted('a\nNaN\n-Infinity\n1.5\n', 'csv', { to: 'parquet', columns });
    expect((await convert(parquet, 'parquet', { to: 'json' })).error?.code).toBe('WRANGLER_LOSSY');
    expect(await convertedText(parquet, 'parquet', { to: 'ndjson', allow_lossy: ['not_finite_as_null'] })).toBe(
      '{"a":null}\n{"a":null}\n{"a":1.5}\n',
    );
    expect(await convertedText(parquet, 'parquet', { to: 'csv' })).toBe('a\nNaN\n-Infinity\n1.5\n');
  });

  it('another text for null keeps the empty text', async () => {
    const content = '{"a":""}\n{"a":null}\n';
    const csv = await convertedText(content, 'ndjson', { to: 'csv', target: { null_text: 'NULL' } });
    expect(csv).toBe('a\n""\nNULL\n');
    expect(await convertedText(csv, 'csv', { to: 'ndjson', source: { null_text: 'NULL' } })).toBe(content);
  });

  it('whole numbers keep every digit, in every format', async () => {
    const csv = 'n\n9007199254740993\n-9223372036854775808\n';
    const parquet = await converted(csv, 'csv', { to: 'parquet' });
    expect(await convertedText(parquet, 'parquet', { to: 'csv' })).toBe(csv);
    const ndjson = '{"n":9007199254740993}\n{"n":123456789012345678901234567890}\n';
    const result = await convert(ndjson, 'ndjson', { to: 'parquet' });
    expect(report(result, 'report.json')['notes']).toEqual([{ kind: 'written_as_json', column: 'n', count: 1 }]);
    expect(
      new TextDecoder().decode(
        await converted(await converted(ndjson, 'ndjson', { to: 'parquet' }), 'parquet', { to: 'ndjson' }),
      ),
    ).toBe(ndjson);
    expect(await convertedText(ndjson, 'ndjson', { to: 'csv' })).toBe(
      'n\n9007199254740993\n123456789012345678901234567890\n',
    );
  });

  it('types that a file cannot carry are named, and restore what was there', async () => {
    const types = [
      { name: 'd', type: 'date' as const },
      { name: 't', type: 'timestamp' as const },
      { name: 'm', type: 'decimal' as const },
      { name: 'b', type: 'binary' as const },
      { name: 'j', type: 'json' as const },
    ];
    const csv =
      'd,t,m,b,j\n2024-02-29,1999-12-31T23:59:59.000001Z,12.30,AAEC,"{""x"":[1,null]}"\n0000-01-01,9999-12-31T00:00:00.000000Z,-0.05,,\n';
    const parquet = await converted(csv, 'csv', { to: 'parquet', columns: types });
    const result = await convert(parquet, 'parquet', { to: 'json' });
    const described = report(result, 'report.json')['columns'];
    expect(described).toMatchObject(types);
    expect(await convertedText(parquet, 'parquet', { to: 'csv' })).toBe(csv);
  });

  it('[§15] a cell that is not of the type that was said ends the operation, and a column that is not there', async () => {
    const columns = [{ name: 'a', type: 'integer' as const }];
    expect((await convert('a\n007\n', 'csv', { to: 'json', columns })).error?.code).toBe('WRANGLER_TYPE_MISMATCH');
    expect((await convert('b\n7\n', 'csv', { to: 'json', columns })).error?.code).toBe('WRANGLER_COLUMN_UNKNOWN');
    expect((await convert('[]', 'json', { to: 'csv' })).error?.code).toBe('WRANGLER_COLUMN_REFUSED');
    expect((await convert('a\n', 'csv', { to: 'json' })).status).toBe('succeeded');
  });
});

describe('reading JSON', () => {
  it.each([
    ['no array', '{"a":1}'],
    ['a row that is no object', '[{"a":1},2]'],
    ['a comma too many', '[{"a":1},]'],
    ['a comma too few', '[{"a":1}{"a":2}]'],
    ['text after the end', '[{"a":1}] x'],
    ['a row cut off', '[{"a":"x'],
    ['a name twice', '[{"a":1,"a":2}]'],
    ['a name twice, escaped', '[{"a":1,"\\u0061":2}]'],
    ['__proto__', '[{"__proto__":1}]'],
    ['a number beyond a double', '[{"a":1e999}]'],
    ['a long number that JSON does not know', '[{"a":00000000000000000001}]'],
    ['deep nesting', `[{"a":${'['.repeat(100)}${']'.repeat(100)}}]`],
    ['half a surrogate pair', '[{"a":"\\ud800"}]'],
  ])('[§2] refuses %s', async (_what, content) => {
    expect((await convert(content, 'json', { to: 'ndjson' })).error?.code).toBe('WRANGLER_JSON_INVALID');
  });

  it('texts that look like its own marks stay texts', async () => {
    const line =
      '{"a":12345678901234567890,"b":"number 0:5","\\u006eumber 1:":"\\u006eumber 1:1e5","c":["number 2:","1234567890123456789"]}\n';
    expect(await convertedText(line, 'ndjson', { to: 'ndjson' })).toBe(
      '{"a":12345678901234567890,"b":"number 0:5","number 1:":"number 1:1e5","c":["number 2:","1234567890123456789"]}\n',
    );
  });
});
