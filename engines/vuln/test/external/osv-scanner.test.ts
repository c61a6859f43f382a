import { describe, expect, it } from 'vitest';
import { advisory, HIGH, reportOf, sbomOf, scan } from '../fixture.ts';

const SBOM = sbomOf([{ purl: 'pkg:npm/alpha@1.0.0' }, { purl: 'pkg:npm/beta@1.0.0' }]);
const entry = (name: string, vulnerabilities: readonly object[] = []) => ({
  package: { name, version: '1.0.0', ecosystem: 'npm' },
  ...(vulnerabilities.length === 0 ? {} : { vulnerabilities, groups: [] }),
});
const report = (...packages: readonly object[]) => ({
  results: [{ source: { path: '/inputs/bom.cdx.json', type: 'sbom' }, packages }],
  experimental_config: {},
});

interface Answer {
  readonly exitCode?: number;
  readonly stdout?: unknown;
}

/** `vuln.scan` as policy would have osv-scanner do it. */
function scanBy({ exitCode = 1, stdout }: Answer, params: object = { accept_unknown_age: true }) {
  const calls: { args: readonly string[]; options: object }[] = [];
  const text = stdout === undefined ? '' : typeof stdout === 'string' ? stdout : JSON.stringify(stdout);
  const context = {
    implementation: { id: 'osv-scanner', kind: 'external', tool: 'osv-scanner' },
    exec: async (_tool: string, args: readonly string[], options: object) => {
      calls.push({ args, options });
      return { exitCode, stdout: new TextEncoder().encode(text), stderr: new Uint8Array(), files: [] };
    },
  };
  return scan({ sbom: SBOM, params, context }).then((run) => ({ ...run, calls }));
}

const codeOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => 'succeeded',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );

describe('[§13] vulnerabilities by osv-scanner', () => {
  it('become the same findings, with fix, path and severity; the scanner sees the SBOM alone', async () => {
    const run = await scanBy({ stdout: report(entry('alpha', [advisory('GHSA-1', 'alpha', HIGH)]), entry('beta')) });
    expect(reportOf(run).findings).toMatchObject([
      {
        code: 'VULN_HIGH',
        properties: { advisory: 'GHSA-1', installed: '1.0.0', fixed: '2.0.0', path: ['app@1.0.0', 'alpha@1.0.0'] },
      },
    ]);
    expect(run.summary).toMatchObject({
      components: { checked: 2 },
      database: { source: 'osv-scanner', age_days: null },
    });
    expect(run.outputs.has('tool-report.json')).toBe(true);
    expect(run.calls[0]?.options).toEqual({ inputs: [{ input: 0, as: 'bom.cdx.json' }] });
    expect(run.calls[0]?.args).toContain('--offline-vulnerabilities');
  });

  it('believes the scanner where its record says something else here', async () => {
    const elsewhere = advisory(
      'GHSA-2',
      'alpha',
      {},
      { ranges: [{ type: 'SEMVER', events: [{ introduced: '5.0.0' }] }] },
    );
    const run = await scanBy({
      stdout: report(entry('alpha', [elsewhere, advisory('GHSA-3', 'other')]), entry('beta')),
    });
    expect(reportOf(run).findings.map(({ properties }) => properties['advisory'])).toEqual(['GHSA-2', 'GHSA-3']);
  });

  it('nothing found is a pass when the scanner says so with its exit code', async () => {
    const run = await scanBy({ exitCode: 0, stdout: report(entry('alpha'), entry('beta')) });
    expect(run.summary).toMatchObject({ findings: 0, components: { checked: 2, not_checked: 0 } });
  });

  it('[§14 E] a package it did not look up is not checked', async () => {
    const run = await scanBy({ exitCode: 0, stdout: report(entry('alpha')) });
    expect(reportOf(run).findings).toMatchObject([
      { code: 'VULN_NOT_CHECKED', properties: { reason: 'package_not_asked' } },
    ]);
  });

  it('[§14 E] it does not say how old its database is: only who says so takes its word', async () => {
    expect(await codeOf(scanBy({ exitCode: 0, stdout: report(entry('alpha'), entry('beta')) }, {}))).toBe(
      'VULN_DATABASE_STALE',
    );
  });

  it.each<[string, Answer, string]>([
    ['127, a failure', { exitCode: 127, stdout: report(entry('alpha')) }, 'TOOL_EXIT_UNEXPECTED'],
    ['128, no packages', { exitCode: 128 }, 'TOOL_EXIT_UNEXPECTED'],
    ['1 with nothing', { exitCode: 1 }, 'TOOL_REPORT_MISSING'],
    ['1 with an empty report', { exitCode: 1, stdout: { results: [] } }, 'VULN_DATABASE_EMPTY'],
    ['1 and no vulnerability', { exitCode: 1, stdout: report(entry('alpha')) }, 'TOOL_REPORT_INVALID'],
    [
      '0 and a vulnerability',
      { exitCode: 0, stdout: report(entry('alpha', [advisory('A-1', 'alpha')])) },
      'TOOL_REPORT_INVALID',
    ],
    ['a table', { stdout: '╭──╮\n' }, 'TOOL_REPORT_INVALID'],
    [
      'half a report',
      { stdout: JSON.stringify(report(entry('alpha', [advisory('A-1', 'alpha')]))).slice(0, 200) },
      'TOOL_REPORT_INVALID',
    ],
    ['another form', { stdout: { vulnerabilities: [] } }, 'TOOL_REPORT_INVALID'],
    ['a vulnerability that is no record', { stdout: report(entry('alpha', [{ id: 'A-1' }])) }, 'TOOL_REPORT_INVALID'],
    [
      'a vulnerability of nothing',
      { stdout: report({ package: { name: 'x' }, vulnerabilities: [advisory('A-1', 'x')] }) },
      'TOOL_REPORT_INVALID',
    ],
  ])('%s is a failure', async (_what, answer, code) => {
    expect(await codeOf(scanBy(answer))).toBe(code);
  });
});
