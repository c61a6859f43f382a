import { compileParamsSchema, MexError } from '@mex/envelope';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './json/refusal-of.ts';
import { paramsCase } from './params/schema-arbitrary.ts';

/** A closed object with one required member `a`. */
const withMember = (member: unknown, more: object = {}) => ({
  type: 'object',
  properties: { a: member },
  required: ['a'],
  additionalProperties: false,
  ...more,
});

const fits = (member: unknown, value: unknown): boolean => compileParamsSchema(withMember(member)).check({ a: value });

describe('[§3] params are checked as the JSON Schema of the operation says', () => {
  it('for every schema of the dialect and every value: as an independent validator says', () => {
    let fitting = 0;
    let asked = 0;
    const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false });
    fc.assert(
      fc.property(paramsCase, ({ schema, values }) => {
        const checker = compileParamsSchema(schema);
        const validate = ajv.compile(schema);
        for (const value of values) {
          const isFine = checker.check(value);
          asked++;
          if (isFine) fitting++;
          expect(isFine, JSON.stringify(value)).toBe(validate(value));
          expect(checker.issues(value).length === 0).toBe(isFine);
        }
      }),
      { seed: 31, numRuns: 300 },
    );
    // Both answers were really compared.
    expect(fitting / asked).toBeGreaterThan(0.15);
    expect(fitting / asked).toBeLessThan(0.85);
  });

  it.each([
    ['counts characters, not UTF-16 units', { type: 'string', maxLength: 1 }, '😀', '😀😀'],
    ['counts characters for the least, too', { type: 'string', minLength: 2 }, '😀😀', '😀'],
    ['reads patterns with the u flag', { type: 'string', maxLength: 4, pattern: '^\\p{L}.$' }, 'é😀', '1😀'],
    ['takes -0 for 0', { const: 0 }, -0, 1],
    ['takes 1.0 for an integer', { type: 'integer' }, 1, 1.5],
    [
      'compares elements by value',
      {
        type: 'array',
        items: { type: 'object', properties: {}, additionalProperties: { type: 'number' } },
        uniqueItems: true,
      },
      [
        { x: 1, y: 2 },
        { x: 2, y: 1 },
      ],
      [
        { x: 1, y: 2 },
        { y: 2, x: 1 },
      ],
    ],
  ])('%s', (_what, schema, good, bad) => {
    expect(fits(schema, good)).toBe(true);
    expect(fits(schema, bad)).toBe(false);
  });

  it("members of Object.prototype are nobody's members", () => {
    const checker = compileParamsSchema({ type: 'object', properties: {}, additionalProperties: { type: 'string' } });
    expect(checker.check({})).toBe(true);
    expect(checker.check({ toString: 'x', constructor: 'y' })).toBe(true);
    expect(checker.check({ toString: 1 })).toBe(false);
    expect(
      compileParamsSchema(withMember({ type: 'string' }, { additionalProperties: false })).check(
        Object.create({ a: 'x' }),
      ),
    ).toBe(false);
  });

  it('says what is wrong and where, at most as much as was asked for, and nothing of it can break a line', () => {
    const checker = compileParamsSchema({
      type: 'object',
      properties: { list: { type: 'array', items: { anyOf: [{ type: 'integer', minimum: 1 }, { const: 'all' }] } } },
      required: ['list'],
      additionalProperties: false,
    });
    expect(checker.issues({})).toEqual([{ path: '/list', message: 'Expected this member; it is missing' }]);
    expect(checker.issues({ list: [1, 0, 'all', 'none'] }, 1)).toHaveLength(1);
    const [first, second] = checker.issues({ list: [1, 0], 'evil\n\u202eKey': 1 });
    expect(first?.path).toBe('/list/1');
    expect(first?.message).toContain('at least 1');
    expect(first?.message).toContain('"all"');
    expect(second).toEqual({ path: '/evil\\u{a}\\u{202e}Key', message: 'Unexpected member' });
  });

  it.each([null, undefined, 1, 'x', [], [{}], () => 0])('%j is no params object', (value) => {
    const checker = compileParamsSchema({ type: 'object', properties: {}, additionalProperties: false });
    expect(checker.check(value)).toBe(false);
    expect(checker.issues(value)).toEqual([{ path: '/', message: 'Expected an object' }]);
    expect(refusalOf(() => checker.parse(value, 'The params')).code).toBe('ENVELOPE_INVALID');
  });
});

