import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { openParquet } from '../src/parquet/read-parquet.ts';
import type { Cell } from '../src/table/cell.ts';
import { convert, converted, convertedText } from './run.ts';

type Options = Parameters<typeof parquetWriteBuffer>[0];

function write(options: Options): Uint8Array {
  return new Uint8Array(parquetWriteBuffer(options));
}

async function read(file: Uint8Array): Promise<{ names: readonly string[]; types: unknown; rows: Cell[][] }> {
  const source = openParquet(file);
  const rows: Cell[][] = [];
  await source.scan((cells) => void rows.push([...cells]));
  return { names: source.columns.list, types: source.declared, rows };
}

function leaf(
  name: string,
  element: Partial<SchemaElement>,
  data: unknown[],
): { schema: SchemaElement[]; data: unknown[] } {
  return {
    schema: [
      { name: 'root', num_children: 1 },
      { name, repetition_type: 'OPTIONAL', ...element },
    ],
    data,
  };
}

async function readLeaf(element: Partial<SchemaElement>, data: unknown[]): Promise<{ type: unknown; cells: Cell[] }> {
  const { schema } = leaf('x', element, data);
  const { types, rows } = await read(write({ schema, columnData: [{ name: 'x', data }] }));
  return { type: Array.isArray(types) ? types[0] : undefined, cells: rows.map(([cell]) => cell) };
}

