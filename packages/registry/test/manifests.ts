import { createHash } from 'node:crypto';
import type { EngineManifest, FullBudget, OperationManifest } from '@mex/envelope';
import type { EngineSource } from '@mex/registry';

export const BUNDLE = 'export default {};\n';

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

const budget: FullBudget = {
  wall_time_ms: 1_000,
  cpu_time_ms: 1_000,
  memory_bytes: 64_000_000,
  output_bytes: 1_000_000,
  net_requests: 0,
  net_bytes: 0,
  exec_count: 0,
  file_writes: 10,
};

export function makeOperation(over: Partial<OperationManifest> = {}): OperationManifest {
  return {
    title: 'Run',
    description: 'Runs.',
    params_schema: { type: 'object', properties: { depth: { type: 'integer' } }, additionalProperties: false },
    inputs: { min: 0, max: 1 },
    outputs: [{ name: 'out.json', kind: 'file', mime: 'application/json' }],
    capabilities: ['fs.write:artifacts'],
    determinism_ceiling: 'D2',
    error_codes: [],
    ...over,
  };
}

export function makeManifest(over: Partial<EngineManifest> = {}): EngineManifest {
  return {
    schema_version: 'mex.engine@1.0',
    engine_id: 'engine.test.one',
    engine_version: '1.0.0',
    title: 'One',
    description: 'For tests.',
    package: { name: '@mex/test', version: '1.0.0' },
    contract_version: 'mex-1.0',
    operations: { 'test.run': makeOperation() },
    implementations: [{ id: 'builtin', kind: 'builtin' }],
    determinism_ceiling: 'D2',
    required_gates: [],
    default_budget: budget,
    budget_ceilings: budget,
    bundle: { sha256: sha256(BUNDLE), size_bytes: BUNDLE.length },
    ...over,
  };
}

/** A source of one version of `engine.test.one`, or of another engine. */
export function makeSource(version: string, over: Partial<EngineSource> = {}, id = 'engine.test.one'): EngineSource {
  const manifest = makeManifest({ engine_id: id, engine_version: version });
  return { engineId: id, manifest, bundle: '/nowhere/engine.bundle', origin: 'shipped', ...over };
}
