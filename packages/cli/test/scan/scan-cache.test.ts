import { join } from 'node:path';
import type { Host } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScanOutcome } from '../../src/scan/run-scan.ts';
import { scratch } from '../mex.ts';
import { daysFromNow, HIGH, openVex, write, writeAdvisories, writeCleanProject } from './project.ts';
import { openTestHost, scanDirectory, type TestScan, told } from './scanner.ts';

const dir = scratch();
let host: Host;
let count = 0;
beforeAll(async () => {
  host = await openTestHost(dir);
});
afterAll(() => host.close({ graceMs: 0 }));

/** A project of its own, with something to find, and what scans it. */
function writeProject() {
  const place = join(dir, `case-${count++}`);
  const osv = join(place, 'osv');
  const root = join(place, 'project');
  const depend = (version: string) => writeCleanProject(root, [{ name: `p${count}`, version, license: null }]);
  const advise = (id: string) => writeAdvisories(osv, [{ id, name: `p${count}`, vector: HIGH }]);
  depend('1.0.0');
  advise('TEST-1');
  const scan = (options: TestScan = {}) => scanDirectory(host, root, { release: true, osv, ...options });
  return { place, root, depend, advise, scan, name: `p${count}` };
}

/** Which checks were served. */
const cached = ({ checks }: ScanOutcome): string[] =>
  checks.flatMap(({ check, result }) => (result.provenance.cached_from === undefined ? [] : [check.name]));

describe('[§13] [§6] a scan of an unchanged tree', () => {
  it('scans nothing, names the operations that did, and blocks for the same reasons with the same Problems', async () => {
    const { scan } = writeProject();
    const [first, again] = [await scan(), await scan()];
    expect(cached(first)).toEqual([]);
    expect(again.checks.map(({ result }) => result.provenance.cached_from)).toEqual(
      first.checks.map(({ result }) => result.op_id),
    );
    expect(told(again)).toEqual(told(first));
    expect(told(first).verdict).toBe('block');
    const problemsOf = ({ problems }: ScanOutcome): string[] => problems.map(({ fingerprint }) => fingerprint).sort();
    expect(problemsOf(again)).toEqual(problemsOf(first));
    expect(again.checks.map(({ report }) => report)).toEqual(first.checks.map(({ report }) => report));
    expect(cached(await scan({ cache: 'bypass' }))).toEqual([]);
  });

  it('what changed is scanned, and what depends on it', async () => {
    const { root, scan, advise, depend } = writeProject();
    await scan();
    write(root, { 'index.js': 'export const answer = 43;\n' });
    expect(cached(await scan())).toEqual(['sbom', 'vuln', 'license']);
    advise('TEST-2');
    expect(cached(await scan())).toEqual(['sbom', 'license', 'secret']);
    depend('1.0.1');
    expect(cached(await scan())).toEqual([]);
  });

  it('an allow list is part of the question', async () => {
    const { place, scan, name } = writeProject();
    await scan();
    write(place, {
      'vex.json': openVex('TEST-1', `pkg:npm/${name}@1.0.0`, daysFromNow(10)),
      'scan-policy.json': JSON.stringify({ schema_version: 'mex.scan_policy@1.0', vex: ['vex.json'] }),
    });
    expect(cached(await scan({ policy: join(place, 'scan-policy.json') }))).toEqual(['sbom', 'license', 'secret']);
  });
});
