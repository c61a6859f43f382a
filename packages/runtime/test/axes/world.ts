import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArtifactStore, openArtifactStore } from '@mex/artifacts';
import type {
  EngineManifest,
  EngineResult,
  FlightEvent,
  FullBudget,
  OperationManifest,
  PlannedOperation,
} from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { createFileSigner, type FlightRecorder, openRecorder } from '@mex/flight-recorder';
import { createRegistry } from '@mex/registry';
import { createRuntime, type OutsideOptions, type Runtime } from '@mex/runtime';
import { CALLER, openPolicy, plan } from '../fixture.ts';
import { createTier, type Kind, MIB } from '../sandbox/tier-fixture.ts';

/** Everything an engine may ask for. */
const EVERYTHING = [
  'fs.read',
  'fs.write:artifacts',
  'net.http',
  'proc.exec',
  'secrets.use',
  'gpu.compute',
  'device.camera',
];

const BUDGET: FullBudget = {
  wall_time_ms: 20_000,
  cpu_time_ms: 10_000,
  memory_bytes: 128 * MIB,
  output_bytes: 16 * MIB,
  net_requests: 50,
  net_bytes: 16 * MIB,
  exec_count: 20,
  file_writes: 10,
};

export const ENGINE_ID = 'engine.test.axes';

/** Operations: name → the body of `async (context, params) => { … }`. Each leaves its evidence first. */
export type Bodies = Readonly<Record<string, string>>;

export interface WorldOptions {
  readonly outside?: OutsideOptions;
  readonly manifest?: Partial<OperationManifest>;
  /** Tiers the runtime has, where they are not just the one the engine runs in. */
  readonly tiers?: readonly Kind[];
}

export interface World {
  readonly dir: string;
  readonly runtime: Runtime;
  readonly recorder: FlightRecorder;
  readonly store: ArtifactStore;
  /** Consents in force, by id. Take one out to revoke it. */
  readonly consents: Map<string, string>;
  /** Runs at D1, with the consents there are. */
  readonly run: (
    operation: string,
    capabilities: readonly string[],
    params?: Record<string, unknown>,
    over?: Partial<PlannedOperation>,
    signal?: AbortSignal,
  ) => Promise<EngineResult>;
  readonly events: (result: EngineResult) => FlightEvent[];
  readonly close: () => Promise<void>;
}

function manifestOf(code: string, names: readonly string[], over: Partial<OperationManifest>): EngineManifest {
  const text = { type: 'string', maxLength: 10_000 };
  const operation: OperationManifest = {
    title: 'Test',
    description: 'Test',
    params_schema: {
      type: 'object',
      properties: { a: text, b: text, n: { type: 'integer', minimum: 0, maximum: 1e9 } },
      additionalProperties: false,
    },
    inputs: { min: 0, max: 3 },
    outputs: [
      { name: 'out.txt', kind: 'file', mime: 'text/plain', optional: true },
      { name: 'raw.txt', kind: 'tool_output', mime: 'text/plain', optional: true, evidence: true },
    ],
    capabilities: EVERYTHING,
    determinism_ceiling: 'D3',
    error_codes: ['TEST_DECLARED'],
    ...over,
  };
  return {
    schema_version: 'mex.engine@1.0',
    engine_id: ENGINE_ID,
    engine_version: '1.0.0',
    title: 'Test',
    description: 'Test',
    package: { name: '@mex/test-engine', version: '1.0.0' },
    contract_version: 'mex-1.0',
    operations: Object.fromEntries(names.map((name) => [name, operation])),
    implementations: [{ id: 'builtin', kind: 'builtin' }],
    determinism_ceiling: 'D3',
    required_gates: [],
    default_budget: BUDGET,
    budget_ceilings: BUDGET,
    bundle: { sha256: sha256Hex(code), size_bytes: Buffer.byteLength(code) },
  };
}

function codeOf(bodies: Bodies): string {
  const operations = Object.entries(bodies).map(
    ([name, body]) =>
      `${JSON.stringify(name)}:{run:async(context,params)=>{await context.write('raw.txt','evidence');${body}}}`,
  );
  return `(function(){'use strict';
    // What an engine keeps from one operation to the next, where it runs in the same sandbox.
    const box = {};
    const text = (bytes) => new TextDecoder().decode(bytes);
    const codeOf = async (work) => { try { await work; return 'done'; } catch (error) { return String(error.code ?? error); } };
    __mex_register__({operations:{${operations.join(',')}}});})();`;
}

/** A whole runtime around one engine, in a tier and a directory of its own. */
export async function openWorld(kind: Kind, bodies: Bodies, options: WorldOptions = {}): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'mex-axes-'));
  mkdirSync(join(dir, 'bundles'));
  const code = codeOf(bodies);
  const bundle = join(dir, 'bundles', 'axes.bundle');
  writeFileSync(bundle, code);
  const manifest = manifestOf(code, Object.keys(bodies), options.manifest ?? {});
  const recorder = openRecorder({ file: join(dir, 'log.db'), signer: createFileSigner(join(dir, 'keys')) });
  const store = openArtifactStore({ dir: join(dir, 'artifacts') });
  const consents = new Map<string, string>();
  const facts = (ids: readonly string[]) =>
    ids.flatMap((consentId) => {
      const capabilityId = consents.get(consentId);
      if (capabilityId === undefined) return [];
      return [{ consentId, capabilityId, actorId: CALLER.id, validUntil: Number.MAX_SAFE_INTEGER, revoked: false }];
    });
  const registry = createRegistry([{ engineId: ENGINE_ID, manifest, bundle, origin: 'added' }]);
  for (const { error } of registry.disabled) throw error;
  const runtime = createRuntime({
    recorder,
    store,
    registry,
    policy: {
      ...openPolicy,
      policyFor: (...asked) => ({ ...openPolicy.policyFor(...asked), profile: EVERYTHING }),
      tierFor: () => kind,
      consents: facts,
      isConsentLive: (id) => consents.has(id),
    },
    tiers: await Promise.all((options.tiers ?? [kind]).map((name) => createTier(name))),
    outside: options.outside ?? {},
    // Engines here fail on purpose, again and again.
    quota: { breakerThreshold: 1_000_000 },
  });
  const run: World['run'] = (operation, capabilities, params = {}, over = {}, signal) => {
    const planned = plan(operation, {
      engine_id: ENGINE_ID,
      capabilities_requested: ['fs.write:artifacts', ...capabilities],
      params,
      determinism: 'D1',
      evidence_policy: { min_items: 1 },
      context: { consent_refs: [...consents.keys()] },
      ...over,
    });
    return runtime.execute(planned, { caller: CALLER, ...(signal === undefined ? {} : { signal }) });
  };
  const close = async (): Promise<void> => {
    await runtime.close({ graceMs: 100 });
    await store.close();
    await recorder.close();
    rmSync(dir, { recursive: true, force: true });
  };
  const events: World['events'] = ({ op_id }) => recorder.list({ op: op_id, limit: 1_000 }).map(({ event }) => event);
  return { dir, runtime, recorder, store, consents, run, events, close };
}

/** Events of `system` with one subject. */
export function bodiesOf(events: readonly FlightEvent[], subject: string): Readonly<Record<string, unknown>>[] {
  return events.flatMap((event) => (event.type === 'system' && event.subject === subject ? [{ ...event.body }] : []));
}

/** Problems of one operation, newest first. */
export function problemsOf(world: World, { op_id }: EngineResult) {
  return world.recorder.problems.list({ limit: 1_000 }).filter((problem) => problem.evidence_refs?.includes(op_id));
}
