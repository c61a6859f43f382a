import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FullBudget } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { DEFAULT_POLICY, type EngineHandle, type Policy } from '@mex/host';

const BUDGET: FullBudget = {
  wall_time_ms: 10_000,
  cpu_time_ms: 10_000,
  memory_bytes: 128 * 1024 * 1024,
  output_bytes: 1_000,
  net_requests: 0,
  net_bytes: 0,
  exec_count: 0,
  file_writes: 10,
};

export const PROBE = 'engine.test.probe';
export const HOST_CAPABILITY = 'net.http:api.example';

/** An engine that declares a capability which needs a consent, and does nothing with it. */
export function writeProbe(dir: string, comment = ''): EngineHandle {
  const code = `(function(){__mex_register__({operations:{'probe.run':{run:async()=>({})}}});})();${comment}`;
  const bundle = join(dir, 'probe.bundle');
  writeFileSync(bundle, code);
  const operation = {
    title: 'Probe',
    description: 'Does nothing.',
    params_schema: {
      type: 'object',
      properties: { text: { type: 'string', maxLength: 100 } },
      additionalProperties: false,
    },
    inputs: { min: 0, max: 0 },
    outputs: [],
    capabilities: ['fs.read:inputs', HOST_CAPABILITY],
    determinism_ceiling: 'D3' as const,
    error_codes: [],
  };
  return {
    bundle: pathToFileURL(bundle).href,
    manifest: {
      schema_version: 'mex.engine@1.0',
      engine_id: PROBE,
      engine_version: '1.0.0',
      title: 'Probe',
      description: 'Does nothing.',
      package: { name: '@mex/test-probe', version: '1.0.0' },
      contract_version: 'mex-1.0',
      operations: { 'probe.run': operation },
      implementations: [{ id: 'builtin', kind: 'builtin' }],
      determinism_ceiling: 'D3',
      required_gates: [],
      default_budget: BUDGET,
      budget_ceilings: BUDGET,
      bundle: { sha256: sha256Hex(code), size_bytes: code.length },
    },
  };
}

export const PROBE_POLICY: Policy = {
  ...DEFAULT_POLICY,
  profiles: { Analyst: ['fs.read:inputs', 'fs.write:artifacts', 'net.http'] },
};
