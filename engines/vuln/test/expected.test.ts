import { importAdvisories } from '@mex/advisories';
import { openSnapshot, type Snapshot } from '@mex/advisories/snapshot';
import { beforeAll, describe, expect, it } from 'vitest';
import { scanComponents } from '../src/match/scan.ts';
import { readSbom } from '../src/sbom/cyclonedx.ts';
import { NO_SBOM, sbomOf } from './bundled-engine.ts';
import { DATA, expectedVuln, HAS_DATA, lockfileSamples, NO_DATA } from './test-data.ts';

const samples = lockfileSamples().filter(({ id }) => expectedVuln(id) !== undefined);
const skip = !HAS_DATA || NO_SBOM !== '';

if (skip) console.warn(`expected vulnerabilities${NO_DATA}${NO_SBOM}`);

describe.skipIf(skip)(`[§13] vulnerabilities of real lockfiles${NO_DATA}${NO_SBOM}`, () => {
  let npm: Snapshot;
  let crates: Snapshot;

  beforeAll(async () => {
    const options = { now: '2026-11-21T00:00:00Z' };
    npm = openSnapshot((await importAdvisories([`${DATA}osv/npm-ghsa.ndjson.gz`], options)).snapshot);
    crates = openSnapshot((await importAdvisories([`${DATA}osv/crates-rustsec.ndjson.gz`], options)).snapshot);
  });

  it.each(samples.map((sample) => [sample.id, sample] as const))('%s', async (id, { ecosystem, dir }) => {
    const sbom = readSbom(new TextEncoder().encode(await sbomOf(dir)));
    const snapshot = ecosystem === 'cargo' ? crates : npm;
    const found = new Map<string, Set<string>>();
    for (const match of scanComponents(sbom, snapshot).matches) {
      const key = `${match.package.name}@${match.version}`;
      found.set(key, (found.get(key) ?? new Set()).add(snapshot.record(match.entry.record).id));
    }
    const lines = [...found].map(([key, ids]) => `${key} ${[...ids].sort().join(' ')}`).sort();
    const expected = (expectedVuln(id) ?? []).map(
      (one) => `${one.package}@${one.version} ${[...one.ids].sort().join(' ')}`,
    );
    expect(lines).toEqual(expected.sort());
  });
});
