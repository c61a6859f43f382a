import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patternFault } from '../../src/params/pattern.ts';
import { type PatternNode, parsePattern } from '../../src/params/pattern-syntax.ts';
import { countSteps } from './backtracking-matcher.ts';
import { patternText } from './schema-arbitrary.ts';

const FINE = [
  '^[a-z]+(\\.[a-z]+)*$',
  '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(\\.\\d{1,9})?Z$',
  '^[0-9a-f]{64}$',
  '^(a|b|c)+$',
  '^(?:ab)*c?$',
  '\\.json$',
  '^.*$',
  '^\\p{L}[\\p{L}\\p{N}]*$',
  '^[^\\p{C}]+$',
  '^a{0,30}b{2,}$',
  '^(0|[1-9]\\d*)$',
  '^\\u{1F600}+\\uD83D\\uDE01$',
  '^[\\x41-\\x5A\\t\\b-]+$',
  '^[^]+$',
  '^a*?b$',
  '',
];

/** Each is slow on some text in some engine, or uses what the dialect has not. */
const REFUSED = [
  '(a+)+$',
  '(a*)*$',
  '(a|a)*$',
  '(a|ab)(c|bcd)(d*)$',
  '(.*)*x',
  '([a-z]+)*\\d',
  '(a?){30}a{30}',
  '(?:|){30}a',
  '(a?|b?)c',
  '(a*)?',
  '(a{0,9})+',
  `${'a?'.repeat(30)}${'a'.repeat(30)}`,
  '^a*a*a*a*a*$',
  '^\\s*\\s*x',
  '^.*foo',
  '^(\\d+|\\w+)$',
  '^([a-z]+\\.)*[a-z]+$',
  '^[^\\p{L}]*[\\p{L}]*$',
  '^\\W*[^\\w]$',
  '(?=a)b',
  '(?!a)b',
  '(?<=a)b',
  '(?<!a)b',
  '(?<name>a)',
  '(?i:a)',
  '(a)\\1',
  '(?<n>a)\\k<n>',
  '\\bword\\b',
  'a\\B',
  '(',
  '[b-a]',
  'a**',
  '\\',
  'a{2,1}',
  '\\p{Nonsense}',
  '\\-',
  `^${'a'.repeat(520)}$`,
  '^(?:[a-z]{100}\\.){100}$',
  '^a{1000000}$',
  `${'('.repeat(100)}a${'+)'.repeat(100)}`,
];

describe('a pattern of the dialect', () => {
  it.each(FINE)('%j is fine', (pattern) => {
    expect(patternFault(pattern)).toBeUndefined();
  });

  it.each(REFUSED)('%j is refused', (pattern) => {
    expect(patternFault(pattern)).toMatch(/^pattern /);
  });
});

/** Texts from the few characters that the patterns are made of. */
const subject = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '.', '😀'), maxLength: 40 });

function parse(pattern: string): PatternNode {
  const node = parsePattern(pattern);
  if (node === undefined) throw new Error(pattern);
  return node;
}

describe('laws', () => {
  it('what is read is what ECMAScript matches', () => {
    fc.assert(
      fc.property(
        patternText,
        subject.filter((text) => text.length < 8),
        (pattern, text) => {
          // Taken as every character, which is enough for what the reading is for.
          fc.pre(!pattern.includes('\\p'));
          const { matches, steps } = countSteps(parse(pattern), text, 100_000);
          if (steps === Number.POSITIVE_INFINITY) return;
          expect(matches).toBe(new RegExp(`^(?:${pattern})$`, 'u').test(text));
        },
      ),
      { seed: 21, numRuns: 3_000 },
    );
  });

  it('an accepted pattern never makes a backtracking engine try more than a few times for each character', () => {
    let accepted = 0;
    fc.assert(
      fc.property(patternText, subject, (pattern, text) => {
        if (patternFault(pattern) !== undefined) return;
        accepted++;
        // Each character costs at most a walk over the pattern as written out in full, and as much to give up again.
        const size = sizeOf(parse(pattern));
        expect(countSteps(parse(pattern), text, 4 * (size + 1) * (text.length + 1)).steps).toBeLessThan(Infinity);
      }),
      { seed: 22, numRuns: 6_000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });

  it('the classics explode in the same count, so that the law above means something', () => {
    for (const pattern of ['(?:a+)+b', '(?:a|a)*b', '(?:a?){25}b', `${'a?'.repeat(25)}${'a'.repeat(25)}`]) {
      expect(countSteps(parse(pattern), 'a'.repeat(24), 100_000).steps).toBe(Infinity);
    }
  });
});

/** Atoms of a pattern with every counted repetition written out. */
function sizeOf(node: PatternNode): number {
  switch (node.kind) {
    case 'chars':
      return 1;
    case 'sequence':
      return 1 + node.parts.reduce((sum, part) => sum + sizeOf(part), 0);
    case 'choice':
      return 1 + node.options.reduce((sum, option) => sum + sizeOf(option), 0);
    case 'repeat':
      return 1 + sizeOf(node.body) * (node.most === Infinity ? Math.max(1, node.least) : Math.max(1, node.most));
  }
}
