import {
  compileParamsSchema,
  type EngineManifest,
  type EngineResult,
  type FullBudget,
  type PlannedOperation,
} from '@mex/envelope';
import { GATE_IDS, type PostFacts, type PreFacts } from '@mex/gates';
import type { CertificateStanding } from '@mex/registry';

const SHA = 'a'.repeat(64);

export const budget: FullBudget = {
  wall_time_ms: 1_000,
  cpu_time_ms: 1_000,
  memory_bytes: 64_000_000,
  output_bytes: 10_000,
  net_requests: 0,
  net_bytes: 0,
  exec_count: 0,
  file_writes: 10,
};

export const manifest: EngineManifest = {
  schema_version: 'mex.engine@1.0',
  engine_id: 'engine.test.gates',
  engine_version: '1.2.3',
  title: 'Test',
  description: 'Test',
  package: { name: '@mex/test', version: '1.2.3' },
  contract_version: 'mex-1.0',
  operations: {
    'test.run': {
      title: 'Run',
      description: 'Run',
      params_schema: {
        type: 'object',
        properties: { depth: { type: 'integer', minimum: 1, maximum: 9 } },
        required: ['depth'],
        additionalProperties: false,
      },
      inputs: { min: 0, max: 2 },
      outputs: [
        { name: 'out.json', kind: 'file', mime: 'application/json' },
        { name: 'raw.json', kind: 'tool_output', mime: 'application/json', optional: true },
      ],
      capabilities: ['fs.read:inputs', 'fs.write:artifacts', 'net.http:api.example'],
      determinism_ceiling: 'D2',
      error_codes: [],
    },
  },
  implementations: [{ id: 'builtin', kind: 'builtin' }],
  determinism_ceiling: 'D3',
  required_gates: [],
  default_budget: budget,
  budget_ceilings: { ...budget, wall_time_ms: 5_000 },
  bundle: { sha256: SHA, size_bytes: 10 },
};

export function makeOperation(over: Partial<PlannedOperation> = {}): PlannedOperation {
  return {
    schema_version: 'poe-1.0',
    op_id: '00000000-0000-4000-8000-000000000001',
    engine_id: 'engine.test.gates',
    operation: 'test.run',
    inputs: [],
    params: { depth: 3 },
    capabilities_requested: ['fs.read:inputs'],
    budget: {},
    determinism: 'D2',
    output_spec: {},
    ...over,
  };
}

const operationManifest = manifest.operations['test.run'];
if (operationManifest === undefined) throw new Error('fixture');

/** In force at `now` of {@link makePreFacts}. */
export const HELD: CertificateStanding = {
  state: 'valid',
  sha256: SHA,
  keyId: SHA,
  issuedAt: 999_000,
  expiresAt: 1_000_001,
  harnessVersion: '1.0.0',
  tiers: ['thread'],
};

export function makePreFacts(over: Partial<PreFacts> = {}): PreFacts {
  return {
    now: 1_000_000,
    paramsBytes: 11,
    engine: {
      found: true,
      manifest,
      manifestSha256: SHA,
      operation: operationManifest,
      params: compileParamsSchema(operationManifest?.params_schema),
      loadedBundleSha256: SHA,
      certificate: HELD,
      implementation: { implementation: { id: 'builtin', kind: 'builtin' } },
    },
    inputs: [],
    policy: {
      profile: ['fs.read', 'fs.write:artifacts', 'net.http'],
      profileId: 'Analyst',
      denied: [],
      allowUncertified: false,
      requireRunBudget: false,
      ceilings: undefined,
      sha256: SHA,
    },
    consents: [],
    gates: [...GATE_IDS],
    caller: { id: 'os:alice', kind: 'human' },
    budget,
    quota: { exceeded: false },
    circuit: 'closed',
    runBudget: 'absent',
    ...over,
  };
}

const handle = {
  artifact_id: '00000000-0000-4000-8000-000000000002',
  sha256: SHA,
  size_bytes: 100,
  mime: 'application/json',
  kind: 'file' as const,
  name: 'out.json',
};

export function makeResult(over: Partial<EngineResult> = {}): EngineResult {
  return {
    schema_version: 'mex.engine_result@1.0',
    op_id: '00000000-0000-4000-8000-000000000001',
    status: 'succeeded',
    started_at: '2026-01-01T00:00:00.000Z',
    ended_at: '2026-01-01T00:00:01.000Z',
    outputs: [handle],
    evidence: [],
    provenance: {
      engine_id: 'engine.test.gates',
      engine_version: '1.2.3',
      operation: 'test.run',
      implementation: 'builtin',
      bundle_sha256: SHA,
      inputs: [],
      outputs: [SHA],
      config_hash: SHA,
      operation_sha256: SHA,
      capabilities_granted: [],
      determinism: 'D2',
      environment: {
        runtime: 'node',
        runtime_version: '26',
        os: 'linux',
        arch: 'x64',
        isolation_tier: 'thread',
        tool_versions: {},
        contract_version: 'mex-1.0',
      },
    },
    errors: [],
    budget,
    usage: { ...budget, wall_time_ms: 1 },
    ...over,
  };
}

export function makePostFacts(over: Partial<PostFacts> = {}): PostFacts {
  if (operationManifest === undefined) throw new Error('fixture');
  return {
    manifest,
    operation: operationManifest,
    granted: ['fs.read'],
    usedCapabilities: ['fs.read:inputs'],
    budget,
    usage: { ...budget },
    summaryBytes: 2,
    stagedSha256: new Set([SHA]),
    outputNames: ['out.json'],
    nondeterminism: [],
    leaks: [],
    ...over,
  };
}
