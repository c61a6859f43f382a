import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FullBudget } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { EngineHandle } from '@mex/host';

const MIB = 1024 * 1024;
const BUDGET: FullBudget = {
  wall_time_ms: 10_000,
  cpu_time_ms: 10_000,
  memory_bytes: 256 * MIB,
  output_bytes: 16 * MIB,
  net_requests: 0,
  net_bytes: 0,
  exec_count: 0,
  file_writes: 10,
};

/** Proposes what `choose` picks: an expression over `item`, `params` and the list `all`. */
const codeOf = (
  choose: string,
): string => `(function(){__mex_register__({operations:{prune:{run:async(context,params)=>{
  const [input]=context.inputs;
  const all=JSON.parse(new TextDecoder().decode(await input.bytes())).artifacts;
  const pruned=all.filter((item)=>${choose}).map(({artifact_id,sha256,size_bytes,layer,kind,created_at})=>
    ({artifact_id,sha256,size_bytes,layer,kind,created_at,window_days:0}));
  const totals={scanned:all.length,pruned:pruned.length,bytes:0,pinned:0,held:0,window:all.length-pruned.length,min_versions:0};
  const policy={retention_days:params.retention_days,min_versions:params.min_versions};
  await context.write('prune-report.json',JSON.stringify({schema_version:'mex.prune_report@1.0',dry_run:params.dry_run,
    now:params.now,inventory_sha256:input.sha256,policy,pruned,spared:[],totals}));
  return {};
}}}});})();`;

const days = { type: 'integer', minimum: 0 };

/** An engine in the place of the janitor that says what a test wants. */
export function writeJanitor(dir: string, choose: string): EngineHandle {
  const code = codeOf(choose);
  const bundle = join(dir, 'janitor.bundle');
  writeFileSync(bundle, code);
  return {
    bundle: pathToFileURL(bundle).href,
    manifest: {
      schema_version: 'mex.engine@1.0',
      engine_id: 'engine.janitor',
      engine_version: '1.0.0',
      title: 'Janitor',
      description: 'Says what a test wants.',
      package: { name: '@mex/test-janitor', version: '1.0.0' },
      contract_version: 'mex-1.0',
      operations: {
        prune: {
          title: 'Prune',
          description: 'Prunes.',
          params_schema: {
            type: 'object',
            properties: {
              now: { type: 'string', maxLength: 30 },
              retention_days: { type: 'object', additionalProperties: days },
              min_versions: days,
              dry_run: { type: 'boolean' },
            },
            required: ['now', 'retention_days', 'min_versions', 'dry_run'],
            additionalProperties: false,
          },
          inputs: { min: 1, max: 1 },
          outputs: [{ name: 'prune-report.json', kind: 'report', mime: 'application/json' }],
          capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
          determinism_ceiling: 'D3',
          error_codes: [],
        },
      },
      implementations: [{ id: 'builtin', kind: 'builtin' }],
      determinism_ceiling: 'D3',
      required_gates: [],
      default_budget: BUDGET,
      budget_ceilings: BUDGET,
      bundle: { sha256: sha256Hex(code), size_bytes: code.length },
    },
  };
}
