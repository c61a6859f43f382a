import { describe, expect, it } from 'vitest';
import { IgnoreRules } from '../src/ignore-rules.ts';
import { scan, token } from './tree.ts';

const line = (seed: number) => `token = '${token(seed)}'\n`;

describe('what is left out, and said so', () => {
  it('git-ignored files: nested rules, negation, directories, .git/info/exclude', async () => {
    const files = {
      '.git/config': line(1),
      '.git/info/exclude': 'excluded.txt\n',
      '.gitignore': '*.log\nbuild/\n/only-here.txt\n!keep.log\n',
      'a.log': line(2),
      'keep.log': line(3),
      'build/out/x.txt': line(4),
      'excluded.txt': line(5),
      'only-here.txt': line(6),
      'sub/only-here.txt': line(7),
      'sub/.gitignore': '!special.log\nsecret/\n',
      'sub/special.log': line(8),
      'sub/other.log': line(9),
      'sub/secret/a.txt': line(10),
      'node_modules/x/index.js': line(11),
    };
    const { report, summary, problems, outputs } = await scan(files);
    expect(report.findings.map(({ locations }) => locations[0]?.path)).toEqual([
      'keep.log',
      'sub/only-here.txt',
      'sub/special.log',
    ]);
    expect(summary).toMatchObject({ files_skipped: { ignored: 6, internal: 2, installed: 1 } });
    expect(problems.find(({ code }) => code === 'SECRET_FILES_SKIPPED')?.message).toMatch(/6 ignored by git/);
    expect(JSON.parse(outputs.get('secrets.raw.json') ?? '').skipped).toHaveLength(9);
    const all = await scan(files, { include_ignored: true });
    expect(all.report.findings).toHaveLength(9);
  });

  it('binary files are counted; UTF-16 text is read', async () => {
    const utf16 = new Uint8Array(Buffer.from(`\ufeff${line(12)}`, 'utf16le'));
    const big = new Uint8Array(Buffer.from(utf16).swap16());
    const latin1 = new Uint8Array(Buffer.from(`gr\u00fc\u00dfe ${line(13)}`, 'latin1'));
    const { report, summary } = await scan({
      'a.png': new Uint8Array([1, 2, 0]),
      'b.ps1': utf16,
      'c.reg': big,
      'd.txt': latin1,
    });
    expect(report.findings.map(({ locations }) => locations[0]?.path)).toEqual(['b.ps1', 'c.reg', 'd.txt']);
    expect(summary).toMatchObject({ files_skipped: { binary: 1 } });
  });

  it('[§14] files that are too large or cannot be read are findings and Problems', async () => {
    const { report, problems, summary } = await scan(
      { 'big.txt': 'x'.repeat(2_000), 'denied.txt': new Error('EACCES'), 'ok.txt': 'fine' },
      { max_file_bytes: 1_000 },
    );
    expect(report.findings.map(({ code, severity }) => [code, severity])).toEqual([
      ['SECRET_FILE_TOO_LARGE', 'warning'],
      ['SECRET_FILE_UNREADABLE', 'error'],
    ]);
    expect(problems.map(({ code }) => code)).toEqual(['SECRET_FILE_TOO_LARGE', 'SECRET_FILE_UNREADABLE']);
    expect(summary).toMatchObject({ files_skipped: { 'too-large': 1, unreadable: 1 }, secrets: 0 });
  });

  it('hostile ignore files cost little, and their patterns are not used', () => {
    const from = performance.now();
    const rules = new IgnoreRules([{ directory: '', text: `${'*a'.repeat(40)}b\n${'x'.repeat(600)}\n` }], undefined);
    expect(rules.isIgnored('a'.repeat(4_000))).toBe(false);
    expect(rules.leftOut).toBe(2);
    expect(performance.now() - from).toBeLessThan(1_000);
  });
});
