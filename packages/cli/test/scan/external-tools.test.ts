import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doneBy } from '../../src/scan/done-by.ts';
import { scanDocument } from '../../src/scan/scan-document.ts';
import { exitOfScan } from '../../src/scan/scan-exit.ts';
import { scratch } from '../mex.ts';
import { plantedToken, writeCleanProject } from './project.ts';
import { findingsOf, openTestHost, scanDirectory, told } from './scanner.ts';
import { installStandIns, makeToolDirectory, NO_TOOLS, type ToolDirectory } from './stand-ins/install.ts';

const dir = scratch();
const TOOLS = ['syft', 'osv-scanner', 'scancode', 'gitleaks'];
const ENGINES = {
  'engine.supply_chain.sbom': 'syft',
  'engine.supply_chain.vuln': 'osv-scanner',
  'engine.supply_chain.license': 'scancode',
  'engine.guard.secret_scan': 'gitleaks',
};
const OWN = ['fs.read:inputs', 'fs.write:artifacts'];
const MIT = 'MIT License\n\nPermission is hereby granted, free of charge, …\n';
const BETA = [{ name: 'beta', version: '1.0.0' }];
let count = 0;

const project = (files: Record<string, string> = {}, packages = BETA): string =>
  writeCleanProject(join(dir, `case-${count++}`), packages, { LICENSE: MIT, ...files });

function openHostWith(policy: object, scanPolicy: object = {}): Promise<Host> {
  const home = join(dir, `host-${count++}`);
  mkdirSync(join(home, 'home'), { recursive: true });
  const document = { schema_version: 'mex.policy@1.0', ...policy };
  writeFileSync(join(home, 'home', 'policy.json'), JSON.stringify(document));
  const scan = { schema_version: 'mex.scan_policy@1.0', ...scanPolicy };
  writeFileSync(join(home, 'home', 'scan-policy.json'), JSON.stringify(scan));
  return openTestHost(home);
}

/** Whether any file below a directory holds these bytes. */
function holds(root: string, text: string): boolean {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).some((path) => {
    const file = join(root, path);
    return statSync(file).isFile() && readFileSync(file).includes(text);
  });
}

describe.skipIf(NO_TOOLS !== '')(`[§13] a scan by external tools${NO_TOOLS}`, () => {
  let host: Host;
  let directory: ToolDirectory | undefined;

  beforeAll(async () => {
    directory = makeToolDirectory();
    const tools = installStandIns(directory);
    const profiles = { Analyst: [...OWN, ...TOOLS.map((tool) => `proc.exec:${tool}`)] };
    host = await openHostWith(
      { profiles, tools, implementations: ENGINES },
      { advisories: { accept_unknown_age: true } },
    );
  }, 30_000);
  afterAll(async () => {
    await host.close({ graceMs: 0 });
    directory?.remove();
  });

  it('passes a clean release, each check by the tool that policy names, all of it on record', async () => {
    const outcome = await scanDirectory(host, project(), { release: true });
    expect(told(outcome)).toEqual({ verdict: 'pass', fatal: [] });
    const done = outcome.checks.map(({ result }) => [result.provenance.implementation, result.provenance.determinism]);
    expect(done).toEqual(TOOLS.map((tool) => [tool, 'D1']));
    for (const [index, { result }] of outcome.checks.entries()) {
      const tool = TOOLS[index] ?? '';
      expect(result.evidence.map(({ name }) => name)).toContain('tool-report.json');
      expect(result.provenance.environment.tool_versions[tool]).toMatch(
        /^sha256:[0-9a-f]{64} run by sha256:[0-9a-f]{64} .*stand-in/,
      );
      expect(result.provenance.capabilities_granted).toContainEqual({ capability_id: `proc.exec:${tool}` });
      const commands = host.recorder.list({ op: result.op_id, type: 'terminal_command' });
      const exits = commands.map(({ event }) => (event.type === 'terminal_command' ? event.exit_code : null));
      // The first run of a host asks for the version before.
      expect(new Set(exits)).toEqual(new Set([0]));
      expect(doneBy(result)).toMatch(new RegExp(`^by ${tool} \\(.*stand-in`));
    }
    expect(scanDocument(outcome)).toMatchObject({ results: TOOLS.map((implementation) => ({ implementation })) });
  });

  it('blocks a release for what they find, and no raw secret is anywhere', async () => {
    const token = plantedToken();
    const vulnerable = [{ name: 'alpha', version: '1.0.0' }];
    const path = project({ 'src/a.js': `\nconst t = '${token}';\n` }, vulnerable);
    const outcome = await scanDirectory(host, path, { release: true });
    expect(told(outcome)).toEqual({ verdict: 'block', fatal: ['RELEASE_SECRET', 'RELEASE_VULNERABILITY'] });
    expect(findingsOf(outcome, 'vuln_scan')).toMatchObject([
      { properties: { package: 'alpha', fixed: '2.0.0', path: ['demo@1.2.3', 'alpha@1.0.0'] } },
    ]);
    expect(findingsOf(outcome, 'secret_scan')).toMatchObject([
      { locations: [{ path: 'src/a.js', range: { start: { line: 2 } } }] },
    ]);
    expect(holds(host.home, token)).toBe(false);
  });

  it.each([
    ['loud', 'succeeded', undefined],
    ['silent', 'failed', 'TOOL_EXIT_UNEXPECTED'],
    ['garbled', 'failed', 'TOOL_REPORT_INVALID'],
    ['huge', 'failed', 'TOOL_OUTPUT_LIMIT'],
    ['outside', 'failed', 'TOOL_REPORT_OUTSIDE'],
  ])('[§14 E] a tool that is %s: %s %s, and nothing of the secret stays', async (how, status, code) => {
    const token = plantedToken();
    const manifest = JSON.stringify({ name: `misbehaves-${how}`, version: '1.0.0' });
    const path = project({ 'package.json': manifest, 'a.js': `const t = '${token}';\n` });
    const outcome = await scanDirectory(host, path, { only: 'secret' });
    const [check] = outcome.checks;
    expect([check?.result.status, check?.result.errors[0]?.code]).toEqual([status, code]);
    expect(outcome.verdict).toBe(status === 'succeeded' ? 'pass' : 'error');
    if (code !== undefined) expect(exitOfScan(outcome)).toBe(4);
    expect(holds(host.home, token)).toBe(false);
  });

  it('[§14 E] a lockfile that the tool does not know is no pass', async () => {
    const path = project({
      'rust/Cargo.lock':
        'version = 4\n[[package]]\nname = "c"\nversion = "1.0.0"\nsource = "registry+https://registry.example"\n',
    });
    const outcome = await scanDirectory(host, path, { only: 'sbom' });
    expect(outcome.verdict).toBe('error');
    expect(outcome.problems.map(({ code }) => code)).toContain('SBOM_LOCKFILE_NOT_COVERED');
  });
});

