import { showChange } from '@mex/runs';
import { expect, it } from 'vitest';

const text = (lines: readonly string[]): Uint8Array => Buffer.from(lines.map((line) => `${line}\n`).join(''));
const many = (name: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${name} ${at}`);

it('shows what goes and what comes, between what both begin and end with', () => {
  expect(showChange(text(['a', 'b', 'c']), text(['a', 'x', 'c']), 10)).toEqual(['@@ line 2', '-b', '+x']);
  expect(showChange(undefined, text(['a']), 10)).toEqual(['@@ line 1', '+a']);
  expect(showChange(text(['a']), Buffer.from([0, 1]), 10)).toEqual(['binary, 2 → 2 bytes']);
});

it('never shows only what goes: what comes has half of the room, and what is left out is counted', () => {
  const shown = showChange(text(['x', ...many('old', 50), 'y']), text(['evil', ...many('old', 50), 'z']), 10);
  expect(shown).toContain('-x');
  expect(shown).toContain('+evil');
  expect(shown).toContain('… 47 more lines with -');
  expect(shown).toContain('… 47 more lines with +');
  // A side that needs less leaves its room to the other.
  expect(showChange(text(many('old', 50)), text(['new']), 10)).toHaveLength(1 + 9 + 1 + 1);
});
