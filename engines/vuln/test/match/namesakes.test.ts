import { beforeAll, describe, expect, it } from 'vitest';
import { advisory, HIGH, reportOf, sbomOf, scan, snapshotOf } from '../fixture.ts';

const LOW = { severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N' }] };

let database: Uint8Array;
beforeAll(async () => {
  database = await snapshotOf([advisory('GHSA-1', 'alpha', HIGH), advisory('GHSA-2', 'beta', LOW)]);
});

/** What is told of a component beside one that is looked up. */
async function told(purl: string, allowLists: readonly object[] = []) {
  const run = await scan({ sbom: sbomOf([{ purl }, { purl: 'pkg:npm/other@1.0.0' }]), database, allowLists });
  return {
    findings: reportOf(run).findings.map(({ code, severity, properties }) => ({ code, severity, properties })),
    problems: run.problems.map(({ code }) => code),
    summary: run.summary,
  };
}

describe('[§14 E] a component from elsewhere that has the name and version of a vulnerable package', () => {
  it.each([
    ['an address', 'pkg:npm/alpha@1.0.0?download_url=https://files.example/a.tgz'],
    ['a repository', `pkg:npm/alpha@1.0.0?vcs_url=git%2Bhttps://forge.example/a%40${'a'.repeat(40)}`],
  ])('is grave, and no finding of its own: %s', async (_name, purl) => {
    const { findings, problems, summary } = await told(purl);
    expect(findings).toEqual([
      {
        code: 'VULN_NOT_CHECKED',
        severity: 'error',
        properties: { reason: 'not_from_registry', namesake: ['GHSA-1'] },
      },
    ]);
    expect(problems).toContain('VULN_NAMESAKE_AFFECTED');
    expect(summary).toMatchObject({ findings: 0, components: { not_checked: 1 } });
  });

  it.each([
    ['another version', 'pkg:npm/alpha@2.0.0?download_url=https://files.example/a.tgz', {}],
    ['no version', 'pkg:npm/alpha?download_url=https://files.example/a.tgz', {}],
    ['a low severity', 'pkg:npm/beta@1.0.0?download_url=https://files.example/a.tgz', { namesake: ['GHSA-2'] }],
  ])('is not grave with %s', async (_name, purl, more) => {
    const { findings, problems } = await told(purl);
    expect(findings).toEqual([
      { code: 'VULN_NOT_CHECKED', severity: 'warning', properties: { reason: 'not_from_registry', ...more } },
    ]);
    expect(problems).not.toContain('VULN_NAMESAKE_AFFECTED');
  });

  it('can be excused by an allow list', async () => {
    const statement = {
      vulnerability: { name: 'GHSA-1' },
      products: [{ '@id': 'pkg:npm/alpha@1.0.0' }],
      status: 'fixed',
      status_notes: 'Patched in our fork.\nexpires: 2026-12-31',
    };
    const vex = {
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': 'https://example.com/vex/1',
      author: 'Security Team',
      timestamp: '2026-05-01T00:00:00Z',
      version: 1,
      statements: [statement],
    };
    const { findings } = await told('pkg:npm/alpha@1.0.0?download_url=https://files.example/a.tgz', [vex]);
    expect(findings).toMatchObject([{ severity: 'warning', properties: { reason: 'not_from_registry' } }]);
    const late = { ...vex, statements: [{ ...statement, status_notes: 'Patched.\nexpires: 2026-05-01' }] };
    const again = await told('pkg:npm/alpha@1.0.0?download_url=https://files.example/a.tgz', [late]);
    expect(again.findings).toMatchObject([{ severity: 'error' }]);
    expect(again.problems).toContain('VULN_VEX_EXPIRED');
  });
});