describe('reading Parquet', () => {
  it.each<[string, Partial<SchemaElement>, unknown[], string, Cell[]]>([
    ['booleans', { type: 'BOOLEAN' }, [true, null, false], 'boolean', [true, null, false]],
    ['int32', { type: 'INT32' }, [1, -2, null], 'integer', [1, -2, null]],
    ['uint32', { type: 'INT32', converted_type: 'UINT_32' }, [4_294_967_295, 1], 'integer', [4_294_967_295, 1]],
    ['int64', { type: 'INT64' }, [1n, -(2n ** 63n), null], 'integer', [1, -(2n ** 63n), null]],
    ['uint64', { type: 'INT64', converted_type: 'UINT_64' }, [2n ** 64n - 1n, 0n], 'integer', [2n ** 64n - 1n, 0]],
    ['doubles', { type: 'DOUBLE' }, [1.5, -0, Number.NaN, null], 'number', [1.5, -0, Number.NaN, null]],
    ['floats', { type: 'FLOAT' }, [0.5, null], 'number', [0.5, null]],
    ['texts', { type: 'BYTE_ARRAY', converted_type: 'UTF8' }, ['é', '', null], 'text', ['é', '', null]],
    ['bytes', { type: 'BYTE_ARRAY' }, [new Uint8Array([0, 255]), null], 'binary', ['AP8=', null]],
    ['json', { type: 'BYTE_ARRAY', converted_type: 'JSON' }, [{ a: [1] }, null], 'json', [{ a: [1] }, null]],
    [
      'dates',
      { type: 'INT32', converted_type: 'DATE' },
      [0, -719_528, null],
      'date',
      ['1970-01-01', '0000-01-01', null],
    ],
    [
      'timestamps in milliseconds',
      { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
      [-1n, 0n],
      'timestamp',
      ['1969-12-31T23:59:59.999Z', '1970-01-01T00:00:00.000Z'],
    ],
    [
      'local nanoseconds',
      { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' } },
      [1n],
      'local_timestamp',
      ['1970-01-01T00:00:00.000000001'],
    ],
    ['times', { type: 'INT32', converted_type: 'TIME_MILLIS' }, [86_399_999], 'time', ['23:59:59.999']],
    [
      'decimals of 16 bytes',
      { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, converted_type: 'DECIMAL', precision: 38, scale: 3 },
      [-1n, 12_345_678_901_234_567_890n, null],
      'decimal',
      ['-0.001', '12345678901234567.890', null],
    ],
    [
      'decimals of an int32',
      { type: 'INT32', converted_type: 'DECIMAL', precision: 9, scale: 2 },
      [5n],
      'decimal',
      ['0.05'],
    ],
    [
      'uuids',
      { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } },
      ['00112233-4455-6677-8899-aabbccddeeff'],
      'text',
      ['00112233-4455-6677-8899-aabbccddeeff'],
    ],
    [
      'half floats',
      { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 2, logical_type: { type: 'FLOAT16' } },
      [1.5, -0.25, Number.POSITIVE_INFINITY],
      'number',
      [1.5, -0.25, Number.POSITIVE_INFINITY],
    ],
  ])('[§6] %s, exactly', async (_what, element, data, type, cells) => {
    expect(await readLeaf(element, data)).toEqual({ type, cells });
  });

  it('lists, structures and maps become JSON; a map whose keys are no names becomes pairs', async () => {
    const schema: SchemaElement[] = [
      { name: 'root', num_children: 3 },
      { name: 'l', repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'OPTIONAL', type: 'INT32' },
      { name: 's', repetition_type: 'OPTIONAL', num_children: 2 },
      { name: 'd', repetition_type: 'OPTIONAL', type: 'INT32', converted_type: 'DATE' },
      { name: 'n', repetition_type: 'OPTIONAL', type: 'INT64' },
      { name: 'm', repetition_type: 'OPTIONAL', converted_type: 'MAP', num_children: 1 },
      { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
      { name: 'key', repetition_type: 'REQUIRED', type: 'BYTE_ARRAY', converted_type: 'UTF8' },
      { name: 'value', repetition_type: 'OPTIONAL', type: 'DOUBLE' },
    ];
    const file = write({
      schema,
      columnData: [
        { name: 'l', data: [[1, null, 2], [], null] },
        { name: 's', data: [{ d: 1, n: 2n ** 60n }, { d: null, n: null }, null] },
        {
          name: 'm',
          data: [new Map([['a', 1]]), new Map([['__proto__', 2]]), null].map((map) => map && Object.fromEntries(map)),
        },
      ],
    });
    const { types, rows } = await read(file);
    expect(types).toEqual(['json', 'json', 'json']);
    expect(rows[0]).toEqual([[1, null, 2], { d: '1970-01-02', n: 2n ** 60n }, { a: 1 }]);
    expect(rows[1]).toEqual([[], { d: null, n: null }, [['__proto__', 2]]]);
    expect(rows[2]).toEqual([null, null, null]);
  });

  it.each([
    ['SNAPPY', undefined],
    ['GZIP', (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes))],
    ['ZSTD', (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes))],
    ['UNCOMPRESSED', undefined],
  ] as const)('pages compressed with %s, in several row groups', async (codec, compress) => {
    const data = Array.from({ length: 2_500 }, (_, at) => (at % 7 === 0 ? null : `text ${at % 50}`));
    const file = write({
      columnData: [{ name: 't', data, type: 'STRING' }],
      codec,
      rowGroupSize: 1_000,
      pageSize: 512,
      ...(compress === undefined ? {} : { compressors: { [codec]: compress } }),
    });
    expect((await read(file)).rows.map(([cell]) => cell)).toEqual(data);
  });

  it('[§15] a codec that is not read here is named', async () => {
    const compressors = { BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliCompressSync(bytes)) };
    const file = write({
      columnData: [{ name: 'a', data: ['xxxxxxxxxx'], type: 'STRING' }],
      codec: 'BROTLI',
      compressors,
    });
    const { error } = await convert(file, 'parquet', { to: 'json' });
    expect(error).toMatchObject({ code: 'WRANGLER_PARQUET_UNSUPPORTED', message: expect.stringContaining('BROTLI') });
  });
});

