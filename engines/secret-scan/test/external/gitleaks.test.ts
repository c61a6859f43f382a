import type { EngineContext } from '@mex/engine-sdk';
import { describe, expect, it } from 'vitest';
import { type Content, scan, token, weakPassword } from '../tree.ts';

const TOKEN = token(7);
const PASSWORD = weakPassword(3);
const FILES = {
  'src/a.js': `// nothing\nconst key = '${TOKEN}';\n`,
  'src/b.env': `DB_PASSWORD=${PASSWORD}\n`,
  '.gitleaks.toml': '[allowlist]\npaths = [".*"]\n',
  '.gitignore': 'build/\n',
  'build/c.js': `const key = '${TOKEN}';\n`,
};
const leak = (file: string, more: object = {}) => ({
  RuleID: 'github-pat',
  Description: `Uncovered a token ${TOKEN}`,
  StartLine: 2,
  EndLine: 2,
  StartColumn: 14,
  EndColumn: 53,
  Match: `key = '${TOKEN}'`,
  Secret: TOKEN,
  File: `/inputs/tree/${file}`,
  SymlinkFile: '',
  Commit: '',
  Entropy: 4.8,
  Author: '',
  Email: '',
  Date: '',
  Message: TOKEN,
  Tags: [TOKEN],
  Fingerprint: `${file}:github-pat:2`,
  ...more,
});
const IN_B = {
  RuleID: 'generic-api-key',
  Secret: PASSWORD,
  Match: PASSWORD,
  StartLine: 1,
  EndLine: 1,
  StartColumn: 1,
  EndColumn: 3,
};

interface Answer {
  readonly exitCode?: number;
  readonly report?: unknown;
}

/** `secret.scan` as policy would have gitleaks do it. */
function scanBy({ exitCode = 9, report }: Answer, params: object = {}, files: Record<string, Content> = FILES) {
  const calls: { args: readonly string[]; options: object }[] = [];
  const text = typeof report === 'string' ? report : JSON.stringify(report);
  const exec: EngineContext['exec'] = async (_tool, args, options = {}) => {
    calls.push({ args, options });
    const [name = ''] = options.outputs ?? [];
    const file =
      report === undefined ? { name, refused: 'missing' as const } : { name, bytes: new TextEncoder().encode(text) };
    return { exitCode, stdout: new Uint8Array(), stderr: new TextEncoder().encode(TOKEN), files: [file] };
  };
  const implementation = { id: 'gitleaks', kind: 'external', tool: 'gitleaks' } as const;
  return scan(files, { ...params }, undefined, { exec, implementation }).then((run) => ({ ...run, calls }));
}

const codeOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => 'succeeded',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );

