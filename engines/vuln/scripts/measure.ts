/*
 * Measures matching against the full npm set: `node --conditions=@mex/source scripts/measure.ts [components]`.
 * Components are the packages of the shared lockfiles, filled up with invented ones. Figures are of this process: what
 * the engine does between its inputs and its outputs, without the sandbox around it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { importAdvisories } from '@mex/advisories';
import { findEcosystem, openSnapshot } from '@mex/advisories/snapshot';
import { toFindings } from '../src/match/findings.ts';
import { scanComponents } from '../src/match/scan.ts';
import { readSbom } from '../src/sbom/cyclonedx.ts';
import { findPaths } from '../src/sbom/dependency-paths.ts';

const DATA = new URL('../../../../shared/data/', import.meta.url);
const count = Number(process.argv[2] ?? 5_000);

if (!existsSync(DATA)) {
  console.error('The shared test data (../shared/data) is not here: nothing to measure.');
  process.exit(1);
}

const sources = ['npm-ghsa', 'npm-malicious'].map((name) => new URL(`osv/${name}.ndjson.gz`, DATA).pathname);
let start = performance.now();
const { snapshot, header } = await importAdvisories(sources, { now: '2026-11-21T00:00:00Z' });
console.log(`import: ${header.records} records to ${snapshot.length} bytes in ${since(start)} ms`);

const sbom = new TextEncoder().encode(JSON.stringify(document(packages(count))));
globalThis.gc?.();
const before = process.memoryUsage();
const times: number[] = [];
let found = 0;
for (let round = 0; round < 7; round++) {
  start = performance.now();
  const opened = openSnapshot(snapshot);
  const read = readSbom(sbom);
  const { matches } = scanComponents(read, opened);
  found = toFindings(matches, opened, findPaths(read)).length;
  times.push(since(start));
}
const after = process.memoryUsage();
console.log(
  `matching: ${count} packages, ${found} findings; first ${times[0]} ms, then ${Math.min(...times.slice(1))} to ${Math.max(...times.slice(1))} ms`,
);
console.log(
  `memory: snapshot ${mib(snapshot.length)} MiB, SBOM ${mib(sbom.length)} MiB, heap grew ${mib(after.heapUsed - before.heapUsed)} MiB before any collection`,
);

function since(from: number): number {
  return Math.round(performance.now() - from);
}

function mib(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

/** Real names and versions first; npm is asked to be there, or the figures mean nothing. */
function packages(wanted: number): [string, string][] {
  if (findEcosystem('npm') === undefined) throw new Error('npm is not known');
  const real = new Map<string, [string, string]>();
  for (const { id } of samples()) {
    const file = new URL(`expected-sbom/${id}.json`, DATA);
    if (real.size >= wanted || !existsSync(file)) continue;
    const { packages: listed }: { packages: [string, string][] } = JSON.parse(readFileSync(file, 'utf8'));
    for (const one of listed) if (real.size < wanted) real.set(one.join('@'), one);
  }
  const filled = [...real.values()];
  for (let index = 0; filled.length < wanted; index++) filled.push([`invented-${index}`, '1.0.0']);
  return filled;
}

function samples(): { id: string }[] {
  const [, ...rows] = readFileSync(new URL('lockfiles/SOURCES.tsv', DATA), 'utf8').trim().split('\n');
  const ids = rows.map((row) => row.split('\t')[0] ?? '');
  return ids.filter((id) => /^(?:npm|pnpm|yarn)/.test(id)).map((id) => ({ id }));
}

function document(listed: readonly [string, string][]): object {
  const components = listed.map(([name, version]) => {
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    return { type: 'library', 'bom-ref': purl, name, version, purl };
  });
  const dependencies = components.map((one, index) => ({
    ref: one['bom-ref'],
    dependsOn: [2 * index + 1, 2 * index + 2].flatMap((target) => components[target]?.['bom-ref'] ?? []),
  }));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.7',
    metadata: { component: { type: 'application', 'bom-ref': 'root', name: 'app' } },
    components,
    dependencies: [{ ref: 'root', dependsOn: [components[0]?.['bom-ref'] ?? ''] }, ...dependencies],
  };
}
