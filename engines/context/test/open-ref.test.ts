import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openRef, TOKEN } from './tree.ts';

const files = {
  'src/a.ts': 'one\ntwo\nthree\nfour\nfive\n',
  'odd:3': 'x\n',
  'empty.txt': '',
  'a.bin': new Uint8Array([0, 1]),
  '.env': `A=1\nTOKEN=${TOKEN}\n`,
};
const shown = async (ref: string, more: object = {}) => {
  const { start_line, end_line, text } = await openRef(files, { ref, ...more });
  return [start_line, end_line, text];
};

describe('context.open_ref', () => {
  it.each([
    ['src/a.ts:2', [2, 2, 'two\n']],
    ['src/a.ts:2-3', [2, 3, 'two\nthree\n']],
    ['src/a.ts:4:17', [4, 4, 'four\n']],
    ['src/a.ts#L2', [2, 2, 'two\n']],
    ['src/a.ts#L2-L9', [2, 5, 'two\nthree\nfour\nfive\n']],
    ['src/a.ts', [1, 5, 'one\ntwo\nthree\nfour\nfive\n']],
    ['odd:3', [1, 1, 'x\n']],
    ['odd:3:1', [1, 1, 'x\n']],
    ['empty.txt', [1, 0, '']],
  ])('%s', async (ref, wanted) => {
    expect(await shown(ref)).toEqual(wanted);
  });

  it('shows lines around, at most max_lines, and says when that is not all', async () => {
    expect(await shown('src/a.ts:3', { context_lines: 1 })).toEqual([2, 4, 'two\nthree\nfour\n']);
    expect(await openRef(files, { ref: 'src/a.ts', max_lines: 2 })).toMatchObject({ end_line: 2, truncated: true });
    expect(await openRef(files, { ref: 'src/a.ts', start_line: 2, end_line: 3 })).toMatchObject({
      text: 'two\nthree\n',
      total_lines: 5,
      truncated: false,
    });
  });

  it('[§5] the digests are those of the whole file and of exactly the excerpt', async () => {
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(await openRef(files, { ref: 'src/a.ts:2-3' })).toMatchObject({
      file_sha256: sha256(files['src/a.ts']),
      excerpt_sha256: sha256('two\nthree\n'),
      readable: 'two\nthree\n',
    });
  });

  it('[§13] a secret is masked and counted, and no part of the digest of the excerpt', async () => {
    const excerpt = await openRef(files, { ref: '.env' });
    expect(excerpt).toMatchObject({ text: 'A=1\nTOKEN=***REDACTED***\n', masked: 1 });
    const text = 'A=1\nTOKEN=***REDACTED***\n';
    expect(excerpt.excerpt_sha256).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it.each([
    ['src/b.ts', 'CONTEXT_FILE_NOT_FOUND'],
    ['../etc/passwd', 'CONTEXT_FILE_NOT_FOUND'],
    ['a.bin', 'CONTEXT_FILE_BINARY'],
    ['src/a.ts:6', 'CONTEXT_RANGE_INVALID'],
    ['src/a.ts:0', 'CONTEXT_REF_INVALID'],
    ['src/a.ts:3-2', 'CONTEXT_REF_INVALID'],
    ['', 'PARAMS_INVALID'],
  ])('refuses %s: %s', async (ref, code) => {
    await expect(openRef(files, { ref })).rejects.toMatchObject({ code });
  });

  it('refuses what is too large, and an end without a beginning', async () => {
    await expect(openRef(files, { ref: 'src/a.ts', max_file_bytes: 3 })).rejects.toMatchObject({
      code: 'CONTEXT_FILE_TOO_LARGE',
    });
    await expect(openRef({ a: 'x'.repeat(1_000_001) }, { ref: 'a' })).rejects.toMatchObject({
      code: 'CONTEXT_EXCERPT_TOO_LARGE',
    });
    await expect(openRef(files, { ref: 'src/a.ts', end_line: 2 })).rejects.toMatchObject({
      code: 'CONTEXT_REF_INVALID',
    });
  });

  it('for every text and range: the lines that a reader counts', async () => {
    const text = fc.array(fc.string({ unit: fc.constantFrom('a', ' ', 'é', '\t'), maxLength: 4 }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(text, fc.nat(7), fc.nat(9), async (lines, start, more) => {
        fc.pre(start < lines.length);
        const { text: found } = await openRef(
          { f: `${lines.join('\n')}\n` },
          { ref: `f:${start + 1}-${start + 1 + more}` },
        );
        expect(found).toBe(
          lines
            .slice(start, start + more + 1)
            .map((line) => `${line}\n`)
            .join(''),
        );
      }),
      { seed: 6, numRuns: 60 },
    );
  });
});
