import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { places, search, TOKEN } from './tree.ts';

const SEED = { seed: 6, numRuns: 150 };
const line = fc.string({ unit: fc.constantFrom('a', 'b', 'A', ' ', '_', '1', '.', 'é', '😀'), maxLength: 12 });
const file = fc.array(line, { maxLength: 5 }).map((lines) => lines.join('\n'));
const tree = fc.dictionary(fc.constantFrom('a.ts', 'b/c.ts', 'b/d.md', 'z'), file, { maxKeys: 4 });
const isWordChar = (char: string | undefined) => char !== undefined && /[\p{L}\p{M}\p{N}_]/u.test(char);

/** What anybody would write who need not mind time. */
function naive(files: Readonly<Record<string, string>>, matches: (line: string) => boolean): string[] {
  return Object.keys(files)
    .toSorted()
    .flatMap((path) => {
      const lines = (files[path] ?? '').split('\n');
      if (lines.at(-1) === '') lines.pop();
      return lines.flatMap((text, at) => (matches(text) ? [`${path}:${at + 1}`] : []));
    });
}

describe('context.search finds what a naive search finds', () => {
  const literal = fc.string({
    unit: fc.constantFrom('a', 'b', 'A', ' ', '_', '1', '.', 'é'),
    minLength: 1,
    maxLength: 3,
  });

  it('for every text, with and without case', async () => {
    await fc.assert(
      fc.asyncProperty(tree, literal, fc.boolean(), async (files, pattern, ignore_case) => {
        const fold = (text: string) => (ignore_case ? text.toLowerCase() : text);
        expect(places(await search(files, { pattern, ignore_case }))).toEqual(
          naive(files, (text) => fold(text).includes(fold(pattern))),
        );
      }),
      SEED,
    );
  });

  it('for every text as a word', async () => {
    await fc.assert(
      fc.asyncProperty(tree, literal, async (files, pattern) => {
        const isWord = (text: string): boolean => {
          for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) {
            const before = Array.from(text.slice(0, at)).at(-1);
            const after = Array.from(text.slice(at + pattern.length))[0];
            if (!isWordChar(before) && !isWordChar(after)) return true;
          }
          return false;
        };
        expect(places(await search(files, { pattern, word: true }))).toEqual(naive(files, isWord));
      }),
      SEED,
    );
  });

  it('for every regular expression that JavaScript reads alike, with the same columns', async () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\.', 'A', '(a|b1)', '(ab|a)', 'é');
    const piece = fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{2}')).map((parts) => parts.join(''));
    const regex = fc
      .tuple(fc.constantFrom('', '^', '\\b'), fc.array(piece, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '$'))
      .map(([start, pieces, end]) => start + pieces.join('') + end);
    await fc.assert(
      fc.asyncProperty(tree, regex, fc.boolean(), async (files, pattern, ignore_case) => {
        const result = await search(files, { pattern, syntax: 'regex', ignore_case });
        const theirs = new RegExp(pattern, ignore_case ? 'giu' : 'gu');
        expect(places(result)).toEqual(naive(files, (text) => new RegExp(theirs).test(text)));
        for (const { path, lines } of result.files)
          for (const { line: at, matches } of lines) {
            const text = (files[path] ?? '').split('\n')[at - 1] ?? '';
            const column = (offset: number) => Array.from(text.slice(0, offset)).length + 1;
            const wanted = [...text.matchAll(theirs)]
              .filter(([found]) => found !== '')
              .map((found) => ({ column: column(found.index), end_column: column(found.index + found[0].length) }));
            expect(matches).toEqual(wanted);
          }
      }),
      SEED,
    );
  });
});

