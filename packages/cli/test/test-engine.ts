import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '@mex/envelope/digest';

const MIB = 1024 * 1024;
const BUDGET = {
  wall_time_ms: 20_000,
  cpu_time_ms: 20_000,
  memory_bytes: 128 * MIB,
  output_bytes: MIB,
  net_requests: 0,
  net_bytes: 0,
  exec_count: 0,
  file_writes: 10,
};

export const TEST_ENGINE = 'engine.test.cli';

const OPERATIONS: Readonly<Record<string, string>> = {
  'test.copy':
    "await context.write('out.txt', await context.inputs[0].bytes()); return { bytes: context.inputs[0].size };",
  'test.spin': 'for (;;) {}',
  'test.fail': "throw Object.assign(new Error('nothing \\u001b[31mto\\u202e do'), { code: 'TEST_DECLARED' });",
};

function operationManifest(title: string) {
  return {
    title,
    description: title,
    params_schema: { type: 'object', properties: {}, additionalProperties: false },
    inputs: { min: 0, max: 3 },
    outputs: [{ name: 'out.txt', kind: 'file', mime: 'text/plain', optional: true }],
    capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
    determinism_ceiling: 'D3',
    error_codes: ['TEST_DECLARED'],
  };
}

/** Writes an engine package as `mex-engine build` does, without its cost. */
export function writeEngine(dir: string, changes: Readonly<Record<string, unknown>> = {}): string {
  const bodies = Object.entries(OPERATIONS).map(
    ([name, body]) => `${JSON.stringify(name)}:{run:async(context)=>{${body}}}`,
  );
  const code = `(function(){'use strict';__mex_register__({operations:{${bodies.join(',')}}});})();`;
  const manifest = {
    schema_version: 'mex.engine@1.0',
    engine_id: TEST_ENGINE,
    engine_version: '1.0.0',
    title: 'Test engine',
    description: 'Copies, spins and fails.',
    package: { name: '@mex/test-engine', version: '1.0.0' },
    contract_version: 'mex-1.0',
    operations: Object.fromEntries(Object.keys(OPERATIONS).map((name) => [name, operationManifest(name)])),
    implementations: [{ id: 'builtin', kind: 'builtin' }],
    determinism_ceiling: 'D3',
    required_gates: [],
    default_budget: BUDGET,
    budget_ceilings: BUDGET,
    bundle: { sha256: sha256Hex(code), size_bytes: code.length },
    ...changes,
  };
  mkdirSync(join(dir, 'dist'), { recursive: true });
  writeFileSync(join(dir, 'dist', 'engine.bundle'), code);
  writeFileSync(join(dir, 'dist', 'manifest.json'), JSON.stringify(manifest));
  return dir;
}

/** A planned operation of the test engine. */
export function planned(operation: string, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    schema_version: 'poe-1.0',
    op_id: crypto.randomUUID(),
    engine_id: TEST_ENGINE,
    operation,
    inputs: [],
    params: {},
    capabilities_requested: ['fs.read:inputs', 'fs.write:artifacts'],
    budget: {},
    determinism: 'D3',
    output_spec: {},
    ...changes,
  };
}
