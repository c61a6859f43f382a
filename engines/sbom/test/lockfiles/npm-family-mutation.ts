/** Small seeded generator (mulberry32): the same seed gives the same mutations everywhere. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const HOSTILE: readonly string[] = [
  '__proto__',
  '"constructor"',
  '../../etc/passwd',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  "'",
  '\\',
  '&a',
  '*a',
  '!!binary',
  '? ',
  '- ',
  '|-\n',
  '>',
  '#',
  '@',
  '/',
  '(',
  ')',
  '_',
  '::',
  'npm:',
  'patch:',
  'virtual:x#',
  'workspace:.',
  'link:..',
  'file:',
  'git+ssh://u:p@h/x.git#',
  '\u0000',
  '\ud800',
  '\r\n',
  '\t',
  '\n<<<<<<< HEAD\n',
  '\n=======\n',
  '\n>>>>>>> x\n',
  'null',
  'true',
  '1e999',
  '%',
  'node_modules/',
  '\n\n',
  '  ',
];

/** One to four random edits: cut, copy, replace, insert something nasty, truncate, swap lines. */
export function mutate(text: string, random: (below: number) => number): string {
  let result = text;
  for (let edits = 1 + random(4); edits > 0; edits--) {
    const at = random(result.length + 1);
    const length = 1 + random(random(8) === 0 ? 2000 : 40);
    const before = result.slice(0, at);
    const after = result.slice(at + length);
    const piece = HOSTILE[random(HOSTILE.length)] ?? '';
    const from = random(result.length + 1);
    const choices = [
      () => before + after,
      () => before + result.slice(at, at + length).repeat(2) + after,
      () => before + piece + result.slice(at),
      () => before + piece + after,
      () => (random(4) === 0 ? before : before + String.fromCharCode(32 + random(95)) + result.slice(at + 1)),
      () => before + result.slice(from, from + length) + result.slice(at),
    ];
    result = (choices[random(choices.length)] ?? (() => result))();
  }
  return result;
}

const NASTY_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  '',
  '..',
  [],
  {},
  ['a'],
  '\ud800',
  'npm:',
  'x'.repeat(5000),
];

/** Replaces one to three values (or keys) inside a JSON document: text that parses and means nonsense. */
export function mutateJson(text: string, random: (below: number) => number): string {
  const root: unknown = JSON.parse(text);
  for (let edits = 1 + random(3); edits > 0; edits--) {
    let owner: unknown = root;
    for (let depth = random(5); depth > 0; depth--) {
      const values: unknown[] = Object.values(owner ?? {}).filter(
        (value) => typeof value === 'object' && value !== null,
      );
      owner = values.length === 0 ? owner : values[random(values.length)];
    }
    const keys = Object.keys(owner ?? {});
    const key = keys[random(keys.length + 1)] ?? HOSTILE[random(HOSTILE.length)] ?? '';
    if (typeof owner === 'object' && owner !== null) {
      Object.defineProperty(owner, key, {
        value: random(2) === 0 ? NASTY_VALUES[random(NASTY_VALUES.length)] : HOSTILE[random(HOSTILE.length)],
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
  }
  return JSON.stringify(root);
}
