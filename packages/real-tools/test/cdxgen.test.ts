import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engine } from '@mex/engine-sbom';
import type { EngineResult } from '@mex/envelope';
import { openHost } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledTool, installTool, NO_TOOLS } from './install-tool.ts';

const CDXGEN = fileURLToPath(new URL('../node_modules/@cyclonedx/cdxgen', import.meta.url));
const OWN = ['fs.read:inputs', 'fs.write:artifacts'];
const entry = (name: string, version: string, more: object = {}) => ({
  version,
  resolved: `https://registry.example/${name}/-/${name.split('/').pop()}-${version}.tgz`,
  license: 'MIT',
  ...more,
});
const LOCK = {
  name: 'demo',
  version: '1.2.3',
  lockfileVersion: 3,
  packages: {
    '': {
      name: 'demo',
      version: '1.2.3',
      dependencies: { alpha: '^1.0.0', '@scope/beta': '^2.0.0' },
      devDependencies: { gamma: '^3.0.0' },
    },
    'node_modules/alpha': entry('alpha', '1.0.0', { dependencies: { delta: '^4.0.0' } }),
    'node_modules/@scope/beta': entry('@scope/beta', '2.1.0', { dependencies: { delta: '^4.0.0' } }),
    'node_modules/gamma': entry('gamma', '3.0.0', { dev: true }),
    'node_modules/delta': entry('delta', '4.0.0'),
    'node_modules/@scope/beta/node_modules/delta': entry('delta', '4.2.0'),
  },
};

interface Bill {
  readonly components: readonly { readonly purl: string; readonly licenses?: unknown }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

if (NO_TOOLS !== '') console.warn(`cdxgen${NO_TOOLS}`);

describe.skipIf(NO_TOOLS !== '')(`[§13] an SBOM by the real cdxgen${NO_TOOLS}`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'mex-cdxgen-'));
  let tool: InstalledTool | undefined;
  const bills: Bill[] = [];
  const results: EngineResult[] = [];

  beforeAll(async () => {
    tool = installTool(CDXGEN);
    const project = join(dir, 'project');
    mkdirSync(project);
    const { name, version } = LOCK;
    const { dependencies, devDependencies } = LOCK.packages[''];
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name, version, dependencies, devDependencies }));
    writeFileSync(join(project, 'package-lock.json'), JSON.stringify(LOCK));
    // Would run where anything is installed, and say so.
    writeFileSync(join(project, '.npmrc'), 'ignore-scripts=false\n');
    const cdxgen = {
      path: join(tool.path, 'bin', 'cdxgen.js'),
      interpreter: tool.node,
      read_only: [tool.dir],
      options: ['--no-install-deps', '--no-babel', '--fail-on-error', '--spec-version=1.6', '--output=*'],
    };
    const policies = [
      { profiles: { Analyst: OWN } },
      {
        profiles: { Analyst: [...OWN, 'proc.exec:cdxgen'] },
        tools: { cdxgen },
        implementations: { 'engine.supply_chain.sbom': 'cdxgen' },
      },
    ];
    for (const [index, policy] of policies.entries()) {
      const home = join(dir, `home-${index}`);
      mkdirSync(home);
      writeFileSync(join(home, 'policy.json'), JSON.stringify({ schema_version: 'mex.policy@1.0', ...policy }));
      const host = await openHost({ home, engines: [engine], caller: { id: 'test:ci', kind: 'system' } });
      const { handle } = await host.artifacts.pinDirectory(project, { meta: { created_by: {} } });
      const planned = host.plan({ engineId: 'engine.supply_chain.sbom', operation: 'sbom.generate', inputs: [handle] });
      const result = await host.execute(planned);
      results.push(result);
      const bill = result.outputs.find((output) => output.name === 'sbom.cdx.json');
      if (bill !== undefined) bills.push(JSON.parse(Buffer.from(await host.artifacts.get(bill)).toString()));
      await host.close({ graceMs: 0 });
    }
  }, 60_000);
  afterAll(() => {
    rmSync(dir, { recursive: true, force: true });
    tool?.remove();
  });

  it('lists what the built-in implementation lists, with licenses and edges', () => {
    expect(results.map(({ status, errors }) => [status, errors])).toEqual([
      ['succeeded', []],
      ['succeeded', []],
    ]);
    const [own, told] = bills;
    const facts = (bill: Bill | undefined) => bill?.components.map(({ purl, licenses }) => ({ purl, licenses }));
    expect(facts(told)).toEqual(facts(own));
    expect(facts(told)).toHaveLength(5);
    const edgesOf = (bill: Bill | undefined) =>
      bill?.dependencies.flatMap(({ ref, dependsOn = [] }) => dependsOn.map((target) => `${ref} → ${target}`)).sort();
    expect(edgesOf(told)).toEqual(edgesOf(own));
  });

  it('is on record: implementation, digests, capability, evidence', () => {
    expect(results[1]).toMatchObject({
      provenance: {
        implementation: 'cdxgen',
        determinism: 'D1',
        capabilities_granted: expect.arrayContaining([{ capability_id: 'proc.exec:cdxgen' }]),
        environment: { tool_versions: { cdxgen: expect.stringMatching(/^sha256:[0-9a-f]{64} run by sha256:/) } },
      },
      evidence: [{ name: 'tool-report.json' }],
      summary: { packages: 5, found_by: { name: 'cdxgen', version: '12.8.4' } },
    });
  });
});
