import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MASK } from '../src/context/placeholder.ts';
import { type JsonValue, redactJson } from '../src/redact-json.ts';
import { ALNUM, HEX, randomText } from './samples.ts';

const token = `gl${'pat-'}${randomText(20, ALNUM, 11)}`;

describe('redactJson', () => {
  it('[§11] returns the same object for a clean event', () => {
    const event = {
      type: 'tool_call',
      event_id: '3f0c9a52-7c1d-4b8e-9a41-5d2f6c7e8b90',
      idempotency_key: '8e1f2a34-5b6c-4d7e-8f90-a1b2c3d4e5f6',
      args_hash: randomText(64, HEX, 3),
      capability_ids: ['secrets.use:github_main_2024', 'net.http:api.example.org'],
      token_usage: { input: 12, output: 7 },
      ok: true,
      error: null,
    };
    expect(redactJson(event)).toBe(event);
  });

  it('[§9] masks strings at any depth and shares what did not change', () => {
    const clean = { a: ['b'] };
    const value = { clean, dirty: [{ note: `use ${token} now` }], n: 1 };
    const masked = redactJson(value);
    expect(masked).toEqual({ clean, dirty: [{ note: `use ${MASK} now` }], n: 1 });
    expect(masked).toHaveProperty('clean', clean);
    expect(JSON.stringify(value)).toContain(token);
  });

  it.each([
    'bundle_id',
    'bundle_digest',
    'readme',
    'iterable',
    'segment',
    'linear_id',
    'harness',
    'redis',
    'author',
    'pull_author',
    'disk_paths',
    'MAX_PATTERN',
    'secret_scan',
    'secret_findings',
    'verifier_key',
    'github',
    'moderation',
  ])('[§11] an id or a digest under %s is no secret', (name) => {
    const ids = [randomText(64, HEX, 31), randomText(40, HEX, 32), randomText(32, HEX, 33)];
    const uuid = [8, 4, 4, 4, 12].map((length, at) => randomText(length, HEX, 34 + at)).join('-');
    for (const id of [...ids, uuid]) {
      const event = { type: 'system', [name]: id, nested: [{ [name]: [id] }] };
      expect(redactJson(event)).toBe(event);
    }
  });

  it('judges a value under its name', () => {
    const weak = ['sword', 'fish!', '23'].join('');
    expect(redactJson({ password: weak })).toEqual({ password: MASK });
    expect(redactJson({ comment: weak })).toEqual({ comment: weak });
    expect(redactJson({ api_key: randomText(40, ALNUM, 5) })).toEqual({ api_key: MASK });
    expect(redactJson({ client_secrets: [randomText(40, ALNUM, 6)] })).toEqual({ client_secrets: [MASK] });
  });

  it('masks keys, and keeps two masked keys apart', () => {
    const other = `gl${'pat-'}${randomText(20, ALNUM, 12)}`;
    expect(redactJson({ [token]: 1, [other]: 2 })).toEqual({ [MASK]: 1, [`${MASK}#2`]: 2 });
  });

  it('treats __proto__ as any other key', () => {
    const value: JsonValue = JSON.parse(`{"__proto__":{"x":"${token}"}}`);
    const masked = redactJson(value);
    expect(JSON.stringify(masked)).toBe(`{"__proto__":{"x":"${MASK}"}}`);
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  });

  it('masks whole what is nested deeper than 256 levels, and overflows no stack', () => {
    let deep: JsonValue = token;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    const masked = redactJson(deep);
    let depth = 0;
    let at: JsonValue = masked;
    while (Array.isArray(at)) {
      at = at[0];
      depth++;
    }
    expect(at).toBe(MASK);
    expect(depth).toBe(257);
  });

  it('is idempotent on any JSON value', () => {
    const key = fc.constantFrom('password', 'token', 'api_key', 'id', 'github', 'note', token);
    const leaf = fc.oneof(
      fc.string(),
      fc.constantFrom(token, `x ${token}`, 'hunter22', MASK),
      fc.nat(99).map((n) => randomText(40, ALNUM, n + 1)),
    );
    const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const once = redactJson(value);
        expect(redactJson(once)).toBe(once);
        expect(JSON.stringify(once).includes(token)).toBe(false);
      }),
      { seed: 20261121, numRuns: 500 },
    );
  });
});
