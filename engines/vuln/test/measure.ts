/*
 * Measures matching against the full npm set: `node --conditions=@mex/source test/measure.ts [components]`.
 * Components are the packages of the shared lockfiles, filled up with invented ones. Figures are of this process: what
 * the built engine does from its inputs to its outputs (all four documents), without the sandbox around it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { importAdvisories } from '@mex/advisories';
import { loadBundle, runOperation } from './bundled-engine.ts';

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
const code = readFileSync(new URL('../dist/engine.bundle', import.meta.url), 'utf8');
const operations = loadBundle(code);
const inputs = [sbom, snapshot].map((bytes) => ({ kind: 'file', sha256: '0'.repeat(64), bytes: async () => bytes }));
globalThis.gc?.();
const before = process.memoryUsage();
const times: number[] = [];
const cpu: number[] = [];
let summary: unknown;
for (let round = 0; round < 7; round++) {
  start = performance.now();
  const usage = process.cpuUsage();
  const params = { timestamp: '2026-11-21T00:00:00Z', max_age_days: 3_650 };
  ({ summary } = await runOperation(operations, 'vuln.scan', inputs, params));
  times.push(since(start));
  cpu.push(Math.round(process.cpuUsage(usage).user / 1_000));
}
const after = process.memoryUsage();
const [first, ...later] = times;
console.log(`CPU time of each scan: ${cpu.join(', ')} ms`);
console.log(JSON.stringify(summary).slice(0, 300));
console.log(`scan of ${count} packages: first ${first} ms, then ${Math.min(...later)} to ${Math.max(...later)} ms`);
const grown = mib(after.heapUsed - before.heapUsed);
console.log(`snapshot ${mib(snapshot.length)} MiB, SBOM ${mib(sbom.length)} MiB, heap grew ${grown} MiB over 7 scans`);

function since(from: number): number {
  return Math.round(performance.now() - from);
}

function mib(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

/** Real names and versions first. */
function packages(wanted: number): [string, string][] {
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
