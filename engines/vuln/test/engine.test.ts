import { describe, expect, it } from 'vitest';
import { advisory, CRITICAL, HIGH, MEDIUM, reportOf, sbomOf, scan, snapshotOf, TIMESTAMP } from './fixture.ts';

const VULNERABLE = 'pkg:npm/left-pad@1.0.0';

describe('vuln.scan', () => {
  it('[§13] tells package, installed, fix, path, severity and advisory of every finding', async () => {
    const sbom = sbomOf(
      [{ purl: 'pkg:npm/%40scope/parent@3.0.0', name: 'parent', group: '@scope' }, { purl: VULNERABLE }],
      {
        dependencies: [
          { ref: 'root', dependsOn: ['pkg:npm/%40scope/parent@3.0.0'] },
          { ref: 'pkg:npm/%40scope/parent@3.0.0', dependsOn: [VULNERABLE] },
          { ref: VULNERABLE, dependsOn: ['root', 'pkg:npm/%40scope/parent@3.0.0'] },
        ],
      },
    );
    const database = await snapshotOf([
      advisory('GHSA-aaaa-bbbb-cccc', 'left-pad', { ...HIGH, aliases: ['CVE-2026-1'] }),
    ]);
    const run = await scan({ sbom, database });
    expect(reportOf(run).findings).toMatchObject([
      {
        code: 'VULN_HIGH',
        severity: 'error',
        component: VULNERABLE,
        properties: {
          advisory: 'GHSA-aaaa-bbbb-cccc',
          aliases: ['CVE-2026-1'],
          installed: '1.0.0',
          fixed: '2.0.0',
          upgrade_to: '2.0.0',
          score: 7.5,
          path: ['app@1.0.0', '@scope/parent@3.0.0', 'left-pad@1.0.0'],
        },
      },
    ]);
    expect(run.problems).toMatchObject([{ code: 'VULN_HIGH', severity: 'error' }]);
    expect(run.problems[0]?.message).toContain(
      'Fixed in 2.0.0. Pulled in by app@1.0.0 > @scope/parent@3.0.0 > left-pad@1.0.0.',
    );
    expect(run.summary).toMatchObject({
      findings: 1,
      blocking: 1,
      components: { checked: 2, not_checked: 0 },
      database: { age_days: 12, records: 1 },
    });
  });

  it('finds nothing where nothing is to be found, and says what it looked at', async () => {
    const run = await scan({
      sbom: sbomOf([{ purl: 'pkg:npm/left-pad@2.0.0' }]),
      database: await snapshotOf([advisory('A', 'left-pad')]),
    });
    expect(run.problems).toEqual([]);
    expect(run.summary).toMatchObject({ findings: 0, blocking: 0, components: { checked: 1 } });
    expect([...run.outputs.keys()]).toEqual([
      'report.json',
      'vulnerabilities.cdx.json',
      'vulnerabilities.sarif.json',
      'matches.json',
    ]);
  });

  it('[§6] gives the same bytes for the same inputs', async () => {
    const inputs = {
      sbom: sbomOf([{ purl: VULNERABLE }]),
      database: await snapshotOf([advisory('A', 'left-pad', HIGH)]),
    };
    expect((await scan(inputs)).outputs).toEqual((await scan(inputs)).outputs);
  });

  it('[§13] merges what several databases say of one vulnerability', async () => {
    const database = await snapshotOf([
      advisory('GHSA-1', 'left-pad', { ...MEDIUM, aliases: ['CVE-2026-1'] }),
      advisory(
        'OSV-1',
        'left-pad',
        { ...CRITICAL, aliases: ['CVE-2026-1'] },
        { ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.1.0' }] }] },
      ),
      advisory('GHSA-2', 'left-pad', MEDIUM),
    ]);
    const { findings } = reportOf(await scan({ sbom: sbomOf([{ purl: VULNERABLE }]), database }));
    expect(
      findings.map(({ properties }) => [
        properties['advisory'],
        properties['ids'],
        properties['severity'],
        properties['fixed'],
        properties['upgrade_to'],
      ]),
    ).toEqual([
      ['GHSA-1', ['GHSA-1', 'OSV-1'], 'CRITICAL', '2.1.0', '2.1.0'],
      ['GHSA-2', ['GHSA-2'], 'MEDIUM', '2.0.0', '2.1.0'],
    ]);
  });

  it('[§13] counts what nobody rated like HIGH, and what is no vulnerability not at all', async () => {
    const database = await snapshotOf([
      advisory('GO-1', 'unrated'),
      advisory('MAL-1', 'evil'),
      advisory('RUSTSEC-1', 'old', {}, { database_specific: { informational: 'unmaintained' } }),
    ]);
    const run = await scan({
      sbom: sbomOf(['unrated', 'evil', 'old'].map((name) => ({ purl: `pkg:npm/${name}@1.0.0` }))),
      database,
    });
    expect(reportOf(run).findings.map(({ code, severity }) => [code, severity])).toEqual([
      ['VULN_CRITICAL', 'error'],
      ['VULN_UNRATED', 'error'],
      ['VULN_INFO', 'hint'],
    ]);
    expect(run.summary).toMatchObject({ findings: 3, blocking: 2 });
  });

  it('bounds its Problems and its summary, and loses nothing in the report', async () => {
    const names = Array.from({ length: 350 }, (_, index) => `p${index}-${'x'.repeat(150)}`);
    const database = await snapshotOf(names.map((name, index) => advisory(`GHSA-${index}`, name, CRITICAL)));
    const run = await scan({ sbom: sbomOf(names.map((name) => ({ purl: `pkg:npm/${name}@1.0.0` }))), database });
    expect(run.problems).toHaveLength(201);
    expect(run.problems.at(-1)).toMatchObject({
      code: 'VULN_MORE',
      title: '150 more critical, high or unrated vulnerabilities',
    });
    expect(reportOf(run).findings).toHaveLength(350);
    expect(JSON.stringify(run.summary).length).toBeLessThan(32_768);
  });

  it('shows a stranger’s text without control characters and secrets', async () => {
    const summary = `\u001b[31mbad\u202e text with AKIA${'IOSFODNN7QRSTUVW'} in it`;
    const run = await scan({
      sbom: sbomOf([{ purl: VULNERABLE }]),
      database: await snapshotOf([advisory('A', 'left-pad', { ...HIGH, summary })]),
    });
    for (const text of [
      run.problems[0]?.title,
      ...['report.json', 'vulnerabilities.cdx.json', 'vulnerabilities.sarif.json'].map((name) => run.outputs.get(name)),
    ]) {
      expect(text).toContain('bad text with');
      for (const hidden of ['AKIA', '\\u001b', '\u001b', '\u202e']) expect(text).not.toContain(hidden);
    }
  });
});

describe('[§14 E] nothing is called clean that was not checked', () => {
  const stale = { params: { timestamp: '2026-07-01T00:00:00Z' } };

  it.each([
    ['no database', async () => ({}), 'VULN_DATABASE_MISSING'],
    ['an empty file', async () => ({ database: new Uint8Array() }), 'VULN_DATABASE_EMPTY'],
    [
      'OSV records that were not imported',
      async () => ({ database: new TextEncoder().encode('{"id":"A"}') }),
      'VULN_DATABASE_INVALID',
    ],
    [
      'half a database',
      async () => ({ database: (await snapshotOf([advisory('A', 'x')])).subarray(0, 300) }),
      'VULN_DATABASE_INVALID',
    ],
    [
      'a database that is too old',
      async () => ({ database: await snapshotOf([advisory('A', 'x')]), ...stale }),
      'VULN_DATABASE_STALE',
    ],
    [
      'a database without credible times',
      async () => ({ database: await snapshotOf([advisory('A', 'x', { modified: '0001-01-01T00:00:00Z' })]) }),
      'VULN_DATABASE_STALE',
    ],
    [
      'a day that does not exist',
      async () => ({ database: await snapshotOf([advisory('A', 'x')]), params: { timestamp: '2026-13-41T00:00:00Z' } }),
      'VULN_DATABASE_STALE',
    ],
    [
      'a database of another ecosystem that mentions this one',
      async () => ({
        database: await snapshotOf([
          advisory('A', 'x', {
            affected: [
              { package: { ecosystem: 'PyPI', name: 'x' }, versions: ['1.0'] },
              { package: { ecosystem: 'npm', name: 'x' }, versions: ['9.0.0'] },
            ],
          }),
        ]),
      }),
      'VULN_NOTHING_CHECKED',
    ],
  ])('%s', async (_name, inputs, code) => {
    await expect(scan({ sbom: sbomOf([{ purl: VULNERABLE }]), ...(await inputs()) })).rejects.toMatchObject({ code });
  });

  it('takes an old database when it is told to', async () => {
    const database = await snapshotOf([advisory('A', 'x')]);
    const run = await scan({
      sbom: sbomOf([{ purl: VULNERABLE }]),
      database,
      params: { ...stale.params, max_age_days: 42 },
    });
    expect(run.summary).toMatchObject({ database: { age_days: 42, max_age_days: 42 } });
  });

  it('an empty database with a header', async () => {
    const text = new TextDecoder().decode(await snapshotOf([advisory('A', 'x')]));
    const header = JSON.parse(text.split('\n')[1] ?? '');
    const empty = { ...header, records: 0, packages: 0, sections: { record_bytes: 0, package_bytes: 0 } };
    const database = new Uint8Array([
      ...new TextEncoder().encode(`mex.advisories@1\n${JSON.stringify(empty)}\n`),
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    ]);
    await expect(scan({ sbom: sbomOf([{ purl: VULNERABLE }]), database })).rejects.toMatchObject({
      code: 'VULN_DATABASE_EMPTY',
    });
  });

  it('lists every component that could not be checked, with the reason', async () => {
    const components = [
      { purl: VULNERABLE },
      { purl: 'pkg:pypi/requests@2.0' },
      { purl: 'pkg:nuget/Json@1.0.0' },
      { purl: 'pkg:npm/forked@1.0.0?vcs_url=git%2Bhttps://git.example/x' },
      { purl: 'pkg:npm/odd@latest' },
      { purl: 'pkg:npm/bare' },
      { name: 'nameless' },
      { purl: 'pkg:npm/broken%ZZ@1.0.0', name: 'broken' },
      { name: 'member', properties: [{ name: 'mex:package:source', value: 'workspace' }] },
      { name: 'logo.png', type: 'file' },
    ];
    const run = await scan({
      sbom: sbomOf(components),
      database: await snapshotOf([advisory('A', 'left-pad', MEDIUM)]),
    });
    expect(run.summary).toMatchObject({
      components: {
        total: 10,
        checked: 1,
        local: 2,
        not_checked: 7,
        not_checked_reasons: {
          ecosystem_not_in_database: 1,
          ecosystem_unsupported: 1,
          no_purl: 2,
          no_version: 1,
          not_from_registry: 1,
          version_not_understood: 1,
        },
      },
    });
    expect(run.problems.filter(({ code }) => code === 'VULN_NOT_CHECKED')).toHaveLength(6);
    expect(reportOf(run).findings.filter(({ code }) => code === 'VULN_NOT_CHECKED')).toHaveLength(7);
  });

  it('says that lockfiles are missing from the SBOM, that it is empty, and that the database has gaps', async () => {
    const metadata = {
      component: { type: 'application', name: 'app' },
      properties: [{ name: 'mex:lockfile:unread', value: 'b/yarn.lock' }],
    };
    const database = await snapshotOf([advisory('A', 'x'), { id: 'BROKEN' }]);
    const run = await scan({ sbom: sbomOf([], { metadata }), database });
    expect(run.problems.map(({ code, severity }) => [code, severity])).toEqual([
      ['VULN_DATABASE_INCOMPLETE', 'warning'],
      ['VULN_SBOM_INCOMPLETE', 'error'],
      ['VULN_SBOM_EMPTY', 'warning'],
    ]);
    expect(run.problems[0]?.message).toContain('records.ndjson:2 (modified is missing)');
  });
});

describe('the timestamp', () => {
  it('is what the documents state', async () => {
    const run = await scan({
      sbom: sbomOf([{ purl: VULNERABLE }]),
      database: await snapshotOf([advisory('A', 'left-pad', HIGH)]),
    });
    for (const [name, text] of run.outputs) expect(text, name).toContain(TIMESTAMP);
  });

  it('[§14 E] as_of is what ages are measured against, and the documents state the timestamp all the same', async () => {
    const day = TIMESTAMP.slice(0, 10);
    const newest = advisory('A', 'left-pad', HIGH);
    const inputs = { sbom: sbomOf([{ purl: VULNERABLE }]), database: await snapshotOf([newest]) };
    const at = (params: Record<string, unknown>) =>
      scan({ ...inputs, params: { timestamp: `${day}T00:00:00Z`, ...params } });
    const run = await at({ as_of: `${day}T23:59:59Z` });
    expect(run.summary).toMatchObject({ as_of: `${day}T23:59:59Z` });
    for (const [name, text] of run.outputs)
      if (name !== 'report.json') expect(text, name).toContain(`${day}T00:00:00Z`);
    await expect(at({ as_of: '2031-01-01T23:59:59Z' })).rejects.toMatchObject({ code: 'VULN_DATABASE_STALE' });
    await expect(at({ as_of: '2031-02-31T23:59:99Z' })).rejects.toMatchObject({ code: 'VULN_DATABASE_STALE' });
  });
});