describe('hostile Parquet', () => {
  const sample = async (): Promise<Uint8Array> =>
    converted('{"a":1,"b":"x","c":[1,{"d":null}]}\n{"a":null,"b":"y","c":2}\n'.repeat(40), 'ndjson', { to: 'parquet' });

  /** Reads in this thread: whatever a damaged file does, it is refused with a code of the engine. */
  async function outcome(file: Uint8Array): Promise<string> {
    const result = await convert(file, 'parquet', { to: 'ndjson', allow_lossy: true });
    return result.error?.code ?? result.status;
  }

  it('[§15] cut off at any byte: refused as damaged', async () => {
    const file = await sample();
    for (let length = 0; length < file.length; length += 3)
      expect(await outcome(file.subarray(0, length))).toBe('WRANGLER_PARQUET_INVALID');
  });

  it('[§9] with any byte changed: read or refused with a code of the engine, and soon', async () => {
    const file = await sample();
    const codes = new Set<string>();
    for (let at = 0; at < file.length; at += 1) {
      const bad = Uint8Array.from(file);
      bad[at] = (bad[at] ?? 0) ^ ([0xff, 0x01, 0x80][at % 3] ?? 0);
      codes.add(await outcome(bad));
    }
    const known = ['succeeded', 'WRANGLER_PARQUET_INVALID', 'WRANGLER_PARQUET_UNSUPPORTED', 'WRANGLER_TOO_LARGE'];
    expect([...codes].filter((code) => !known.includes(code) && code !== 'WRANGLER_COLUMN_DUPLICATE')).toEqual([]);
    expect(codes).toContain('WRANGLER_PARQUET_INVALID');
  });

  it('[§9] a run of a billion values in a page of a few is refused before it is unrolled', async () => {
    const data = Array.from({ length: 64 }, () => 'same');
    const file = write({
      columnData: [{ name: 'a', data, type: 'STRING', encoding: 'RLE_DICTIONARY' }],
      codec: 'UNCOMPRESSED',
    });
    // The levels of 64 present values are one run: length 128 as a varint, then the value 1.
    const at = file.findIndex((byte, index) => byte === 0x80 && file[index + 1] === 0x01 && file[index + 2] === 0x01);
    expect(at).toBeGreaterThan(0);
    const bad = Uint8Array.from(file);
    bad.set([0xfe, 0x7f], at);
    expect(await outcome(bad)).toBe('WRANGLER_PARQUET_INVALID');
  });

  it('[§9] metadata that claim a list of a billion entries are refused before it is made', async () => {
    // Field 2, a list of structures, whose length is a varint of five bytes.
    const metadata = [0x15, 0x02, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00];
    const magic = [0x50, 0x41, 0x52, 0x31];
    const file = new Uint8Array([...magic, ...metadata, metadata.length, 0, 0, 0, ...magic]);
    expect(await outcome(file)).toBe('WRANGLER_PARQUET_INVALID');
  });

  it('[§9] a page that claims to unpack to gigabytes is refused before the buffer is made', async () => {
    const file = write({
      columnData: [
        {
          name: 'a',
          data: Array.from({ length: 50_000 }, (_, at) => `${at % 3}`.repeat(20)),
          type: 'STRING',
          encoding: 'PLAIN',
        },
      ],
      codec: 'GZIP',
      pageSize: 1_000_000_000,
      compressors: { GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)) },
    });
    // A page header begins right after the magic: type, then the unpacked size as a zigzag varint of four bytes.
    expect([...file.subarray(4, 6)]).toEqual([0x15, 0x06]);
    expect(file[6]).toBe(0x15);
    const bad = Uint8Array.from(file);
    bad.set([0xfe, 0xff, 0xff, 0x7f], 7);
    expect(['WRANGLER_PARQUET_INVALID', 'WRANGLER_TOO_LARGE']).toContain(await outcome(bad));
  });

  it('[§2] a column called __proto__ is refused, alone and nested', async () => {
    const flat = write({ columnData: [{ name: '__proto__', data: ['x'], type: 'STRING' }] });
    expect(await outcome(flat)).toBe('WRANGLER_PARQUET_UNSUPPORTED');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('[§6] the same table gives the same bytes', async () => {
    expect(await sample()).toEqual(await sample());
    expect(await convertedText(await sample(), 'parquet', { to: 'ndjson' })).toContain(
      '{"a":1,"b":"x","c":[1,{"d":null}]}',
    );
  });
});
