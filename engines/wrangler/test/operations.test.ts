import { describe, expect, it } from 'vitest';
import { output, report, run } from './run.ts';

const schema = JSON.stringify({
  type: 'object',
  additionalProperties: false,
  required: ['id', 'name'],
  properties: {
    id: { type: 'integer', minimum: 1 },
    name: { type: 'string', maxLength: 5 },
    ok: { anyOf: [{ type: 'boolean' }, { type: 'null' }] },
  },
});

describe('wrangler.validate_dataset', () => {
  it('a table that fits has no findings, against rules and against a schema', async () => {
    const columns = [
      { name: 'id', type: 'integer', unique: true, minimum: 1 },
      { name: 'name', type: 'text', max_length: 5, pattern: '^[a-z]+$' },
      { name: 'ok', type: 'boolean', nullable: true },
    ];
    const csv = 'id,name,ok\n1,abc,true\n2,de,\n';
    for (const params of [{ columns, closed: true }, { schema_json: schema }]) {
      const result = await run('validate_dataset', csv, 'csv', params);
      expect(result.summary).toMatchObject({ valid: true, rows: 2, findings: 0 });
      expect(result.problems).toEqual([]);
    }
    const json = '[{"id":1,"name":"abc","ok":null},{"id":2,"name":"de"}]';
    expect((await run('validate_dataset', json, 'json', {}, schema)).summary).toMatchObject({ valid: true });
  });

  it('every fault is found with its row and column', async () => {
    const columns = [
      { name: 'id', type: 'integer', unique: true, minimum: 1, maximum: 9 },
      { name: 'name', type: 'text', min_length: 2, max_length: 5, pattern: '^[a-z]+$' },
      { name: 'kind', type: 'text', values: ['a', 'b'] },
      { name: 'gone', type: 'text' },
      { name: 'maybe', type: 'text', optional: true },
    ];
    const csv =
      'id,name,kind,more\n1,abc,a,x\n1,abc,a,x\n0,abc,a,x\n07,abc,a,x\n2,abcdef,a,x\n3,😀😀,a,x\n4,,c,x\n5,abc\n';
    const result = await run('validate_dataset', csv, 'csv', { columns, closed: true });
    const { described, by_code } = report(result, 'findings.json');
    expect(described).toMatchObject([
      { row: 2, column: 'id', code: 'VALUE_REPEATED', value: '1' },
      { row: 3, column: 'id', code: 'VALUE_RANGE', value: '0' },
      { row: 4, column: 'id', code: 'VALUE_TYPE', value: '07' },
      { row: 5, column: 'name', code: 'VALUE_LENGTH' },
      { row: 6, column: 'name', code: 'VALUE_PATTERN' },
      { row: 7, column: 'name', code: 'VALUE_NULL' },
      { row: 7, column: 'kind', code: 'VALUE_NOT_LISTED' },
      { row: 8, code: 'ROW_RAGGED' },
      { column: 'gone', code: 'COLUMN_MISSING' },
      { column: 'more', code: 'COLUMN_UNKNOWN' },
    ]);
    expect(by_code).toMatchObject({ VALUE_NULL: 1, ROW_RAGGED: 1 });
    expect(result.problems.every(({ code }) => code === 'WRANGLER_FINDING')).toBe(true);
  });

  it('in JSON a text is no number; in a schema every row is held against it', async () => {
    const columns = [{ name: 'n', type: 'integer' }];
    const rows = '{"n":"1"}\n{"n":1}\n{"n":9007199254740993}\n';
    expect((await run('validate_dataset', rows, 'ndjson', { columns })).summary).toMatchObject({ findings: 1 });
    const result = await run('validate_dataset', 'id,name\n0,abcdefg\nx,y\n', 'csv', { schema_json: schema });
    expect(report(result, 'findings.json')['described']).toMatchObject([
      { row: 1, column: 'id', code: 'ROW_SCHEMA', value: '0' },
      { row: 1, column: 'name', code: 'ROW_SCHEMA' },
      { row: 2, column: 'id', code: 'ROW_SCHEMA', value: 'x' },
    ]);
  });

  it('[§9] counts all findings, describes a thousand and reports a few', async () => {
    const result = await run('validate_dataset', `a\n${'x\n'.repeat(5_000)}`, 'csv', {
      columns: [{ name: 'a', type: 'integer' }],
    });
    expect(result.summary).toMatchObject({ valid: false, findings: 5_000 });
    expect(report(result, 'findings.json')['described']).toHaveLength(1_000);
    expect(result.problems).toHaveLength(21);
  });

  it('[§14] values that look like secrets are masked', async () => {
    const token = `gh${'p_'}${'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2dF4hJ6'}`;
    const result = await run('validate_dataset', `token,n\n${token},x\n`, 'csv', {
      columns: [{ name: 'token', type: 'integer' }],
    });
    expect(output(result, 'findings.json').text()).not.toContain(token);
  });

  it.each([
    ['nothing to hold it against', {}],
    ['both', { schema_json: schema, columns: [{ name: 'a', type: 'text' }] }],
    ['a schema outside of the dialect', { schema_json: '{"type":"object","$ref":"x"}' }],
    ['a schema that is no JSON', { schema_json: '{' }],
    ['a pattern that can backtrack', { columns: [{ name: 'a', type: 'text', pattern: '(a+)+$' }] }],
    [
      'two rules for a column',
      {
        columns: [
          { name: 'a', type: 'text' },
          { name: 'a', type: 'text' },
        ],
      },
    ],
  ])('[§15] %s: WRANGLER_SCHEMA_INVALID', async (_what, params) => {
    expect((await run('validate_dataset', 'a\n1\n', 'csv', params)).error?.code).toBe('WRANGLER_SCHEMA_INVALID');
  });
});