describe('[§10] an implementation that cannot be used is a denial with a remedy, never another one', () => {
  const sbom = 'engine.supply_chain.sbom';
  const profiles = { Analyst: [...OWN, 'proc.exec:syft'] };

  it.each<[string, object, string]>([
    ['policy names no tools', { profiles }, 'IMPLEMENTATION_UNAVAILABLE'],
    [
      'the tool is not there',
      { profiles, tools: { syft: { path: '/usr/lib/mex-no-such-tool' } } },
      'IMPLEMENTATION_UNAVAILABLE',
    ],
    [
      'the tool is another file',
      { profiles, tools: { syft: { path: '/bin/sh', sha256: '0'.repeat(64) } } },
      'IMPLEMENTATION_UNAVAILABLE',
    ],
    ['the engine has none of that name', { profiles, implementations: { [sbom]: 'trivy' } }, 'IMPLEMENTATION_UNKNOWN'],
    ['the profile does not have the tool', { tools: { syft: { path: '/bin/sh' } } }, 'CAPABILITY_NOT_IN_PROFILE'],
  ])('%s', async (_what, policy, code) => {
    const host = await openHostWith({ implementations: { [sbom]: 'syft' }, ...policy });
    try {
      const outcome = await scanDirectory(host, project(), { only: 'sbom' });
      const [check] = outcome.checks;
      expect(check?.result).toMatchObject({ status: 'denied', errors: [{ code, remedy: expect.any(String) }] });
      expect([outcome.verdict, exitOfScan(outcome)]).toEqual(['error', 3]);
      expect(outcome.problems.map((problem) => problem.code)).toContain(code);
      expect(host.recorder.list({ op: check?.result.op_id ?? '', type: 'terminal_command' })).toEqual([]);
    } finally {
      await host.close({ graceMs: 0 });
    }
  });

  it('a planner that asks for less than the tool needs is denied, too', async () => {
    const host = await openHostWith({
      implementations: { [sbom]: 'syft' },
      profiles,
      tools: { syft: { path: '/bin/sh' } },
    });
    try {
      const planned = host.plan({ engineId: sbom, operation: 'sbom.generate' });
      expect(planned).toMatchObject({ determinism: 'D1', evidence_policy: { min_items: 1 } });
      expect(planned.capabilities_requested).toEqual([...OWN, 'proc.exec:syft']);
      const result = await host.execute({ ...planned, inputs: [], determinism: 'D3' });
      expect(result.errors[0]?.code).toBe('INPUT_COUNT');
      const input = await host.artifacts.put(new Uint8Array(1), {
        kind: 'file',
        mime: 'text/plain',
        layer: 'raw',
        created_by: {},
      });
      const greedy = { ...planned, op_id: crypto.randomUUID(), inputs: [input], determinism: 'D3' };
      expect((await host.execute(greedy)).errors[0]?.code).toBe('DETERMINISM_OVER_CEILING');
    } finally {
      await host.close({ graceMs: 0 });
    }
  });
});
