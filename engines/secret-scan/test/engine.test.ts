import { CHECKERS, parseStrictJson } from '@mex/envelope';
import { describe, expect, it } from 'vitest';
import { scan, token, weakPassword } from './tree.ts';

const everything = (outputs: ReadonlyMap<string, string>) => [...outputs.values()].join('\n');

describe('secret.scan', () => {
  it('[§13] reports rule, place, masked line and fingerprint, and the value nowhere', async () => {
    const secret = token(1);
    const weak = weakPassword(7);
    const { report, problems, outputs, summary } = await scan({
      'src/a.ts': `// header\nconst x = 1;\n  const api = '${secret}'; // mine\n`,
      'config/db.ini': `[db]\npassword = ${weak}\n`,
      'README.md': 'nothing to see\n',
    });
    expect(report.findings.map(({ locations, properties }) => [locations[0], properties?.['rule']])).toEqual([
      [
        { path: 'src/a.ts', range: { start: { line: 3, column: 16 }, end: { line: 3, column: 16 + secret.length } } },
        'github-token',
      ],
      [
        {
          path: 'config/db.ini',
          range: { start: { line: 2, column: 12 }, end: { line: 2, column: 12 + weak.length } },
        },
        'assigned-password',
      ],
    ]);
    expect(report.findings[0]?.properties).toMatchObject({
      confidence: 'high',
      preview: "const api = '***REDACTED***'; // mine",
      in_tests: false,
    });
    expect(summary).toMatchObject({ secrets: 2, errors: 1, warnings: 1, files_scanned: 3, history_scanned: false });
    expect(problems.map(({ code, severity }) => [code, severity])).toEqual([
      ['SECRET_FOUND', 'error'],
      ['SECRET_FOUND', 'warning'],
    ]);
    for (const value of [secret, weak, secret.slice(4)])
      expect(`${everything(outputs)}${JSON.stringify(problems)}`.includes(value)).toBe(false);
  });

  it('[§13] the report is a SupplyChainReport', async () => {
    const { outputs } = await scan({ 'a.env': `TOKEN=${token(2)}\n`, 'b.txt': new Error('EACCES') });
    const report = parseStrictJson(outputs.get('report.json') ?? '');
    expect(CHECKERS.supplyChainReport.issues(report)).toEqual([]);
  });

  it('[§6] the same files give the same bytes', async () => {
    const files = { 'a.env': `TOKEN=${token(3)}\n`, '.gitignore': 'x\n', x: 'y' };
    const [first, second] = [await scan(files), await scan(files)];
    expect([...first.outputs]).toEqual([...second.outputs]);
  });

  it('a clean tree has no findings, and says what was looked at', async () => {
    const { report, problems, summary } = await scan({ 'a.ts': 'export const a = 1;\n', 'b.md': '# b\n' });
    expect(report.findings).toEqual([]);
    expect(problems).toEqual([]);
    expect(summary).toMatchObject({ secrets: 0, files_scanned: 2 });
  });

  it('a real token among tests is an error all the same, a weak password there a warning', async () => {
    const { report } = await scan({
      'test/fixtures/a.ts': `const t = '${token(4)}';\n`,
      'src/b.test.ts': `login({ password: '${weakPassword(1)}' });\n`,
    });
    expect(report.findings.map(({ severity, properties }) => [severity, properties?.['in_tests']])).toEqual([
      ['error', true],
      ['warning', true],
    ]);
  });

  it('a secret in the name of a file is found, and the name is masked everywhere', async () => {
    const secret = token(5);
    const { report, outputs, problems } = await scan({
      [`dump-${secret}.txt`]: 'x',
      [`${secret}/a.bin`]: new Uint8Array([0, 1]),
      'b.ts': '',
    });
    expect(report.findings).toHaveLength(2);
    expect(`${everything(outputs)}${JSON.stringify(problems)}`.includes(secret)).toBe(false);
  });

  it('neighbours on one line are masked in each other’s preview, whatever the threshold', async () => {
    const weak = weakPassword(3);
    const { outputs } = await scan(
      { 'a.yml': `{ token: '${token(6)}', password: '${weak}' }\n` },
      { min_confidence: 'high' },
    );
    expect(everything(outputs).includes(weak)).toBe(false);
  });

  it('[§14] no directory, or none of its files scanned: no pass', async () => {
    await expect(scan({ 'a.png': new Uint8Array([0, 0]) })).rejects.toMatchObject({ code: 'SECRET_NOTHING_SCANNED' });
    await expect(scan({ '.gitignore': '*\n', 'a.ts': 'x' })).rejects.toMatchObject({ code: 'SECRET_NOTHING_SCANNED' });
    await expect(scan({})).resolves.toBeDefined();
  });

  it('[§5] a file that changed since it was pinned ends the operation', async () => {
    const drift = Object.assign(new Error('changed'), { code: 'ARTIFACT_DRIFT' });
    await expect(scan({ 'a.ts': 'x', 'b.ts': drift })).rejects.toBe(drift);
  });

  it('describes ten thousand secrets at most and counts the rest', async () => {
    const line = (at: number) => `t${at} = '${token(100 + at)}'\n`;
    const text = Array.from({ length: 10_050 }, (_, at) => line(at)).join('');
    const { report, summary, problems } = await scan({ 'a.txt': text });
    expect(report.findings).toHaveLength(10_000);
    expect(summary).toMatchObject({ secrets: 10_050, not_described: 50 });
    expect(problems.filter(({ code }) => code === 'SECRET_FOUND')).toHaveLength(100);
    expect(problems.some(({ code }) => code === 'SECRET_TOO_MANY')).toBe(true);
  });
});