/** What is wrong with it, the schema of a member, and what the message says. */
const REFUSED: readonly (readonly [what: string, member: unknown, says: RegExp])[] = [
  ['a keyword that is not in the dialect', { type: 'string', format: 'email' }, /"format"/],
  ['not', { not: { type: 'string' } }, /needs a "type"/],
  ['allOf', { type: 'object', allOf: [], additionalProperties: false }, /"allOf"/],
  ['oneOf', { oneOf: [{ type: 'string' }] }, /needs a "type"/],
  ['if', { type: 'integer', if: { minimum: 1 } }, /"if"/],
  ['$ref', { $ref: '#' }, /needs a "type"/],
  ['$dynamicRef', { type: 'string', $dynamicRef: '#x' }, /dynamicRef/],
  ['a nested $id', { type: 'string', $id: 'x' }, /"\$id"/],
  [
    'patternProperties',
    { type: 'object', patternProperties: { '^(.*)$': {} }, additionalProperties: false },
    /patternProperties/,
  ],
  ['prefixItems', { type: 'array', items: { type: 'string' }, prefixItems: [] }, /prefixItems/],
  ['contains', { type: 'array', items: { type: 'string' }, contains: {} }, /contains/],
  ['an open object', { type: 'object', properties: {} }, /additionalProperties/],
  ['an object open on purpose', { type: 'object', properties: {}, additionalProperties: true }, /additionalProperties/],
  ['an object open to anything', { type: 'object', properties: {}, additionalProperties: {} }, /needs a "type"/],
  ['true as schema', true, /not an object/],
  ['null as schema', null, /not an object/],
  ['a list as schema', [{ type: 'string' }], /not an object/],
  ['an empty schema', {}, /needs a "type"/],
  ['several types', { type: ['string', 'null'] }, /needs a "type"/],
  ['an unknown type', { type: 'date' }, /type "date"/],
  ['a type of Object.prototype', { type: 'constructor' }, /type "constructor"/],
  ['a keyword of Object.prototype', { type: 'string', toString: 1 }, /"toString"/],
  ['a keyword of another type', { type: 'string', minimum: 1 }, /"minimum"/],
  ['limits beside const', { const: 'abc', maxLength: 1 }, /beside const/],
  ['limits beside enum', { type: 'string', enum: ['abc'], maxLength: 1 }, /beside const or enum/],
  ['const and enum', { type: 'string', const: 'a', enum: ['a'] }, /one of them/],
  ['a const of another type', { type: 'string', const: 1 }, /never/],
  ['an enum of mixed types', { type: 'string', enum: ['a', 1] }, /never/],
  ['a fraction as integer', { type: 'integer', const: 1.5 }, /never/],
  ['a list as const', { const: [1] }, /not in the dialect/],
  ['an enum without type', { enum: ['a'] }, /needs a "type"/],
  ['an empty enum', { type: 'string', enum: [] }, /enum/],
  ['an empty anyOf', { anyOf: [] }, /anyOf/],
  ['anyOf beside a type', { type: 'string', anyOf: [{ type: 'string' }] }, /anyOf/],
  ['anyOf that is an object', { anyOf: {} }, /anyOf/],
  ['a limit as text', { type: 'string', maxLength: '5' }, /"maxLength"/],
  ['a negative length', { type: 'string', minLength: -1 }, /"minLength"/],
  ['a fractional length', { type: 'string', minLength: 0.5 }, /"minLength"/],
  ['an infinite bound', { type: 'number', maximum: Number.POSITIVE_INFINITY }, /"maximum"/],
  ['uniqueItems as text', { type: 'array', items: { type: 'string' }, uniqueItems: 'yes' }, /"uniqueItems"/],
  ['a multiple of a fraction', { type: 'number', multipleOf: 0.1 }, /"multipleOf"/],
  ['a multiple of zero', { type: 'number', multipleOf: 0 }, /"multipleOf"/],
  ['a title that is no text', { type: 'string', title: 1 }, /"title"/],
  ['examples that are no list', { type: 'string', examples: 'a' }, /"examples"/],
  ['an array of anything', { type: 'array' }, /items/],
  ['properties that are a list', { type: 'object', properties: [], additionalProperties: false }, /properties/],
  [
    'required that is a text',
    { type: 'object', properties: {}, required: 'a', additionalProperties: false },
    /required/,
  ],
  [
    'required of an undeclared property',
    { type: 'object', properties: {}, required: ['b'], additionalProperties: false },
    /undeclared/,
  ],
  [
    'required of what every object has',
    { type: 'object', properties: {}, required: ['toString'], additionalProperties: false },
    /undeclared/,
  ],
  [
    'required twice',
    { type: 'object', properties: { b: { type: 'null' } }, required: ['b', 'b'], additionalProperties: false },
    /twice/,
  ],
  [
    'a property called toString',
    { type: 'object', properties: { toString: { type: 'string' } }, additionalProperties: false },
    /"toString"/,
  ],
  [
    'a property called __proto__',
    { type: 'object', properties: JSON.parse('{"__proto__":{"type":"string"}}'), additionalProperties: false },
    /"__proto__"/,
  ],
  ['a pattern without maxLength', { type: 'string', pattern: '^a$' }, /maxLength/],
  ['a pattern with a long maxLength', { type: 'string', pattern: '^a$', maxLength: 1_025 }, /maxLength/],
  ['a pattern that is no text', { type: 'string', pattern: 1, maxLength: 5 }, /pattern/],
  ['a broken pattern', { type: 'string', pattern: '(', maxLength: 5 }, /regular expression/],
  ['nested quantifiers', { type: 'string', pattern: '(a+)+$', maxLength: 5 }, /does not decide/],
  ['the same alternative twice', { type: 'string', pattern: '(a|a)*$', maxLength: 5 }, /does not decide/],
  ['optional parts that multiply', { type: 'string', pattern: '(?:a?){27}b', maxLength: 50 }, /does not decide/],
  ['look-ahead', { type: 'string', pattern: '(?=a)a', maxLength: 5 }, /look-around/],
  ['look-behind', { type: 'string', pattern: '(?<!a)a', maxLength: 5 }, /look-around/],
  ['a backreference', { type: 'string', pattern: '(a)\\1', maxLength: 5 }, /backreference/],
];