describe('[§13] secrets by gitleaks', () => {
  it('become the same findings: place, rule, fingerprint; what git ignores does not count', async () => {
    const run = await scanBy({ report: [leak('src/a.js'), leak('build/c.js'), leak('src/b.env', IN_B)] });
    expect(run.report.findings).toMatchObject([
      {
        code: 'SECRET_FOUND',
        severity: 'error',
        locations: [{ path: 'src/a.js', range: { start: { line: 2 } } }],
        properties: { rule: 'github-pat' },
      },
      { code: 'SECRET_FOUND', locations: [{ path: 'src/b.env' }], properties: { rule: 'generic-api-key' } },
    ]);
    expect(run.summary).toMatchObject({ secrets: 2, files_scanned: 4, found_by: 'gitleaks' });
  });

  it('[§13] a raw secret of its report reaches nothing, masked or not by the tool, also where it names rules after it', async () => {
    const leaks = [
      leak('src/a.js'),
      leak('src/b.env', { ...IN_B, RuleID: PASSWORD.replace('!', '-') }),
      leak('src/b.env', IN_B),
    ];
    const run = await scanBy(
      { report: leaks },
      {},
      { ...FILES, 'src/b.env': `DB_PASSWORD=${PASSWORD.replace('!', '-')}\n` },
    );
    const everything = JSON.stringify([run.problems, [...run.outputs], run.summary]);
    expect(everything).not.toContain(TOKEN);
    expect(everything).not.toContain(PASSWORD);
    expect(everything).not.toContain(PASSWORD.replace('!', '-'));
    expect(run.report.findings.map(({ properties }) => properties?.['rule'])).toContain('unnamed');
    const named = await scanBy({ report: [leak('src/a.js', { RuleID: TOKEN })] });
    expect(JSON.stringify([named.problems, [...named.outputs]])).not.toContain(TOKEN);
  });

  it('[§14 J] takes no configuration of the tree, keeps no stream, has secrets masked', async () => {
    const { calls } = await scanBy({ exitCode: 0, report: [] });
    expect(calls[0]?.args.slice(0, 2)).toEqual(['dir', '/inputs']);
    expect(calls[0]?.args).toEqual(
      expect.arrayContaining(['--redact=100', '--exit-code=9', '--ignore-gitleaks-allow']),
    );
    expect(calls[0]?.options).toMatchObject({ withhold: true });
  });

  it('the fingerprint of a finding stays when lines move, and a baseline takes it', async () => {
    const [before] = (await scanBy({ report: [leak('src/a.js')] })).report.findings;
    const moved = { ...FILES, 'src/a.js': `\n\n${FILES['src/a.js']}` };
    const after = await scanBy({ report: [leak('src/a.js', { StartLine: 4, EndLine: 4 })] }, {}, moved);
    const fingerprint = before?.properties?.['fingerprint'];
    expect(after.report.findings[0]?.properties?.['fingerprint']).toBe(fingerprint);
    const baseline = [{ fingerprint, reason: 'test', author: 'ada', expires: '2027-01-01' }];
    const judged = await scanBy({ report: [leak('src/a.js')] }, { baseline, timestamp: '2026-06-01T00:00:00Z' });
    expect(judged.summary).toMatchObject({ secrets: 0, accepted: 1 });
  });

  it('[§14 E] a file that it scanned and that cannot be read here has its findings, and is told of', async () => {
    const files = { ...FILES, 'src/a.js': new Error('no such disk') };
    const { problems, summary } = await scanBy({ report: [leak('src/a.js')] }, {}, files);
    expect(problems.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['SECRET_FOUND', 'SECRET_FILE_UNREADABLE']),
    );
    expect(summary).toMatchObject({ secrets: 1, files_skipped: { unreadable: 1 } });
  });

  it('[§14 E] nothing found is a pass when its exit code says so', async () => {
    expect((await scanBy({ exitCode: 0, report: [] })).summary).toMatchObject({ secrets: 0, files_scanned: 4 });
  });

  it.each<[string, Answer, string]>([
    [
      '1, a failure or leaks of a version that knows no other code',
      { exitCode: 1, report: [leak('src/a.js')] },
      'TOOL_EXIT_UNEXPECTED',
    ],
    ['1 with nothing', { exitCode: 1 }, 'TOOL_EXIT_UNEXPECTED'],
    ['126, an unknown option', { exitCode: 126 }, 'TOOL_EXIT_UNEXPECTED'],
    ['0 without a report', { exitCode: 0 }, 'TOOL_REPORT_MISSING'],
    ['0 and a leak', { exitCode: 0, report: [leak('src/a.js')] }, 'TOOL_REPORT_INVALID'],
    ['leaks and an empty list', { exitCode: 9, report: [] }, 'TOOL_REPORT_INVALID'],
    ['null, which old versions write', { exitCode: 0, report: 'null' }, 'TOOL_REPORT_INVALID'],
    ['a CSV', { report: 'RuleID,Commit,File\n' }, 'TOOL_REPORT_INVALID'],
    ['half a list', { report: JSON.stringify([leak('src/a.js')]).slice(0, 300) }, 'TOOL_REPORT_INVALID'],
    [
      'the form of version 7',
      { report: [{ line: 'x', offender: 'y', rule: 'z', file: 'src/a.js' }] },
      'TOOL_REPORT_INVALID',
    ],
    ['a file outside of the tree', { report: [leak('x', { File: '/etc/passwd' })] }, 'TOOL_REPORT_OUTSIDE'],
    ['a file that is not there', { report: [leak('src/none.js')] }, 'TOOL_REPORT_OUTSIDE'],
  ])('%s is a failure', async (_what, answer, code) => {
    expect(await codeOf(scanBy(answer))).toBe(code);
  });
});
