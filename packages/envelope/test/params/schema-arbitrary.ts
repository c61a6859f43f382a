import fc from 'fast-check';

/** A character or class of a pattern. */
const atom = fc.constantFrom(
  'a',
  'b',
  'c',
  '\\d',
  '\\w',
  '[ab]',
  '[^a]',
  '.',
  '\\.',
  '😀',
  '\\u{1f600}',
  '[a-c]',
  '\\p{L}',
  '\\S',
);
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '+?', '{0}');

/** Patterns that ECMAScript accepts, harmless and harmful ones. */
export const patternText: fc.Arbitrary<string> = fc.letrec<{ choice: string; sequence: string; term: string }>(
  (tie) => ({
    term: fc.oneof(
      { withCrossShrink: true, maxDepth: 3 },
      { weight: 4, arbitrary: fc.tuple(atom, quantifier).map(([a, q]) => `${a}${q}`) },
      { weight: 1, arbitrary: fc.tuple(tie('choice'), quantifier).map(([inside, q]) => `(?:${inside})${q}`) },
    ),
    sequence: fc.array(tie('term'), { maxLength: 4 }).map((terms) => terms.join('')),
    choice: fc.oneof(
      { weight: 3, arbitrary: tie('sequence') },
      { weight: 1, arbitrary: fc.tuple(tie('sequence'), tie('sequence')).map((options) => options.join('|')) },
    ),
  }),
).choice;

/** A schema of the dialect, and values that often fit it. */
export interface SchemaCase {
  readonly schema: object;
  readonly sample: fc.Arbitrary<unknown>;
}

const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', 'é', '😀', '.'), maxLength: 5 });
const smallNumber = fc.oneof(
  fc.integer({ min: -9, max: 9 }),
  fc.integer({ min: -18, max: 18 }).map((half) => half / 2),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }),
);
const limit = fc.integer({ min: 0, max: 4 });
const bound = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom(0.5, -2.5, 1e9));
/** Without the empty name: ajv 8.20 does not notice when a required member of that name is missing. */
const NAMES = ['a', 'b', 'é', 'a b', 'x.y', 'length', "it's", '\u2028', '"'];

/** Members that are absent when their value is. */
function present(schema: object): object {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 1 });

const textSchema = fc
  .record({ minLength: maybe(limit), maxLength: maybe(limit), title: maybe(fc.constant('A text')) })
  .map((limits): SchemaCase => ({ schema: present({ type: 'string', ...limits }), sample: text }));

const patternSchema = fc
  .record({
    pattern: fc.constantFrom('^a+$', 'a', '^[^a]*$', '^\\p{L}+$', '^(a|b)\\d?', '\\.$', '^.{2}$', '^[😀é]'),
    maxLength: limit,
  })
  .map((limits): SchemaCase => ({ schema: { type: 'string', ...limits }, sample: text }));

const numberSchema = fc
  .record({
    type: fc.constantFrom('number', 'integer'),
    minimum: maybe(bound),
    maximum: maybe(bound),
    exclusiveMinimum: maybe(bound),
    exclusiveMaximum: maybe(bound),
    multipleOf: maybe(fc.constantFrom(1, 2, 3, 7)),
  })
  .map((schema): SchemaCase => ({ schema: present(schema), sample: smallNumber }));

const SCALARS = ['a', "it's \\' a \n b", '', 'é😀', 0, 1, -1.5, 1e21, true, false, null];
const scalar = fc.constantFrom(...SCALARS);
const typeOf = (value: unknown): string => (value === null ? 'null' : typeof value);

const constSchema = fc.tuple(scalar, fc.boolean()).map(
  ([value, isTyped]): SchemaCase => ({
    schema: { const: value, ...(isTyped ? { type: typeOf(value) } : {}) },
    sample: scalar,
  }),
);