describe('wrangler.find_duplicates', () => {
  const people = 'id,name,city\n1,Ann,Rome\n2, ann ,Rome\n3,ANN,Oslo\n4,Bob,Rome\n5,Ann,Rome\n';

  it('groups equal rows by columns, in the order of the first', async () => {
    const result = await run('find_duplicates', people, 'csv', { columns: ['name', 'city'] });
    expect(result.summary).toEqual({ rows: 5, groups: 1, groups_described: 1, duplicate_rows: 1 });
    expect(report(result, 'duplicates.json')['described']).toEqual([
      {
        count: 2,
        rows: [1, 5],
        key: [
          { column: 'name', value: 'Ann' },
          { column: 'city', value: 'Rome' },
        ],
      },
    ]);
    expect((await run('find_duplicates', people, 'csv', {})).summary).toMatchObject({ groups: 0 });
  });

  it('normalised: case, white space and width aside', async () => {
    const result = await run('find_duplicates', people, 'csv', { columns: ['name'], match: 'normalised' });
    expect(report(result, 'duplicates.json')['described']).toMatchObject([{ count: 4, rows: [1, 2, 3, 5] }]);
  });

  it('exact keeps types apart, members have no order, and a missing cell is no null', async () => {
    const rows =
      '{"a":1}\n{"a":"1"}\n{"a":1.0}\n{"a":{"x":1,"y":2}}\n{"a":{"y":2,"x":1}}\n{"a":null}\n{}\n{}\n{"a":null,"b":1}\n';
    const result = await run('find_duplicates', rows, 'ndjson', {});
    expect(report(result, 'duplicates.json')['described']).toMatchObject([
      { rows: [1, 3] },
      { rows: [4, 5] },
      { rows: [7, 8] },
    ]);
    const distinct = await run('find_duplicates', rows, 'ndjson', { columns: ['a'], nulls: 'distinct' });
    expect(distinct.summary).toMatchObject({ groups: 2 });
  });

  it('[§15] a column that is not there: WRANGLER_COLUMN_UNKNOWN', async () => {
    const result = await run('find_duplicates', people, 'csv', { columns: ['nowhere'] });
    expect(result.error?.code).toBe('WRANGLER_COLUMN_UNKNOWN');
  });
});

describe('wrangler.profile_dataset', () => {
  const describe_ = async (content: string, format: 'csv' | 'ndjson', params = {}) => {
    const { described } = report(await run('profile_dataset', content, format, params), 'profile.json');
    if (!Array.isArray(described)) throw new Error('no columns');
    return described as Record<string, unknown>[];
  };

  it('types, nulls, different values, ends and quantiles', async () => {
    const rows = Array.from(
      { length: 100 },
      (_, at) => `${at + 1},${at % 3 === 0 ? '' : `t${at % 5}`},2024-01-${String((at % 9) + 1).padStart(2, '0')}`,
    );
    const [n, t, d] = await describe_(`n,t,d\n${rows.join('\n')}\n`, 'csv');
    expect(n).toMatchObject({
      type: 'integer',
      nulls: 0,
      distinct: 100,
      is_unique: true,
      min: '1',
      max: '100',
      quantiles: { p05: '5', p25: '25', p50: '50', p75: '75', p95: '95', method: 'exact', values: 100 },
      examples: ['1', '2', '3'],
    });
    expect(t).toMatchObject({
      type: 'text',
      nulls: 34,
      distinct: 5,
      is_unique: false,
      text_length: { min: 2, max: 2 },
    });
    expect(d).toMatchObject({ type: 'date', min: '2024-01-01', max: '2024-01-09' });
  });

  it('[§9] beyond the bound the number of different values is not said, only that there are more', async () => {
    const [n] = await describe_(`n\n${Array.from({ length: 50 }, (_, at) => at).join('\n')}\n`, 'csv', {
      distinct_limit: 20,
    });
    expect(n).toMatchObject({ distinct: null, distinct_more_than: 20 });
    expect(n).not.toHaveProperty('is_unique');
  });

  it('mixed and nested columns, missing cells, numbers beyond a double', async () => {
    const [a, b, c] = await describe_(
      '{"a":1,"b":[1]}\n{"a":"x","c":123456789012345678901}\n{"a":2,"c":5}\n',
      'ndjson',
    );
    expect(a).toMatchObject({ type: 'json', distinct: 3 });
    expect(b).toMatchObject({ type: 'json', missing: 2, distinct: 1, examples: ['[1]'] });
    expect(c).toMatchObject({ type: 'integer', min: '5', max: '123456789012345678901' });
  });

  it('[§14] masks secrets, in examples and ends, and says so', async () => {
    const token = `gh${'p_'}${'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2dF4hJ6'}`;
    const result = await run('profile_dataset', `password,t\nhunter2-${'Zx9'}kQ,${token}\n`, 'csv', {});
    const text = output(result, 'profile.json').text();
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain(token);
    expect(result.problems).toMatchObject([{ code: 'WRANGLER_SECRETS_SEEN' }]);
    expect(result.summary).toMatchObject({ columns_with_secrets: 2 });
  });
});