describe('context.search', () => {
  const files = {
    'b.ts': 'one\ntwo match\nthree\nfour\nfive match\nsix\n',
    'a/x.md': 'a match here\r\nand here\r\n',
    'a/.git/config': 'match',
    'node_modules/p/index.js': 'match',
    'bin.dat': new Uint8Array([109, 0, 97]),
    'wide.txt': new Uint8Array([0xff, 0xfe, 109, 0, 97, 0, 116, 0, 99, 0, 104, 0]),
  };

  it('[§6] sorts by path and line, shows lines around once, and counts what it left out', async () => {
    const result = await search(files, { pattern: 'match', context_lines: 1 });
    expect(result.files.map(({ path }) => path)).toEqual(['a/x.md', 'b.ts', 'wide.txt']);
    expect(result.files[1]?.lines.map(({ line: at, matches }) => [at, matches?.length ?? 0])).toEqual([
      [1, 0],
      [2, 1],
      [3, 0],
      [4, 0],
      [5, 1],
      [6, 0],
    ]);
    expect(result.files[0]?.lines[0]).toEqual({
      line: 1,
      text: 'a match here',
      matches: [{ column: 3, end_column: 8 }],
    });
    expect(result.file_counts).toEqual({ searched: 3, excluded: 2, binary: 1, too_large: 0, unreadable: 0 });
    expect(await search(files, { pattern: 'match', context_lines: 1 })).toEqual(result);
    expect(result.readable).toContain('b.ts\n1- one\n2: two match\n3- three\n4- four\n5: five match\n6- six\n');
  });

  it('takes path patterns as in a .gitignore', async () => {
    const of = async (params: object) => places(await search(files, { pattern: 'match', ...params }));
    expect(await of({ include: ['*.ts'] })).toEqual(['b.ts:2', 'b.ts:5']);
    expect(await of({ include: ['a/'] })).toEqual(['a/x.md:1']);
    expect(await of({ include: ['*', '!*.ts', '!*.txt'] })).toEqual(['a/x.md:1']);
    expect(await of({ exclude: ['*', '!node_modules/', '!index.js', '!p/'] })).toEqual(['node_modules/p/index.js:1']);
  });

  it('ends at max_results and says so, not when there are exactly as many', async () => {
    const of = async (max_results: number) => search(files, { pattern: 'match', max_results });
    expect(await of(2)).toMatchObject({ truncated: true, matching_lines: 2 });
    expect(await of(4)).toMatchObject({ truncated: false, matching_lines: 4 });
    expect(places(await of(2))).toEqual(['a/x.md:1', 'b.ts:2']);
  });

  it('clips long lines around the match, between whole characters', async () => {
    const text = `${'😀'.repeat(200)}needle${'x'.repeat(500)}`;
    const { files: found } = await search({ 'a.txt': text }, { pattern: 'needle', max_line_chars: 60 });
    const [shown] = found[0]?.lines ?? [];
    expect(shown?.matches).toEqual([{ column: 201, end_column: 207 }]);
    expect(shown?.text_column).toBe(181);
    expect(shown?.text).toBe(`${'😀'.repeat(20)}needle${'x'.repeat(14)}`);
  });

  it.each([
    ['a class that does not end', { pattern: '[a', syntax: 'regex' }, 'CONTEXT_PATTERN_INVALID'],
    ['look-around', { pattern: '(?=a)', syntax: 'regex' }, 'CONTEXT_PATTERN_INVALID'],
    ['a back-reference', { pattern: '(a)\\1', syntax: 'regex' }, 'CONTEXT_PATTERN_INVALID'],
    ['a repetition without bounds', { pattern: '((a{0,1000}){0,1000})', syntax: 'regex' }, 'CONTEXT_PATTERN_INVALID'],
    ['an unbalanced word', { pattern: ')(', syntax: 'regex', word: true }, 'CONTEXT_PATTERN_INVALID'],
    ['two lines', { pattern: 'a\nb' }, 'CONTEXT_PATTERN_INVALID'],
    ['no path pattern', { pattern: 'a', include: ['[a'] }, 'CONTEXT_GLOB_INVALID'],
    ['an unknown parameter', { pattern: 'a', multiline: true }, 'PARAMS_INVALID'],
  ])('refuses %s', async (_name, params, code) => {
    await expect(search(files, params)).rejects.toMatchObject({ code });
  });

  it('no pattern and no path takes more than linear time', async () => {
    const hostile = { [`${'a'.repeat(200)}/${'a'.repeat(200)}`]: `${'a'.repeat(300_000)}\n` };
    const from = performance.now();
    await search(hostile, { pattern: '(a*)*b|(a|a)+$c', syntax: 'regex', word: true });
    await search(hostile, { pattern: 'x*', syntax: 'regex' });
    await search(hostile, { pattern: 'b', include: [`${'*a'.repeat(100)}*b`, `${'**/*a*/'.repeat(40)}b`] });
    // Backtracking would be at it for longer than there will be computers.
    expect(performance.now() - from).toBeLessThan(20_000);
  });
});

describe('[§13] secrets of the tree', () => {
  const files = { 'a.env': `TOKEN=${TOKEN}\nOTHER=1\n`, [`dump-${TOKEN}.txt`]: 'OTHER=2\n' };

  it('are masked in lines, in lines around, and in names of files', async () => {
    const result = await search(files, { pattern: 'OTHER', context_lines: 1 });
    expect(result.masked).toBe(1);
    expect(JSON.stringify(result)).not.toContain(TOKEN.slice(4));
    expect(result.files.map(({ path }) => path)).toEqual(['a.env', 'dump-***REDACTED***.txt']);
    expect(result.files[0]?.lines[0]?.text).toBe('TOKEN=***REDACTED***');
  });

  it('cannot be sought: whatever is asked for, the answer is that for another secret', async () => {
    const twin = `${TOKEN.slice(0, -1)}Z`;
    const other = { 'a.env': `TOKEN=${twin}\nOTHER=1\n`, [`dump-${twin}.txt`]: 'OTHER=2\n' };
    const last = TOKEN.at(-1) ?? '';
    for (const params of [
      { pattern: TOKEN },
      { pattern: `${last}$`, syntax: 'regex' },
      { pattern: `TOKEN=.*${last}\\b|=[^0-9A-Za-z]+$`, syntax: 'regex' },
      { pattern: `\\w${last}$|^TOKEN=\\W`, syntax: 'regex' },
      { pattern: 'OTHER', include: [`*${last}.txt`] },
    ])
      expect((await search(files, params)).files).toEqual(
        (await search(other, params)).files.map((found) => ({
          ...found,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        })),
      );
  });
});
