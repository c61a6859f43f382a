import { countLineChanges, isFormattingOnly } from '@mex/runs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const count = (before: string | undefined, after: string | undefined) =>
  countLineChanges(
    before === undefined ? undefined : Buffer.from(before),
    after === undefined ? undefined : Buffer.from(after),
  );

/** The textbook table: what a shortest edit script has to come to. */
function slowDistance(old: readonly string[], now: readonly string[]): number {
  let row = now.map((_, index) => index + 1);
  row.unshift(0);
  for (const [at, line] of old.entries()) {
    const next = [at + 1];
    for (const [to, other] of now.entries()) {
      next.push(line === other ? (row[to] ?? 0) : 1 + Math.min(row[to + 1] ?? 0, next[to] ?? 0));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

describe('[§14 G] counting changed lines', () => {
  it.each([
    [undefined, undefined, 0],
    [undefined, '', 0],
    [undefined, 'a\nb\n', 2],
    ['a\nb\n', undefined, 2],
    ['a\n', 'a', 2],
    ['a\nb\nc\n', 'a\nx\nc\n', 2],
    ['a\nb\nc\n', 'c\nb\na\n', 4],
    ['a\r\n', 'a\n', 2],
  ])('%j → %j: %i', (before, after, changed) => {
    expect(count(before, after).changed).toBe(changed);
  });

  it('is the length of a shortest edit script', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
    fc.assert(
      fc.property(lines, lines, (old, now) => {
        const text = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
        expect(count(text(old), text(now)).changed).toBe(slowDistance(old, now));
      }),
      { numRuns: 500, seed: 20261121 },
    );
  });

  it('two long files without a line in common are counted whole, in reasonable time', () => {
    const text = (word: string): string => Array.from({ length: 20_000 }, (_, index) => `${word}${index}\n`).join('');
    expect(count(text('a'), text('b')).changed).toBe(40_000);
  });

  it('knows formatting: equal after white space is normalised, and blank lines', () => {
    expect(count('a  b\n', '\ta b\n')).toEqual({ changed: 2, formatting: 2 });
    expect(count('a\n', 'a\n\n\n')).toEqual({ changed: 2, formatting: 2 });
    expect(count('a b\n', 'ab\n')).toEqual({ changed: 2, formatting: 0 });
    expect(count('a', 'a\n')).toEqual({ changed: 2, formatting: 2 });
  });

  it('more than 80 % is too much; exactly 80 % is not', () => {
    const change = (formatting: number, changed: number) => [{ path: 'a', lines: { changed, formatting } }];
    expect(isFormattingOnly(change(8, 10))).toBe(false);
    expect(isFormattingOnly(change(81, 100))).toBe(true);
    expect(isFormattingOnly([])).toBe(false);
  });
});