const enumSchema = scalar.map((value): SchemaCase => {
  const type = typeOf(value);
  const choices = SCALARS.filter((other) => typeOf(other) === type);
  return type === 'null'
    ? { schema: { type }, sample: scalar }
    : { schema: { type, enum: choices.slice(0, 3) }, sample: scalar };
});

const booleanSchema = fc.constant<SchemaCase>({
  schema: { type: 'boolean', description: 'yes or no' },
  sample: fc.boolean(),
});

type CaseArbitrary = fc.Arbitrary<SchemaCase>;

const arrayOf = (any: CaseArbitrary): CaseArbitrary =>
  fc
    .tuple(any, fc.record({ minItems: maybe(limit), maxItems: maybe(limit), uniqueItems: maybe(fc.boolean()) }))
    .map(([items, limits]) => ({
      schema: present({ type: 'array', items: items.schema, ...limits }),
      sample: fc.array(items.sample, { maxLength: 4 }),
    }));

const unionOf = (any: CaseArbitrary): CaseArbitrary =>
  fc.array(any, { minLength: 1, maxLength: 3 }).map((members) => ({
    schema: { anyOf: members.map((member) => member.schema), description: 'one of these' },
    sample: fc.oneof(...members.map((member) => member.sample)),
  }));

const objectOf = (any: CaseArbitrary): CaseArbitrary =>
  fc
    .tuple(
      fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), any, fc.boolean()), {
        selector: ([name]) => name,
        maxLength: 4,
      }),
      maybe(any),
      fc.record({ minProperties: maybe(limit), maxProperties: maybe(limit) }),
    )
    .map(([members, rest, limits]) => {
      const required = members.filter(([, , isRequired]) => isRequired).map(([name]) => name);
      return {
        schema: present({
          type: 'object',
          properties: Object.fromEntries(members.map(([name, { schema }]) => [name, schema])),
          required: required.length === 0 ? undefined : required,
          additionalProperties: rest === undefined ? false : rest.schema,
          ...limits,
        }),
        sample: sampleObject(
          members.map(([name, { sample }]) => [name, sample]),
          rest?.sample,
        ),
      };
    });

const scalars: CaseArbitrary = fc.oneof(
  textSchema,
  patternSchema,
  numberSchema,
  constSchema,
  enumSchema,
  booleanSchema,
);

/** Every kind of schema, nested up to `depth` levels. */
function schemasOf(depth: number): CaseArbitrary {
  if (depth === 0) return scalars;
  const inner = schemasOf(depth - 1);
  return fc.oneof(
    { weight: 3, arbitrary: scalars },
    { weight: 2, arbitrary: fc.oneof(arrayOf(inner), unionOf(inner), objectOf(inner)) },
  );
}

/** Mostly all declared members; sometimes one is missing, sometimes there is one more. */
function sampleObject(
  members: [string, fc.Arbitrary<unknown>][],
  rest: fc.Arbitrary<unknown> | undefined,
): fc.Arbitrary<object> {
  const declared = fc.record(Object.fromEntries(members), { requiredKeys: [] });
  const all = fc.record(Object.fromEntries(members));
  const others = fc.dictionary(fc.constantFrom('z', 'toString', 'constructor'), rest ?? fc.constant(1), {
    maxKeys: 2,
    noNullPrototype: true,
  });
  return fc.oneof(
    { weight: 4, arbitrary: all },
    { weight: 1, arbitrary: declared },
    { weight: 2, arbitrary: fc.tuple(all, others).map(([own, more]) => ({ ...own, ...more })) },
  );
}

/** A params schema of the dialect with values, about half of which fit. */
export const paramsCase: fc.Arbitrary<{ schema: object; values: unknown[] }> = objectOf(schemasOf(2)).chain(
  ({ schema, sample }) =>
    fc
      .array(fc.oneof({ weight: 5, arbitrary: sample }, { weight: 1, arbitrary: fc.jsonValue() }), {
        minLength: 8,
        maxLength: 8,
      })
      .map((values) => ({ schema, values })),
);
