import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { beforeAll, describe, expect, it } from 'vitest';
import { advisory, CRITICAL, HIGH, reportOf, sbomOf, scan, snapshotOf } from '../fixture.ts';
import { HAS_DATA, NO_DATA, readJson } from '../test-data.ts';

const PURL = 'pkg:npm/left-pad@1.0.0';

function statement(more: object = {}): object {
  return {
    vulnerability: { name: 'CVE-2026-1' },
    products: [{ '@id': PURL }],
    status: 'not_affected',
    justification: 'vulnerable_code_not_in_execute_path',
    status_notes: 'Never called with user input.\nexpires: 2026-12-31',
    ...more,
  };
}

function vex(...statements: object[]): object {
  return {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': 'https://example.com/vex/1',
    author: 'Security Team',
    timestamp: '2026-05-01T00:00:00Z',
    version: 1,
    statements,
  };
}

let database: Uint8Array;
beforeAll(async () => {
  database = await snapshotOf([
    advisory('GHSA-1', 'left-pad', { ...HIGH, aliases: ['CVE-2026-1'] }),
    advisory('GHSA-2', 'left-pad', CRITICAL),
  ]);
});

const sbom = sbomOf([{ purl: PURL }]);

/** Advisories that still count, and codes of Problems about the allow list. */
async function outcome(...allowLists: (object | string)[]) {
  const run = await scan({ sbom, database, allowLists });
  const { findings } = reportOf(run);
  return {
    counted: findings
      .filter(({ properties }) => properties['suppressed'] === undefined)
      .map(({ properties }) => properties['advisory']),
    suppressed: findings.filter(({ properties }) => properties['suppressed'] !== undefined),
    problems: run.problems.filter(({ code }) => code.startsWith('VULN_VEX')),
    summary: run.summary,
  };
}

describe('[§13] OpenVEX allow lists', () => {
  it('take out what they speak of, and leave the reason, author and expiry in the report', async () => {
    const { counted, suppressed, problems, summary } = await outcome(vex(statement()));
    expect(counted).toEqual(['GHSA-2']);
    expect(suppressed).toMatchObject([
      {
        severity: 'hint',
        properties: {
          advisory: 'GHSA-1',
          suppressed: {
            status: 'not_affected',
            reason: 'vulnerable_code_not_in_execute_path; Never called with user input.',
            author: 'Security Team',
            expires: '2026-12-31T23:59:59Z',
          },
        },
      },
    ]);
    expect(problems).toEqual([]);
    expect(summary).toMatchObject({ suppressed: 1, findings: 1, allow_lists: [{ statements: 1 }] });
  });

  it.each([
    ['by any name of the vulnerability', { vulnerability: { name: 'GHSA-1' } }],
    ['by an alias of the statement', { vulnerability: { name: 'X', aliases: ['CVE-2026-1'] } }],
    ['for every version', { products: [{ '@id': 'pkg:npm/left-pad' }] }],
    ['by purl identifier', { products: [{ '@id': 'https://example.com/x', identifiers: { purl: PURL } }] }],
    [
      'as a part of the scanned project',
      { products: [{ '@id': 'pkg:npm/app@1.0.0', subcomponents: [{ '@id': PURL }] }] },
    ],
    [
      'as fixed',
      { status: 'fixed', justification: undefined, status_notes: 'Patched here.\nexpires: 2026-12-31T00:00:00Z' },
    ],
  ])('speak of it %s', async (_name, more) => {
    expect((await outcome(vex(statement(more)))).counted).toEqual(['GHSA-2']);
  });

  it.each([
    ['another vulnerability', { vulnerability: { name: 'CVE-2026-2' } }],
    ['another version', { products: [{ '@id': 'pkg:npm/left-pad@1.0.1' }] }],
    ['another package', { products: [{ '@id': 'pkg:npm/left' }] }],
    ['a part of another product', { products: [{ '@id': 'pkg:npm/other@1.0.0', subcomponents: [{ '@id': PURL }] }] }],
    ['no product', { products: undefined }],
    ['a status that excuses nothing', { status: 'under_investigation' }],
  ])('do not speak of it: %s', async (_name, more) => {
    expect((await outcome(vex(statement(more)))).counted).toEqual(['GHSA-2', 'GHSA-1']);
  });

  it.each([
    ['expired', { status_notes: 'expires: 2026-05-31' }, 'VULN_VEX_EXPIRED'],
    ['without expiry', { status_notes: 'because' }, 'VULN_VEX_INCOMPLETE'],
    [
      'without reason',
      { status: 'fixed', justification: undefined, status_notes: 'expires: 2026-12-31' },
      'VULN_VEX_INCOMPLETE',
    ],
    [
      'not_affected for no reason that OpenVEX knows',
      { justification: undefined, status_notes: 'Trust me.\nexpires: 2026-12-31' },
      'VULN_VEX_INCOMPLETE',
    ],
  ])('count as absent with a warning when %s', async (_name, more, code) => {
    const { counted, problems } = await outcome(vex(statement(more)));
    expect(counted).toEqual(['GHSA-2', 'GHSA-1']);
    expect(problems).toMatchObject([{ code, severity: 'warning' }]);
    expect(problems[0]?.message).toContain('left-pad@1.0.0 (GHSA-1)');
  });

  it('hold for the whole last day, and not a second longer', async () => {
    const allowLists = [vex(statement({ status_notes: 'x\nexpires: 2026-06-01' }))];
    const at = async (timestamp: string) => (await scan({ sbom, database, allowLists, params: { timestamp } })).summary;
    expect(await at('2026-06-01T23:59:59Z')).toMatchObject({ suppressed: 1 });
    expect(await at('2026-06-02T00:00:00Z')).toMatchObject({ suppressed: 0 });
  });

  it('follow the latest statement; at the same time the one that excuses nothing', async () => {
    const affected = { status: 'affected', action_statement: 'upgrade' };
    expect(
      (await outcome(vex(statement(), statement({ ...affected, timestamp: '2026-05-02T00:00:00Z' })))).counted,
    ).toContain('GHSA-1');
    expect(
      (await outcome(vex(statement({ ...affected, timestamp: '2026-04-02T00:00:00Z' }), statement()))).counted,
    ).not.toContain('GHSA-1');
    expect((await outcome(vex(statement()), vex(statement(affected)))).counted).toContain('GHSA-1');
  });

  it.each([
    ['no JSON', 'not json'],
    ['another context', { ...vex(statement()), '@context': 'https://example.com' }],
    ['no author', { ...vex(statement()), author: undefined }],
    ['no statements', vex()],
    ['an unknown status', vex(statement({ status: 'fine' }))],
    ['an unknown justification', vex(statement({ justification: 'trust me' }))],
    ['no vulnerability', vex(statement({ vulnerability: undefined }))],
    ['a time that is none', vex(statement({ timestamp: 'now' }))],
    ['an expiry that is none', vex(statement({ status_notes: 'expires: next year' }))],
    ['a day that does not exist', vex(statement({ status_notes: 'expires: 2026-19-39' }))],
  ])('fail the scan when malformed: %s', async (_name, document) => {
    await expect(scan({ sbom, database, allowLists: [document] })).rejects.toMatchObject({ code: 'VULN_VEX_INVALID' });
  });

  it.skipIf(!HAS_DATA)(`with an expiry are still OpenVEX${NO_DATA}`, () => {
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    ajv.addFormat('iri', true);
    const validate = ajv.compile(readJson('schemas/openvex/openvex_json_schema.json'));
    expect(validate(vex(statement())), JSON.stringify(validate.errors)).toBe(true);
  });
});
