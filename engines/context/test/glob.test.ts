import fc from 'fast-check';
import createIgnore from 'ignore';
import { describe, expect, it } from 'vitest';
import { createPathFilter } from '../src/path-filter.ts';

const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', 'é', '-'), minLength: 1, maxLength: 4 });
const path = fc
  .array(name, { minLength: 1, maxLength: 4 })
  .filter((names) => names.every((part) => part !== '.' && part !== '..'))
  .map((names) => names.join('/'));
const segment = fc
  .array(fc.constantFrom('a', 'b', '.', '*', '?', '[ab]', '[!a]', '\\*', 'é'), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''))
  // What several asterisks in a row mean is not written down.
  .filter((text) => !text.includes('**') && text !== '.' && text !== '..');
const pattern = fc
  .tuple(
    fc.constantFrom('', '', '!'),
    fc.constantFrom('', '', '/', '**/'),
    fc.array(fc.oneof({ weight: 5, arbitrary: segment }, { weight: 1, arbitrary: fc.constant('**') }), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.constantFrom('', '', '/'),
  )
  .map(([not, root, parts, end]) => not + root + parts.join('/') + end);

describe('path patterns', () => {
  it('leave out what git would, as an independent matcher says', () => {
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 4 }), path, (exclude, file) => {
        const theirs = createIgnore({ ignorecase: false }).add(exclude).ignores(file);
        expect(createPathFilter(undefined, exclude).isWanted(file)).toBe(!theirs);
      }),
      { seed: 6, numRuns: 3_000 },
    );
  });

  it.each([
    ['*.ts', ['a.ts', 'b/a.ts'], ['a.tsx', 'a.ts.md']],
    ['/src/*.ts', ['src/a.ts'], ['b/src/a.ts', 'src/b/a.ts']],
    ['src/**/test', ['src/test', 'src/a/test', 'src/a/b/test/c'], ['src/a/tests']],
    ['docs/**', ['docs/a', 'docs/a/b'], ['docs', 'a/docs/b']],
    ['[a-c]?.md', ['bx.md'], ['dx.md', 'b.md']],
    ['\\!a', ['!a'], ['a']],
    ['a b\\ ', ['a b '], ['a b']],
  ])('%s', (glob, fitting, others) => {
    const { isWanted } = createPathFilter([glob], []);
    expect(fitting.filter((file) => !isWanted(file))).toEqual([]);
    expect(others.filter(isWanted)).toEqual([]);
  });

  it('comments and empty lines are no patterns; none at all wants everything', () => {
    expect(createPathFilter(['# a', '', '  '], ['#b']).isWanted('b')).toBe(true);
  });
});
