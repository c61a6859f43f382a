import { describe, expect, it } from 'vitest';
import { writeSpdx } from '../../src/documents/spdx.ts';
import { entry, inventory, largeInventory } from './fixture.ts';

const OPTIONS = { timestamp: '2026-02-03T04:05:06.789Z', toolVersion: '9.8.7' };
const SUBJECT = { name: 'my app', version: '1.0.0', licenses: ['MIT'] };

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

const SAMPLE = inventory(
  [
    entry('@s/a', { version: '1.0.0', licenses: ['MIT'], hashes: [{ algorithm: 'SHA-512', hex: 'ab'.repeat(64) }] }),
    entry('b', { version: '2.0.0', dev: true, licenses: ['MIT OR ISC', 'Apache-2.0'] }),
    entry('c', { version: '3.0.0', optional: true, licenses: ['SEE LICENSE IN FILE'] }),
    entry('d', { version: '1', source: { kind: 'git', url: 'https://host.example/d.git', commit: 'abc1234' } }),
    entry('m', { version: '1.0.0', source: { kind: 'workspace' } }),
  ],
  { direct: ['@s/a@1.0.0', 'b@2.0.0', 'c@3.0.0'], edges: new Map([['@s/a@1.0.0', ['b@2.0.0']]]) },
);

describe('writeSpdx', () => {
  const document: Json = JSON.parse(writeSpdx([SAMPLE], SUBJECT, OPTIONS));
  const byId = new Map<string, Json>(document.packages.map((one: Json) => [one.SPDXID, one]));

  it('says what it is, what made it and when', () => {
    expect(document).toMatchObject({
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
      creationInfo: {
        created: '2026-02-03T04:05:06Z',
        creators: ['Tool: MEX engine.supply_chain.sbom-9.8.7'],
      },
    });
    expect(document.documentNamespace).toMatch(/^https:\/\/mex\.example\/spdx\/my%20app\/[0-9a-f]{64}$/);
  });

  it('describes packages', () => {
    expect(byId.get('SPDXRef-Package-npm-s-a-1.0.0')).toMatchObject({
      name: '@s/a',
      versionInfo: '1.0.0',
      licenseDeclared: 'MIT',
      checksums: [{ algorithm: 'SHA512', checksumValue: 'ab'.repeat(64) }],
      externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:npm/%40s/a@1.0.0' }],
    });
    expect(byId.get('SPDXRef-Package-npm-b-2.0.0')).toMatchObject({
      licenseDeclared: 'Apache-2.0 OR (MIT OR ISC)',
      comment: 'Development only.',
    });
    expect(byId.get('SPDXRef-Package-npm-d-1').downloadLocation).toBe('git+https://host.example/d.git@abc1234');
    const declared = byId.get('SPDXRef-Package-npm-c-3.0.0').licenseDeclared;
    expect(document.hasExtractedLicensingInfos).toMatchObject([
      { licenseId: declared, extractedText: 'SEE LICENSE IN FILE' },
    ]);
  });

  it('relates them', () => {
    const lines = document.relationships.map((one: Json) =>
      `${one.spdxElementId} ${one.relationshipType} ${one.relatedSpdxElement}`.replaceAll('SPDXRef-', ''),
    );
    expect(lines).toEqual([
      'DOCUMENT DESCRIBES Subject',
      'Subject CONTAINS Package-npm-m-1.0.0',
      'Subject DEPENDS_ON Package-npm-s-a-1.0.0',
      'Package-npm-b-2.0.0 DEV_DEPENDENCY_OF Subject',
      'Package-npm-c-3.0.0 OPTIONAL_DEPENDENCY_OF Subject',
      'Package-npm-s-a-1.0.0 DEPENDS_ON Package-npm-b-2.0.0',
    ]);
  });

  it('gives identifiers that differ even where the characters SPDX allows do not', () => {
    const twins = ['a b', 'a+b', 'a_b'].map((name) => entry(name, { version: '1.0.0' }));
    const { packages }: Json = JSON.parse(writeSpdx([inventory(twins)], SUBJECT, OPTIONS));
    const ids = packages.map((one: Json) => one.SPDXID);
    expect(new Set(ids).size).toBe(4);
    expect(ids.slice(1).map((id: string) => id.replace('SPDXRef-Package-npm-', ''))).toEqual([
      'a-b-1.0.0',
      'a-b-1.0.0-2',
      'a-b-1.0.0-3',
    ]);
    for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
  });

  it('[§6] gives the same bytes for the same input in any order', () => {
    const large = largeInventory(200);
    const other = { ...SAMPLE, path: 'other/package-lock.json' };
    const shuffled = { ...large, packages: large.packages.toReversed() };
    expect(writeSpdx([shuffled, other], SUBJECT, OPTIONS)).toBe(writeSpdx([other, large], SUBJECT, OPTIONS));
  });

  it('says that lockfiles are missing', () => {
    const { comment }: Json = JSON.parse(writeSpdx([], SUBJECT, { ...OPTIONS, unread: ['a/yarn.lock'] }));
    expect(comment).toContain('a/yarn.lock');
  });
});
