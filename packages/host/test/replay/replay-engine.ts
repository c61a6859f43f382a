import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OperationManifest } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { EngineHandle } from '@mex/host';

export const ENGINE = 'engine.test.replay';

const BUDGET = {
  wall_time_ms: 10_000,
  cpu_time_ms: 10_000,
  memory_bytes: 128 * 1024 * 1024,
  output_bytes: 1_000_000,
  net_requests: 0,
  net_bytes: 0,
  exec_count: 0,
  file_writes: 10,
};

/** `n` counts the calls of one worker: what keeps a memory is not deterministic. */
const BODIES: Readonly<Record<string, string>> = {
  'replay.write': `await context.write('out.txt', 'line one\\n' + params.text + '\\n'); return { length: params.text.length };`,
  'replay.fail': `const error = new Error('as declared'); error.code = 'REPLAY_DECLARED'; throw error;`,
  'replay.odd': `n += 1; await context.write('out.txt', 'same\\nn is ' + n + '\\n'); return {};`,
  'replay.order': `n += 1; await context.write('out.json', n % 2 === 0 ? '{"a":1,"b":2}' : '{"b": 2, "a": 1}'); return {};`,
  'replay.meaning': `n += 1; await context.write('out.json', JSON.stringify({ a: 1, deep: { list: [0, n] } })); return {};`,
  'replay.read': `const [input] = context.inputs; const texts = []; for (const f of await input.files()) { try { texts.push(new TextDecoder().decode(await input.read(f.path))); } catch { texts.push('unreadable'); } } await context.write('out.txt', texts.join('')); return {};`,
  'replay.live': `await context.write('raw.txt', 'seen at ' + context.now()); return {};`,
};

const operation: OperationManifest = {
  title: 'Replay',
  description: 'Replay',
  params_schema: {
    type: 'object',
    properties: { text: { type: 'string', maxLength: 1_000 } },
    additionalProperties: false,
  },
  inputs: { min: 0, max: 1 },
  outputs: [
    { name: 'out.txt', kind: 'file', mime: 'text/plain', optional: true },
    { name: 'out.json', kind: 'report', mime: 'application/json', optional: true },
    { name: 'raw.txt', kind: 'tool_output', mime: 'text/plain', optional: true, evidence: true },
  ],
  capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
  determinism_ceiling: 'D3',
  error_codes: ['REPLAY_DECLARED'],
};

/** Writes the bundle, without the cost of building one. @param note another note is another bundle */
export function writeReplayEngine(dir: string, note = ''): EngineHandle {
  const runs = Object.entries(BODIES).map(([name, body]) => `'${name}':{run:async(context,params)=>{${body}}}`);
  const code = `(function(){'use strict';let n=0;/*${note}*/__mex_register__({operations:{${runs.join(',')}}});})();`;
  const bundle = join(dir, `replay-${sha256Hex(code).slice(0, 8)}.bundle`);
  writeFileSync(bundle, code);
  return {
    bundle: pathToFileURL(bundle).href,
    manifest: {
      schema_version: 'mex.engine@1.0',
      engine_id: ENGINE,
      engine_version: '1.0.0',
      title: 'Replay',
      description: 'Replay',
      package: { name: '@mex/test-replay', version: '1.0.0' },
      contract_version: 'mex-1.0',
      operations: Object.fromEntries(Object.keys(BODIES).map((name) => [name, operation])),
      implementations: [{ id: 'builtin', kind: 'builtin' }],
      determinism_ceiling: 'D3',
      required_gates: [],
      default_budget: BUDGET,
      budget_ceilings: BUDGET,
      bundle: { sha256: sha256Hex(code), size_bytes: code.length },
    },
  };
}