describe('[§3] a params schema outside the dialect is refused, so that no check is silently left out', () => {
  it.each(REFUSED)('%s', (_what, member, says) => {
    const refusal = refusalOf(() => compileParamsSchema(withMember(member)));
    expect(refusal.code).toBe('PARAMS_SCHEMA_UNSUPPORTED');
    expect(refusal.message).toMatch(says);
    expect(refusal.message).toContain('/properties/a');
  });

  it.each([
    ['a text', { type: 'string' }],
    ['a union', { anyOf: [withMember({ type: 'null' })] }],
    ['undefined', undefined],
    ['null', null],
    ['a list', []],
    ['another draft', withMember({ type: 'null' }, { $schema: 'http://json-schema.org/draft-07/schema#' })],
    ['an id with a fragment', withMember({ type: 'null' }, { $id: 'a#b' })],
  ])('%s as root', (_what, schema) => {
    expect(refusalOf(() => compileParamsSchema(schema)).code).toBe('PARAMS_SCHEMA_UNSUPPORTED');
  });

  it('its own draft and an id are fine at the root', () => {
    const more = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'sbom.generate',
      title: 'T',
      default: {},
    };
    expect(compileParamsSchema(withMember({ type: 'null' }, more)).check({ a: null })).toBe(true);
  });

  it('100,000 levels of arrays are refused, not a stack overflow', () => {
    let schema: object = { type: 'string' };
    for (let level = 0; level < 100_000; level++) schema = { type: 'array', items: schema };
    expect(refusalOf(() => compileParamsSchema(withMember(schema))).message).toContain('too large or too deep');
  });

  it('100,000 properties are refused', () => {
    const properties = Object.fromEntries(
      Array.from({ length: 100_000 }, (_, index) => [`p${index}`, { type: 'null' }]),
    );
    const refusal = refusalOf(() => compileParamsSchema({ type: 'object', properties, additionalProperties: false }));
    expect(refusal.message).toContain('too large or too deep');
  });

  it('any JSON at all is accepted or refused by its code, never anything else', () => {
    const words = fc.constantFrom(
      'type',
      'properties',
      'items',
      'anyOf',
      'const',
      'enum',
      'pattern',
      'required',
      'additionalProperties',
      'maxLength',
      'string',
      'object',
      'array',
      'integer',
      false,
      1,
      null,
      '__proto__',
      'constructor',
    );
    const odd = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        words,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(words.map(String), tie('value'), { maxKeys: 5 }),
      ),
    })).value;
    fc.assert(
      fc.property(odd, (noise) => {
        try {
          compileParamsSchema(withMember(noise));
          compileParamsSchema(noise);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(MexError);
          expect(thrown).toMatchObject({ code: 'PARAMS_SCHEMA_UNSUPPORTED', kind: 'validation' });
        }
      }),
      { seed: 33, numRuns: 3_000 },
    );
  });
});
