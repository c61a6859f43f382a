import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MASK } from '../../src/context/placeholder.ts';
import { createRedactor } from '../../src/mask/redactor.ts';
import type { JsonValue } from '../../src/redact-json.ts';
import { ALNUM, randomText } from '../samples.ts';

const secret = randomText(18, ALNUM, 42);
const redactor = createRedactor({ values: [secret] });

const FORMS: readonly (readonly [string, (value: string) => string])[] = [
  ['as it is', (value) => value],
  ['base64', (value) => Buffer.from(value).toString('base64')],
  ['base64 inside more', (value) => Buffer.from(`user:${value}`).toString('base64')],
  ['base64 inside more, other offset', (value) => Buffer.from(`u:${value};more`).toString('base64')],
  ['base64url', (value) => Buffer.from(`??>${value}`).toString('base64url')],
  ['hex', (value) => Buffer.from(value).toString('hex')],
  ['upper-case hex', (value) => Buffer.from(value).toString('hex').toUpperCase()],
  ['URL-encoded', (value) => encodeURIComponent(value)],
  [
    'every character URL-encoded',
    (value) => [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  ],
  ['JSON-escaped', (value) => JSON.stringify(value)],
  ['reversed', (value) => value.split('').reverse().join('')],
];

describe('createRedactor', () => {
  it.each(FORMS)('[§9] masks a known value %s', (_, encode) => {
    for (const value of [secret, 'p&ss w/rd+“ü”?', 'plain-looking-words']) {
      const known = createRedactor({ values: [value] });
      const text = `before ${encode(value)} after`;
      expect(known.holdsKnownValue(text)).toBe(true);
      expect(known.containsSecret(text)).toBe(true);
      expect(known.holdsKnownValue(Buffer.from(text))).toBe(true);
      const masked = known.redact(text);
      expect(masked.includes(MASK)).toBe(true);
      expect(known.holdsKnownValue(masked)).toBe(false);
    }
  });

  it('[§9] finds a value across the windows in which large outputs are read', () => {
    for (const offset of [65_520, 65_530, 131_060, 200_000]) {
      const bytes = Buffer.concat([Buffer.alloc(offset, 0xff), Buffer.from(secret), Buffer.alloc(100_000, 0x80)]);
      expect(redactor.holdsKnownValue(bytes)).toBe(true);
    }
    expect(redactor.holdsKnownValue(Buffer.alloc(300_000, 0x41))).toBe(false);
  });

  it('also masks what only looks like a secret, and nothing in a clean text', () => {
    expect(redactor.redact(`hf_${randomText(34, ALNUM, 9)}`)).toBe(MASK);
    const clean = 'nothing to see in this sentence';
    expect(redactor.redact(clean)).toBe(clean);
    expect(redactor.containsSecret(clean)).toBe(false);
  });

  it('masks JSON strings and keys, and returns a clean object as it is', () => {
    const clean = { a: ['b', 1] };
    expect(redactor.redactJson(clean)).toBe(clean);
    expect(redactor.redactJson({ [secret]: [`x${secret}y`] })).toEqual({ [MASK]: [`x${MASK}y`] });
  });

  it('[§9] masks a value that is spread over the items of a list, and as little else as can be', () => {
    const letters = Array.from(secret);
    const codes = [...Buffer.from(secret)];
    const value = {
      keep: 'this',
      list: [{ letters, note: 'near' }, 'kept'],
      codes,
      halves: [secret.slice(0, 8), secret.slice(8)],
    };
    expect(redactor.redactJson(value)).toEqual({
      keep: 'this',
      list: [{ letters: MASK, note: 'near' }, 'kept'],
      codes: MASK,
      halves: MASK,
    });
    expect(redactor.holdsKnownValue(JSON.stringify(redactor.redactJson({ a: { b: [[[letters]]] } })))).toBe(false);
    let deep: JsonValue = letters;
    for (let level = 0; level < 40; level++) deep = [deep, 'x'];
    expect(redactor.holdsKnownValue(JSON.stringify(redactor.redactJson(deep)))).toBe(false);
  });

  it('leaves no rest of a value that contains another', () => {
    const longer = `${secret}-${randomText(12, ALNUM, 43)}`;
    const both = createRedactor({ values: [secret, longer] });
    expect(both.redact(`[${longer}] [${secret}]`)).toBe(`[${MASK}] [${MASK}]`);
  });

  it('refuses a value too short to tell from chance, without repeating it', () => {
    const act = () => createRedactor({ values: [secret, 'abc12'] });
    expect(act).toThrow(expect.objectContaining({ code: 'GUARD_SECRET_TOO_SHORT' }));
    expect(act).toThrow(/number 2/);
    expect(act).not.toThrow(/abc12/);
  });

  it('is idempotent and leaves nothing, for any value and surroundings', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 6, maxLength: 30, unit: 'grapheme' }),
        fc.string(),
        fc.string(),
        (value, before, after) => {
          fc.pre(value.length >= 6);
          const known = createRedactor({ values: [value] });
          const masked = known.redact(`${before}${value}${after}`);
          expect(known.redact(masked) === masked).toBe(true);
          expect(MASK.includes(value) || !known.holdsKnownValue(masked)).toBe(true);
        },
      ),
      { seed: 20261121, numRuns: 500 },
    );
  });
});
