import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EngineManifest } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { EngineSource } from '@mex/registry';

export const CLOUD_ENGINE = 'engine.mex.cloud';
export const CLOUD_SEND = 'cloud.send';
/** Output with what the model answered. */
export const CLOUD_RESPONSE = 'response';

/**
 * Sends one payload. It is an engine like any other, so that a payload leaves through gates, grant and broker or not at
 * all, and what it may do is in its manifest. Redirects are refused: consent was given for one destination.
 */
const CODE = `(function () {
  'use strict';
  __mex_register__({
    operations: {
      'cloud.send': {
        run: async (context, params) => {
          const body = await context.inputs[0].bytes();
          const { url, headers } = params;
          const answer = await context.fetch({ url, method: 'POST', headers, body, redirect: 'refuse' });
          const exchange = { url, status: answer.status, payload_sha256: context.inputs[0].sha256 };
          await context.write('exchange.json', JSON.stringify(exchange));
          await context.write('response', answer.body);
          if (answer.status >= 200 && answer.status < 300) return { status: answer.status };
          throw Object.assign(new Error('The model answered with status ' + answer.status), { code: 'CLOUD_REFUSED' });
        },
      },
    },
  });
})();
`;

const MIB = 1024 * 1024;
const BUDGET: EngineManifest['default_budget'] = {
  wall_time_ms: 120_000,
  cpu_time_ms: 10_000,
  memory_bytes: 256 * MIB,
  output_bytes: 16 * MIB,
  net_requests: 1,
  net_bytes: 32 * MIB,
  exec_count: 0,
  file_writes: 2,
};

const MANIFEST: EngineManifest = {
  schema_version: 'mex.engine@1.0',
  engine_id: CLOUD_ENGINE,
  engine_version: '1.0.0',
  title: 'Cloud escalation',
  description: 'Sends one payload that a person consented to, to one destination that the operator named.',
  package: { name: '@mex/host', version: '0.1.0' },
  contract_version: 'mex-1.0',
  operations: {
    [CLOUD_SEND]: {
      title: 'Send',
      description: 'Sends the payload; host.escalate plans it.',
      params_schema: {
        type: 'object',
        properties: {
          url: { type: 'string', maxLength: 2_048 },
          headers: { type: 'object', additionalProperties: { type: 'string', maxLength: 4_096 } },
          model_id: { type: 'string', maxLength: 256 },
          projection_plan_id: { type: 'string', maxLength: 36 },
          reason: { type: 'string', maxLength: 2_000 },
        },
        required: ['url', 'headers', 'model_id', 'projection_plan_id', 'reason'],
        additionalProperties: false,
      },
      inputs: { min: 1, max: 1 },
      outputs: [
        { name: CLOUD_RESPONSE, kind: 'transcript', mime: 'application/octet-stream', optional: true },
        { name: 'exchange.json', kind: 'report', mime: 'application/json', optional: true, evidence: true },
      ],
      capabilities: ['fs.read:inputs', 'fs.write:artifacts', 'net.http', 'secrets.use'],
      determinism_ceiling: 'D0',
      error_codes: ['CLOUD_REFUSED'],
    },
  },
  implementations: [{ id: 'builtin', kind: 'builtin' }],
  determinism_ceiling: 'D0',
  required_gates: ['G-CLOUD', 'G-APPROVAL'],
  default_budget: BUDGET,
  budget_ceilings: BUDGET,
  bundle: { sha256: sha256Hex(CODE), size_bytes: CODE.length },
};

/** Puts the engine into a home and answers with where it is. Whatever else stands there is denied by its digest. */
export function cloudSource(home: string): EngineSource {
  const directory = join(home, 'built-in');
  const file = join(directory, `${CLOUD_ENGINE}.bundle`);
  if (readText(file) !== CODE) {
    mkdirSync(directory, { recursive: true });
    const temp = `${file}.${process.pid}`;
    writeFileSync(temp, CODE);
    renameSync(temp, file);
  }
  return { engineId: CLOUD_ENGINE, manifest: MANIFEST, bundle: pathToFileURL(file).href, origin: 'shipped' };
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Not there yet, or no file: it is written.
    return undefined;
  }
}
