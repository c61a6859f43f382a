import { createChecker, SupplyChainReport } from '@mex/envelope';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { beforeAll, describe, expect, it } from 'vitest';
import type { OperationRun } from '../bundled-engine.ts';
import { advisory, CRITICAL, HIGH, MEDIUM, sbomOf, scan, snapshotOf } from '../fixture.ts';
import { HAS_DATA, NO_DATA, readJson } from '../test-data.ts';

function ajvWithFormats(): Ajv {
  const ajv = new Ajv({ strict: false, validateFormats: true });
  addFormats.default(ajv);
  ajv.addFormat('iri-reference', (text: string) => ajv.validate({ type: 'string', format: 'uri-reference' }, text));
  ajv.addFormat('idn-email', true);
  return ajv;
}

function cycloneDx(): ValidateFunction {
  const ajv = ajvWithFormats();
  for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs'])
    ajv.addSchema(readJson(`schemas/cyclonedx/${name}.schema.json`));
  return ajv.compile(readJson('schemas/cyclonedx/bom-1.7.schema.json'));
}

/** Everything that the documents can hold: several ratings, suppression, aliases, odd names, no fix, no rating. */
async function everything(): Promise<OperationRun> {
  const database = await snapshotOf([
    advisory('GHSA-1', 'left-pad', {
      ...HIGH,
      aliases: ['CVE-2026-1', 'XYZ-1'],
      database_specific: { cwe_ids: ['CWE-79'] },
      published: '2026-01-01T00:00:00Z',
    }),
    advisory('GHSA-2', 'left-pad', CRITICAL),
    advisory('GHSA-3', 'odd name', MEDIUM, { ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }] }),
    advisory('MAL-1', '@scope/evil', { summary: '' }),
    advisory('GO-1', 'unrated', { references: [{ type: 'WEB', url: 'https://example.com/x' }] }),
  ]);
  const components = [
    'left-pad@1.0.0',
    'left-pad@1.1.0',
    'odd%20name@1.0.0',
    '%40scope/evil@1.0.0',
    'unrated@1.0.0-rc.1',
  ];
  const sbom = sbomOf([...components.map((one) => ({ purl: `pkg:npm/${one}` })), { name: 'nameless' }]);
  const statement = {
    vulnerability: { name: 'CVE-2026-1' },
    products: [{ '@id': 'pkg:npm/left-pad@1.1.0' }],
    status: 'not_affected',
    justification: 'inline_mitigations_already_exist',
    status_notes: 'expires: 2026-12-31',
  };
  const vex = {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': 'https://example.com/vex/1',
    author: 'Security Team',
    timestamp: '2026-05-01T00:00:00Z',
    version: 1,
    statements: [statement],
  };
  return scan({ sbom, database, allowLists: [vex] });
}

let run: OperationRun;
beforeAll(async () => {
  run = await everything();
});

function document(name: string) {
  return JSON.parse(run.outputs.get(name) ?? '');
}

describe('documents', () => {
  it('[§13] report.json is a SupplyChainReport', () => {
    const checker = createChecker(SupplyChainReport);
    expect(checker.check(document('report.json'))).toBe(true);
  });

  it.skipIf(!HAS_DATA)(`vulnerabilities.cdx.json satisfies CycloneDX 1.7${NO_DATA}`, () => {
    const validate = cycloneDx();
    expect(validate(document('vulnerabilities.cdx.json')), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  });

  it.skipIf(!HAS_DATA)(`vulnerabilities.sarif.json satisfies SARIF 2.1.0${NO_DATA}`, () => {
    // Draft 04 in name; it uses nothing that draft 07 reads otherwise.
    const { $schema: _draft, id: _id, ...schema } = readJson('schemas/sarif/sarif-schema-2.1.0.json');
    const validate = ajvWithFormats().compile(schema);
    expect(validate(document('vulnerabilities.sarif.json')), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  });

  it('the VDR joins what one advisory affects, apart from what is excused', () => {
    const { vulnerabilities, components } = document('vulnerabilities.cdx.json');
    const refs = components.map((one: { 'bom-ref': string }) => one['bom-ref']);
    const seen = vulnerabilities.map(
      (one: { 'bom-ref': string; affects: { ref: string }[]; analysis?: { state: string } }) => {
        for (const { ref } of one.affects) expect(refs).toContain(ref);
        return [one['bom-ref'], one.affects.length, one.analysis?.state];
      },
    );
    expect(seen).toEqual([
      ['vuln:MAL-1', 1, undefined],
      ['vuln:GHSA-2', 2, undefined],
      ['vuln:GHSA-1', 1, undefined],
      ['vuln:GO-1', 1, undefined],
      ['vuln:GHSA-3', 1, undefined],
      ['vuln:GHSA-1:https://example.com/vex/1#statements[0]', 1, 'not_affected'],
    ]);
  });

  it('SARIF marks excused findings as suppressed and points at the lockfile', () => {
    const [{ results, tool }] = document('vulnerabilities.sarif.json').runs;
    expect(results).toHaveLength(7);
    expect(results.filter((one: { suppressions?: unknown[] }) => one.suppressions !== undefined)).toHaveLength(1);
    for (const { ruleId, ruleIndex, locations } of results) {
      expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
      expect(locations[0].physicalLocation.artifactLocation.uri).toBe('web/package-lock.json');
    }
  });

  it('[§4] the evidence names every raw match with the digest of its record and the rule that held', () => {
    const { matches, inputs } = document('matches.json');
    expect(matches).toHaveLength(7);
    expect(matches[0]).toMatchObject({
      package: 'left-pad',
      version: '1.0.0',
      record: 'GHSA-1',
      rule: { events: [{ introduced: '0' }, { fixed: '2.0.0' }] },
    });
    for (const match of matches) expect(match.record_sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(inputs).toEqual({ sbom: '0'.repeat(64), database: '1'.repeat(64), allow_lists: ['2'.repeat(64)] });
  });
});
