import { engine as sbom } from '@mex/engine-sbom';
import type { ArtifactHandle, EngineResult, FullBudget, PlannedOperation } from '@mex/envelope';
import { GATE_IDS, type PostFacts, type PreFacts } from '@mex/gates';
import { createRegistry } from '@mex/registry';

/** An SBOM operation as `mex scan` plans it, with what the runtime would tell the gates before and after it. */
export interface TypicalOperation {
  readonly operation: PlannedOperation;
  readonly before: PreFacts;
  readonly result: EngineResult;
  readonly after: PostFacts;
}

const INPUT_SHA256 = '1'.repeat(64);
const CAPABILITIES = ['fs.read:inputs', 'fs.write:artifacts'];

export function typicalOperation(): TypicalOperation {
  const { manifest, bundle } = sbom;
  const registry = createRegistry([{ engineId: manifest.engine_id, manifest, bundle, origin: 'shipped' }]);
  const { engine } = registry.resolve(manifest.engine_id);
  const declared = engine?.operations.get('sbom.generate');
  if (engine === undefined || declared === undefined) throw new Error('the SBOM engine cannot be registered');
  const operation = planned(engine.manifest.engine_id);
  const budget = engine.manifest.default_budget;
  const before: PreFacts = {
    now: Date.now(),
    gates: GATE_IDS,
    paramsBytes: JSON.stringify(operation.params).length,
    engine: {
      found: true,
      manifest: engine.manifest,
      manifestSha256: engine.manifestSha256,
      operation: declared.manifest,
      params: declared.params(),
      loadedBundleSha256: engine.manifest.bundle.sha256,
      certificate: { state: 'absent' },
      implementation: { implementation: { id: 'builtin', kind: 'builtin' } },
    },
    inputs: [{ state: 'present' }],
    policy: {
      profile: CAPABILITIES,
      profileId: 'Analyst',
      denied: [],
      allowUncertified: true,
      requireRunBudget: false,
      ceilings: {},
      sha256: '2'.repeat(64),
    },
    consents: [],
    caller: { id: 'os:bench', kind: 'human' },
    budget,
    quota: { exceeded: false },
    circuit: 'closed',
    runBudget: 'absent',
  };
  const outputs = declared.manifest.outputs.map(({ name, kind, mime }, index) => handle(name, kind, mime, index + 3));
  const after: PostFacts = {
    manifest: engine.manifest,
    operation: declared.manifest,
    granted: CAPABILITIES,
    usedCapabilities: CAPABILITIES,
    budget,
    usage: spent(budget),
    summaryBytes: 120,
    stagedSha256: new Set(outputs.map((output) => output.sha256)),
    outputNames: declared.manifest.outputs.map((output) => output.name),
    nondeterminism: [],
    leaks: [],
  };
  return { operation, before, result: succeeded(operation, after, outputs), after };
}

function planned(engineId: string): PlannedOperation {
  return {
    schema_version: 'poe-1.0',
    op_id: '00000000-0000-4000-8000-000000000001',
    engine_id: engineId,
    operation: 'sbom.generate',
    inputs: [handle('lockfiles', 'bundle', 'application/vnd.mex.pin+json', 1)],
    params: { name: 'typical', version: '1.2.3', spdx: true },
    capabilities_requested: CAPABILITIES,
    budget: { wall_time_ms: 60_000 },
    determinism: 'D3',
    output_spec: { max_count: 4 },
  };
}

function handle(name: string, kind: ArtifactHandle['kind'], mime: string, index: number): ArtifactHandle {
  const artifactId = `00000000-0000-4000-8000-00000000000${index}`;
  const sha256 = index === 1 ? INPUT_SHA256 : `${index}`.repeat(64);
  return { artifact_id: artifactId, sha256, size_bytes: 40_000, mime, kind, name };
}

function spent(budget: FullBudget): FullBudget {
  return {
    ...budget,
    wall_time_ms: 40,
    cpu_time_ms: 35,
    memory_bytes: 30_000_000,
    output_bytes: 120_000,
    file_writes: 3,
  };
}

function succeeded(operation: PlannedOperation, facts: PostFacts, outputs: ArtifactHandle[]): EngineResult {
  return {
    schema_version: 'mex.engine_result@1.0',
    op_id: operation.op_id,
    status: 'succeeded',
    started_at: '2026-01-01T00:00:00.000Z',
    ended_at: '2026-01-01T00:00:00.040Z',
    outputs,
    evidence: [],
    provenance: {
      engine_id: facts.manifest.engine_id,
      engine_version: facts.manifest.engine_version,
      operation: operation.operation,
      implementation: 'builtin',
      bundle_sha256: facts.manifest.bundle.sha256,
      inputs: [INPUT_SHA256],
      outputs: outputs.map((output) => output.sha256),
      config_hash: 'a'.repeat(64),
      operation_sha256: 'b'.repeat(64),
      capabilities_granted: CAPABILITIES.map((capability_id) => ({ capability_id })),
      determinism: operation.determinism,
      environment: {
        runtime: 'node',
        runtime_version: process.version,
        os: process.platform,
        arch: process.arch,
        isolation_tier: 'thread',
        tool_versions: {},
        contract_version: 'mex-1.0',
      },
    },
    errors: [],
    budget: facts.budget,
    usage: facts.usage,
  };
}
