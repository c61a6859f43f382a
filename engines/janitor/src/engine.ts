import { defineEngine, defineOperation, Type } from '@mex/engine-sdk';
import type { PruneReport, RetentionDays } from '@mex/envelope/retention';
import { ERRORS } from './error-codes.ts';
import { parseInventory } from './inventory.ts';
import { DEFAULT_MIN_VERSIONS, DEFAULT_RETENTION, judge } from './judge.ts';

const VERSION = '0.1.0';
const MIB = 1024 * 1024;

const days = (what: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 36_500, description: `Days that ${what} stay` }));

const params = Type.Object(
  {
    now: Type.String({
      maxLength: 30,
      pattern: '^\\d\\d\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z$',
      description: 'The moment that ages are measured at, RFC 3339 in UTC',
    }),
    retention_days: Type.Optional(
      Type.Object(
        {
          raw: days('artifacts of layer raw'),
          derived: days('artifacts of layer derived'),
          evidence: days('artifacts of layer evidence'),
          log: days('logs'),
          cache: days('cached artifacts'),
          file: days('files'),
          tool_output: days('outputs of tools'),
          transcript: days('transcripts'),
          dataset_slice: days('slices of data sets'),
          prompt_payload: days('payloads of prompts'),
          report: days('reports'),
          bundle: days('bundles'),
        },
        {
          additionalProperties: false,
          description: 'By layer or kind; the longest that applies counts; no window: stays',
        },
      ),
    ),
    min_versions: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1_000, description: 'Newest versions that survive their window; default 3' }),
    ),
    dry_run: Type.Optional(Type.Boolean({ description: 'Only say what would be removed; default false' })),
  },
  { additionalProperties: false },
);

export default defineEngine({
  id: 'engine.janitor',
  version: VERSION,
  title: 'Janitor',
  description: 'Names the artifacts of a store that are past their time. It removes nothing: the host does.',
  determinism: 'D3',
  budget: {
    default: { wall_time_ms: 120_000, cpu_time_ms: 120_000, memory_bytes: 1_024 * MIB, output_bytes: 256 * MIB },
  },
  operations: {
    prune: defineOperation({
      title: 'Prune',
      description: 'Judges every artifact of an inventory by its age, its pin and its newer versions.',
      params,
      inputs: { min: 1, max: 1, description: 'An inventory of a store (mex.inventory@1.0)' },
      outputs: [{ name: 'prune-report.json', kind: 'report', mime: 'application/json' }],
      capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
      errors: ERRORS,
      run: async (context, options, fail) => {
        const [input] = context.inputs;
        if (input === undefined || input.kind === 'bundle')
          throw fail('JANITOR_NO_INVENTORY', 'The input is no document.');
        const now = Date.parse(options.now);
        if (!Number.isFinite(now)) throw fail('JANITOR_TIME_INVALID', 'params.now is no time.');
        const { artifacts } = parseInventory(await input.bytes());
        const { min_versions: minVersions = DEFAULT_MIN_VERSIONS, dry_run: dryRun = false } = options;
        const retentionDays = policyOf(options.retention_days);
        const judgement = judge(artifacts, { now, retentionDays, minVersions });
        const report: PruneReport = {
          schema_version: 'mex.prune_report@1.0',
          dry_run: dryRun,
          now: options.now,
          inventory_sha256: input.sha256,
          policy: { retention_days: retentionDays, min_versions: minVersions },
          ...judgement,
        };
        await context.write('prune-report.json', `${JSON.stringify(report)}\n`);
        return { dry_run: dryRun, ...judgement.totals };
      },
    }),
  },
});

/** In order of names: the same policy is the same bytes, however it was written. */
function policyOf(given: RetentionDays | undefined): RetentionDays {
  const days = Object.entries({ ...DEFAULT_RETENTION, ...given });
  return Object.fromEntries(days.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
