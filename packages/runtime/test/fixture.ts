import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArtifactStore, openArtifactStore } from '@mex/artifacts';
import type { EngineManifest, FullBudget, OperationManifest, PlannedOperation } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { createFileSigner, type FlightRecorder, openRecorder } from '@mex/flight-recorder';
import { createRegistry, type EngineSource } from '@mex/registry';
import { createRuntime, createThreadTier, type PolicySource, type Runtime, type RuntimeOptions } from '@mex/runtime';

const MIB = 1024 * 1024;

export const BUDGET: FullBudget = {
  wall_time_ms: 10_000,
  cpu_time_ms: 10_000,
  memory_bytes: 128 * MIB,
  output_bytes: MIB,
  net_requests: 0,
  net_bytes: 0,
  exec_count: 0,
  file_writes: 10,
};

/** Operations of the test engine: name → the body of `async (context, params) => { … }`. */
export type Bodies = Readonly<Record<string, string>>;

const PARAMS = {
  type: 'object',
  properties: {
    text: { type: 'string', maxLength: 100_000 },
    count: { type: 'integer', minimum: 0, maximum: 1_000_000 },
  },
  additionalProperties: false,
};

const operationManifest: OperationManifest = {
  title: 'Test',
  description: 'Test',
  params_schema: PARAMS,
  inputs: { min: 0, max: 3 },
  outputs: [
    { name: 'out.txt', kind: 'file', mime: 'text/plain', optional: true },
    { name: 'raw.txt', kind: 'tool_output', mime: 'text/plain', optional: true, evidence: true },
  ],
  capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
  determinism_ceiling: 'D3',
  error_codes: ['TEST_DECLARED'],
};

/** Writes a bundle and its manifest the way the SDK's build does, without its cost. */
export function makeEngine(dir: string, id: string, bodies: Bodies): EngineSource {
  const operations = Object.entries(bodies).map(
    ([name, body]) => `${JSON.stringify(name)}:{run:async(context,params)=>{${body}}}`,
  );
  const code = `(function(){'use strict';__mex_register__({operations:{${operations.join(',')}}});})();`;
  const bundle = join(dir, `${id}.bundle`);
  writeFileSync(bundle, code);
  const manifest: EngineManifest = {
    schema_version: 'mex.engine@1.0',
    engine_id: id,
    engine_version: '1.0.0',
    title: 'Test',
    description: 'Test',
    package: { name: '@mex/test-engine', version: '1.0.0' },
    contract_version: 'mex-1.0',
    operations: Object.fromEntries(Object.keys(bodies).map((name) => [name, operationManifest])),
    implementations: [{ id: 'builtin', kind: 'builtin' }],
    determinism_ceiling: 'D3',
    required_gates: [],
    default_budget: BUDGET,
    budget_ceilings: { ...BUDGET, output_bytes: 64 * MIB },
    bundle: { sha256: sha256Hex(code), size_bytes: code.length },
  };
  return { engineId: id, manifest, bundle, origin: 'added' };
}

export const openPolicy: PolicySource = {
  policyFor: () => ({
    profile: ['fs.read:inputs', 'fs.write:artifacts'],
    profileId: 'Analyst',
    denied: [],
    allowUncertified: true,
    requireRunBudget: false,
    ceilings: undefined,
    sha256: '0'.repeat(64),
  }),
  tierFor: () => 'thread',
  consents: () => [],
  isConsentLive: () => false,
};

export interface Fixture {
  readonly dir: string;
  readonly runtime: Runtime;
  readonly recorder: FlightRecorder;
  readonly store: ArtifactStore;
  readonly run: (
    operation: string,
    over?: Partial<PlannedOperation>,
    signal?: AbortSignal,
  ) => ReturnType<Runtime['execute']>;
  readonly dispose: () => Promise<void>;
}

export const CALLER = { id: 'os:tester', kind: 'human' } as const;

/** A wired runtime in a directory of its own, with one engine `engine.test.unit`. */
export async function openFixture(bodies: Bodies, over: Partial<RuntimeOptions> = {}): Promise<Fixture> {
  const dir = mkdtempSync(join(tmpdir(), 'mex-runtime-'));
  mkdirSync(join(dir, 'bundles'));
  const source = makeEngine(join(dir, 'bundles'), 'engine.test.unit', bodies);
  const recorder = openRecorder({ file: join(dir, 'log.db'), signer: createFileSigner(join(dir, 'keys')) });
  const store = openArtifactStore({ dir: join(dir, 'artifacts') });
  const tier = createThreadTier({ maxThreads: 2 });
  const runtime = createRuntime({
    recorder,
    store,
    registry: createRegistry([source]),
    policy: openPolicy,
    tiers: [tier],
    ...over,
  });
  const run: Fixture['run'] = (operation, operationOver = {}, signal) =>
    runtime.execute(plan(operation, operationOver), { caller: CALLER, ...(signal ? { signal } : {}) });
  const dispose = async (): Promise<void> => {
    await runtime.close({ graceMs: 100 });
    await store.close();
    await recorder.close();
    rmSync(dir, { recursive: true, force: true });
  };
  return { dir, runtime, recorder, store, run, dispose };
}

export function plan(operation: string, over: Partial<PlannedOperation> = {}): PlannedOperation {
  return {
    schema_version: 'poe-1.0',
    op_id: randomUUID(),
    engine_id: 'engine.test.unit',
    operation,
    inputs: [],
    params: {},
    capabilities_requested: ['fs.read:inputs', 'fs.write:artifacts'],
    budget: {},
    determinism: 'D3',
    output_spec: {},
    ...over,
  };
}
