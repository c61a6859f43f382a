import fc from 'fast-check';

/** Values that readers stumble over. */
const STRANGE: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  2 ** 31,
  '',
  'x',
  '__proto__',
  '../x',
  '/etc/passwd',
  'a\0b',
  '\ud800',
  '\u202e',
  '\u001b[2J',
  'x'.repeat(5_000),
  [],
  {},
  [[]],
  [{}],
  { __proto__: null },
  '9007199254740993',
  'D3',
  'poe-1.0',
  '0'.repeat(64),
];

const strange = fc.oneof(
  fc.constantFrom(...STRANGE),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.double(),
);

interface Edit {
  readonly at: number;
  readonly kind: 'replace' | 'remove' | 'repeat' | 'rename' | 'nest' | 'copy';
  readonly value: unknown;
  readonly name: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(10_000),
  kind: fc.constantFrom('replace', 'remove', 'repeat', 'rename', 'nest', 'copy'),
  value: strange,
  name: fc.oneof(
    fc.constantFrom('__proto__', 'constructor', 'toString', 'then', 'schema_version', 'session', 'id', ''),
    fc.string({ maxLength: 10 }),
  ),
});

/** A valid document with some parts changed, as JSON text; then, sometimes, its text damaged as well. */
export function mutated(seeds: readonly string[]): fc.Arbitrary<string> {
  const changed = fc
    .tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 4 }))
    .map(([seed, edits]) => edits.reduce(applyEdit, seed));
  return fc.oneof(
    { weight: 3, arbitrary: changed },
    { weight: 2, arbitrary: changed.chain(damaged) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  );
}

/** Bytes missing, doubled, swapped for others. */
function damaged(text: string): fc.Arbitrary<string> {
  const place = fc.nat(Math.max(0, text.length - 1));
  const piece = fc.constantFrom(
    '',
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '\\u0000',
    '\\ud800',
    '"a":1,',
    '\u0000',
    '\ufeff',
    ' ',
    '1e999',
    '-',
    '00',
    'nul',
    '/**/',
    '"\\u0061":1,',
  );
  return fc
    .tuple(place, fc.nat(8), piece)
    .map(([at, cut, insert]) => text.slice(0, at) + insert + text.slice(at + cut));
}

function applyEdit(text: string, { at, kind, value, name }: Edit): string {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return text;
  }
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  collect({ root }, places);
  const place = places[at % places.length];
  if (place === undefined) return text;
  const { holder, key } = place;
  const old = holder[key];
  if (kind === 'remove') delete holder[key];
  else if (kind === 'replace') define(holder, key, value);
  else if (kind === 'rename') define(holder, name, old);
  else if (kind === 'nest') define(holder, key, [{ [name]: old }]);
  else if (kind === 'repeat')
    define(
      holder,
      key,
      Array.from({ length: 50 }, () => old),
    );
  else define(holder, key, copyOf(places[(at * 7) % places.length]?.holder ?? {}));
  const changed = key === 'root' ? holder['root'] : root;
  return JSON.stringify(changed) ?? '';
}

/** A part of the document again, elsewhere in it. */
function copyOf(part: object): unknown {
  return JSON.parse(JSON.stringify('root' in part ? part.root : part) ?? 'null');
}

/** As JSON text would: also under the name of the prototype. */
function define(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

function collect(holder: Record<string, unknown>, into: { holder: Record<string, unknown>; key: string }[]): void {
  for (const key of Object.keys(holder)) {
    into.push({ holder, key });
    const value = holder[key];
    if (typeof value === 'object' && value !== null && into.length < 500)
      collect(Object(value) as Record<string, unknown>, into);
  }
}
