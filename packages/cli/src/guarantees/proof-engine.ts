import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EngineManifest, OperationManifest } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { EngineHandle } from '@mex/host';

const MIB = 1024 * 1024;
const BUDGET = {
  wall_time_ms: 10_000,
  cpu_time_ms: 10_000,
  memory_bytes: 128 * MIB,
  output_bytes: MIB,
  net_requests: 5,
  net_bytes: MIB,
  exec_count: 5,
  file_writes: 10,
};

export const PROOF_ENGINE = 'engine.proof.guarantees';
/** Fails only; its circuit opens without harm to the other one. */
export const FAILING_ENGINE = 'engine.proof.failing';
export const PROOF_SECRET = 'proof-token';
export const PROOF_TOOL = 'proof-tool';
export const PROOF_SCOPE = 'proof';

type Act = Pick<OperationManifest, 'determinism_ceiling' | 'capabilities'> & {
  readonly body: string;
  readonly readableSecrets?: readonly string[];
};

const OUT = 'fs.write:artifacts';

/** What the proof engine tries. Nothing of it is clever: that the sandbox holds is for `mex doctor` to prove. */
const ACTS: Readonly<Record<string, Act>> = {
  'proof.read': {
    determinism_ceiling: 'D3',
    capabilities: ['fs.read:inputs', OUT],
    body: "await context.write('out.txt', await context.inputs[0].read('a.txt')); return {};",
  },
  'proof.chance': {
    determinism_ceiling: 'D3',
    capabilities: [OUT],
    body: `const seen = [context.now(), Date.now(), Math.random(), Math.random(), new Date(0).getTimezoneOffset()];
      await context.write('out.txt', JSON.stringify(seen)); return {};`,
  },
  'proof.path': {
    determinism_ceiling: 'D1',
    capabilities: [`fs.read:${PROOF_SCOPE}`, OUT],
    body: `await context.read('${PROOF_SCOPE}', params.text); return {};`,
  },
  'proof.fetch': {
    determinism_ceiling: 'D1',
    capabilities: ['net.http', OUT],
    body: 'await context.fetch({ url: params.text }); return {};',
  },
  'proof.exec': {
    determinism_ceiling: 'D1',
    capabilities: [`proc.exec:${PROOF_TOOL}`, OUT],
    body: `await context.exec('${PROOF_TOOL}', []); return {};`,
  },
  'proof.leak': {
    determinism_ceiling: 'D1',
    capabilities: [`secrets.use:${PROOF_SECRET}`, OUT],
    readableSecrets: [PROOF_SECRET],
    body: `const secret = await context.secret('${PROOF_SECRET}');
      await context.write('raw.txt', 'x'); await context.write('out.txt', 'it is ' + secret); return {};`,
  },
  'proof.spin': { determinism_ceiling: 'D3', capabilities: [], body: 'for (;;) {}' },
  'proof.flood': {
    determinism_ceiling: 'D3',
    capabilities: [OUT],
    body: "await context.write('out.txt', 'x'.repeat(2_000)); return {};",
  },
};

const FAILING: Readonly<Record<string, Act>> = {
  'proof.fail': { determinism_ceiling: 'D3', capabilities: [], body: "throw new Error('on purpose');" },
};

/** Writes both engines into a directory. */
export function writeProofEngines(dir: string): EngineHandle[] {
  return [writeEngine(dir, PROOF_ENGINE, ACTS), writeEngine(dir, FAILING_ENGINE, FAILING)];
}

function writeEngine(dir: string, id: string, acts: Readonly<Record<string, Act>>): EngineHandle {
  const bodies = Object.entries(acts).map(
    ([name, { body }]) => `${JSON.stringify(name)}:{run:async(context,params)=>{${body}}}`,
  );
  const code = `(function(){'use strict';__mex_register__({operations:{${bodies.join(',')}}});})();`;
  const file = join(dir, `${id}.bundle`);
  writeFileSync(file, code);
  const manifest: EngineManifest = {
    schema_version: 'mex.engine@1.0',
    engine_id: id,
    engine_version: '1.0.0',
    title: 'Guarantees',
    description: 'Tries what MEX promises to refuse.',
    package: { name: '@mex/cli', version: '1.0.0' },
    contract_version: 'mex-1.0',
    operations: Object.fromEntries(Object.entries(acts).map(([name, act]) => [name, describe(name, act)])),
    implementations: [{ id: 'builtin', kind: 'builtin' }],
    determinism_ceiling: 'D3',
    required_gates: [],
    default_budget: BUDGET,
    budget_ceilings: BUDGET,
    bundle: { sha256: sha256Hex(code), size_bytes: code.length },
  };
  return { manifest, bundle: pathToFileURL(file).href };
}

function describe(name: string, { determinism_ceiling, capabilities, readableSecrets }: Act): OperationManifest {
  return {
    title: name,
    description: name,
    params_schema: {
      type: 'object',
      properties: { text: { type: 'string', maxLength: 1_000 } },
      additionalProperties: false,
    },
    inputs: { min: 0, max: 1 },
    outputs: [
      { name: 'out.txt', kind: 'file', mime: 'text/plain', optional: true },
      { name: 'raw.txt', kind: 'tool_output', mime: 'text/plain', optional: true, evidence: true },
    ],
    capabilities: [...capabilities],
    determinism_ceiling,
    error_codes: [],
    ...(readableSecrets === undefined ? {} : { readable_secrets: [...readableSecrets] }),
  };
}
