import { describe, expect, it } from 'vitest';
import { readDeclared } from '../../src/expression/correct.ts';
import { termsOf, writeExpression } from '../../src/expression/expression.ts';
import { ExpressionError, parseExpression } from '../../src/expression/parse.ts';
import { satisfies } from '../../src/expression/satisfies.ts';
import { expressionCases, HAS_DATA, NO_DATA } from '../test-data.ts';

const { parse, satisfies: satisfied, correct } = expressionCases();

/** What the other library makes of these is wrong: npm documents UNLICENSED as "no rights granted"; SPDX defines GPL-3.0 as "only". */
const DISAGREED = new Set(['UNLICENSED', 'Unlicensed', 'Gpl-3.0']);

function outcome<T>(work: () => T): T | 'error' {
  try {
    return work();
  } catch (error) {
    if (error instanceof ExpressionError) return 'error';
    throw error;
  }
}

describe.skipIf(!HAS_DATA)(`SPDX expressions of other libraries${NO_DATA}`, () => {
  it('are read to the same trees', () => {
    for (const { text, valid, ast, disputed } of parse) {
      // SPDX compares ids without regard to case, the other parser does not.
      if (disputed !== undefined) continue;
      expect(
        outcome(() => parseExpression(text).expression),
        text,
      ).toEqual(valid ? ast : 'error');
    }
  });

  it('are satisfied by the same lists', () => {
    for (const { expression, allowed, result } of satisfied) {
      expect(
        outcome(() => satisfies(expression, allowed)),
        `${expression} by ${allowed.join()}`,
      ).toBe(result);
    }
  });

  it('are corrected alike', () => {
    for (const { input, output } of correct) {
      if (DISAGREED.has(input)) continue;
      const read = readDeclared(input);
      expect(read.kind === 'expression' ? writeExpression(read.expression) : read.kind, input).toBe(
        output.replace(/^\((.*)\)$/, '$1'),
      );
    }
  });
});

describe('declared licenses', () => {
  it.each(['UNLICENSED', 'unlicensed', 'Proprietary', 'All rights reserved'])('%s grants nothing', (text) => {
    expect(readDeclared(text)).toEqual({ kind: 'unlicensed' });
  });

  it.each(['BSD', 'GPL', 'Apache', 'MIT-like', 'Public Domain (UNLISCENSE)'])(
    '%s is a guess, not a license',
    (text) => {
      expect(readDeclared(text)).toMatchObject({ kind: 'expression', certainty: 'guessed' });
    },
  );

  it.each([
    ['MIT License', 'MIT'],
    ['GPLv2+', 'GPL-2.0-or-later'],
    ['gpl-2.0', 'GPL-2.0-only'],
    ['GPL-2.0', 'GPL-2.0-only'],
    ['LGPL-3.0+', 'LGPL-3.0-or-later'],
    ['MIT/Apache-2.0', 'MIT OR Apache-2.0'],
    ['MIT or GPLv3', 'MIT OR GPL-3.0-or-later'],
    ['http://opensource.org/licenses/MIT', 'MIT'],
    ['The BSD 3-Clause License', 'BSD-3-Clause'],
    ['Apache License, Version 2.0', 'Apache-2.0'],
  ])('%s means %s and is recorded as corrected', (text, expression) => {
    const read = readDeclared(text);
    expect(read).toMatchObject({ kind: 'expression', certainty: 'corrected' });
    expect(read.kind === 'expression' && writeExpression(read.expression)).toBe(expression);
  });

  it('names of files are kept', () => {
    expect(readDeclared('SEE LICENSE IN ./COPYING.txt')).toEqual({ kind: 'file', path: 'COPYING.txt' });
  });
});

describe('bad expressions', () => {
  it.each([
    ['deep nesting', `${'('.repeat(100_000)}MIT${')'.repeat(100_000)}`],
    ['nesting beyond the bound', `${'('.repeat(70)}MIT${')'.repeat(70)}`],
    ['many licenses', Array.from({ length: 400 }, () => 'MIT').join(' AND ')],
    ['an operator alone', 'AND'],
    ['a dangling WITH', 'GPL-2.0-only WITH'],
    ['WITH something that is no exception', 'GPL-2.0-only WITH MIT'],
    ['a closing parenthesis too much', 'MIT)'],
    ['a line break', 'MIT\nAND ISC'],
  ])('%s is refused with a place', (_what, text) => {
    expect(() => parseExpression(text)).toThrow(ExpressionError);
    expect(['unreadable', 'file', 'expression']).toContain(readDeclared(text).kind);
  });

  it('parentheses are written only where they matter', () => {
    for (const text of ['MIT AND (ISC OR Zlib)', 'MIT AND ISC OR Zlib', '(MIT OR ISC) AND Zlib']) {
      expect(writeExpression(parseExpression(text).expression)).toBe(text);
    }
    expect(termsOf(parseExpression('MIT AND (ISC OR Zlib+)').expression)).toHaveLength(3);
  });
});
