import { randomUUID } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedVector } from '@mex/engine-sdk/testing';
import type { ArtifactHandle, Budget, OperationContext, PlannedOperation } from '@mex/envelope';
import { type HostOptions, openHost } from '@mex/host';
import type { Caller } from '@mex/runtime';
import { type EngineUnderTest, operationOf } from '../engine-under-test.ts';
import type { CertifiedTier } from '../request.ts';
import type { Interceptor } from './call-tap.ts';
import { HttpStage, type StagedAnswer } from './http-stage.ts';
import { LabHost, type LabHostOptions, type TierProofs } from './lab-host.ts';
import type { Observation } from './observation.ts';
import { newcomer, REGULAR } from './people.ts';
import { type InputContent, readInputs, storeInputs } from './vector-inputs.ts';
import { stageOf, type VectorStage } from './vector-stage.ts';

/** What is different from the vector as it is written. */
export interface RunChange {
  readonly caller?: Caller;
  readonly operation?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** In place of the vector's. */
  readonly inputs?: readonly InputContent[];
  readonly handles?: readonly ArtifactHandle[];
  readonly capabilities?: readonly string[];
  readonly budget?: Budget;
  readonly determinism?: PlannedOperation['determinism'];
  /** Ids of consents; default: one for each capability that needs it. */
  readonly consents?: readonly string[];
  readonly context?: OperationContext;
  readonly answers?: readonly StagedAnswer[];
  readonly secrets?: Readonly<Record<string, string>>;
  readonly intercept?: Interceptor;
  readonly signal?: AbortSignal;
}

export interface LabOptions {
  readonly engine: EngineUnderTest;
  readonly tier: CertifiedTier;
  readonly scratch?: string;
  readonly host: Pick<HostOptions, 'threadEntry' | 'processProgram'>;
  /** Ends whatever is under way. */
  readonly signal: AbortSignal | undefined;
  /** For the self-test, which needs hosts that are not as they should be. */
  readonly openHost?: typeof openHost;
}

/**
 * Runs operations of one engine in one tier, through real hosts in temporary homes. Vectors that want another outside get
 * a host of their own; callers and sandboxes are the same for all.
 */
export class Lab {
  readonly tier: CertifiedTier;
  readonly engine: EngineUnderTest;
  /** How many operations were sent. */
  operations = 0;
  private readonly options: LabOptions;
  private readonly dir: string;
  private readonly http = new HttpStage();
  private readonly proofs: TierProofs = new Map();
  private readonly hosts = new Map<string, Promise<LabHost>>();
  private readonly stages = new Map<LoadedVector, VectorStage>();
  private readonly baselines = new Map<LoadedVector, Promise<Observation>>();
  private newcomers = 0;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: LabOptions) {
    this.options = options;
    this.tier = options.tier;
    this.engine = options.engine;
    this.dir = realpathSync(mkdtempSync(join(options.scratch ?? tmpdir(), `mex-conformance-${options.tier}-`)));
    for (const vector of options.engine.vectors) this.stages.set(vector, stageOf(vector));
  }

  /** Starts what stands for the outside. */
  async open(): Promise<void> {
    await this.http.open([...this.stages.values()].flatMap(({ answers }) => answers.map(({ url }) => url)));
  }

  /** Somebody no sandbox has served yet. */
  newcomer(): Caller {
    this.newcomers += 1;
    return newcomer(this.newcomers);
  }

  stageOf(vector: LoadedVector): VectorStage {
    return this.stages.get(vector) ?? stageOf(vector);
  }

  /** The host that a vector runs in. */
  hostOf(vector: LoadedVector): Promise<LabHost> {
    const { implementation } = vector.document;
    const { scopes, tools } = this.stageOf(vector);
    const key = JSON.stringify([scopes, tools, implementation]);
    const known = this.hosts.get(key) ?? this.openHost({ scopes, tools, implementation });
    this.hosts.set(key, known);
    return known;
  }

  /** The vector as it is written, run once. */
  baseline(vector: LoadedVector): Promise<Observation> {
    const known = this.baselines.get(vector) ?? this.run(vector);
    this.baselines.set(vector, known);
    return known;
  }

  /** Runs a vector, one after the other: what is outside is the same for all. */
  run(vector: LoadedVector, change: RunChange = {}): Promise<Observation> {
    const next = this.turn.then(() => this.runNow(vector, change));
    this.turn = next.catch(() => undefined);
    return next;
  }

  /** Writes an operation without sending it. */
  async plan(vector: LoadedVector, change: RunChange = {}): Promise<PlannedOperation> {
    const host = await this.hostOf(vector);
    const { document } = vector;
    const manifest = operationOf(this.engine, vector);
    const capabilities = change.capabilities ?? document.capabilities ?? manifest?.capabilities ?? [];
    const caller = change.caller ?? REGULAR;
    const determinism = change.determinism ?? document.determinism ?? manifest?.determinism_ceiling ?? 'D3';
    const contents = change.inputs ?? readInputs(vector);
    const inputs = change.handles ?? (await storeInputs(host.host.artifacts, vector, contents));
    const consent_refs = [...(change.consents ?? (await host.desk.refs(caller.id, capabilities)))];
    return {
      schema_version: 'poe-1.0',
      op_id: randomUUID(),
      engine_id: this.engine.manifest.engine_id,
      engine_version_req: this.engine.manifest.engine_version,
      operation: change.operation ?? document.operation,
      inputs: [...inputs],
      params: { ...(change.params ?? document.params) },
      capabilities_requested: [...capabilities],
      budget: { ...change.budget },
      determinism,
      ...(determinism === 'D0' || determinism === 'D1' ? { evidence_policy: { min_items: 1 } } : {}),
      output_spec: {},
      context: { ...change.context, ...(consent_refs.length === 0 ? {} : { consent_refs }) },
    };
  }

  /** Sends an operation that was planned, perhaps once more. */
  async send(vector: LoadedVector, operation: PlannedOperation, change: RunChange = {}): Promise<Observation> {
    this.options.signal?.throwIfAborted();
    const host = await this.hostOf(vector);
    const stage = this.stageOf(vector);
    this.http.answers = change.answers ?? stage.answers;
    host.secrets = change.secrets ?? stage.secrets;
    this.operations += 1;
    return host.execute(operation, change.caller ?? REGULAR, change.intercept, change.signal);
  }

  /** @returns whether a sandbox could not be ended: it keeps this process from ending by itself */
  async close(): Promise<boolean> {
    this.http.close();
    try {
      const hosts = await Promise.allSettled(this.hosts.values());
      const open = hosts.flatMap((host) => (host.status === 'fulfilled' ? [host.value] : []));
      const closed = await Promise.all(open.map((host) => host.close()));
      return closed.some(({ stuck }) => stuck.length > 0);
    } finally {
      rmSync(this.dir, { recursive: true, force: true });
    }
  }

  /** Ends what is under way, where a certification is given up. */
  private async runNow(vector: LoadedVector, change: RunChange): Promise<Observation> {
    const operation = await this.plan(vector, change);
    const signals = [change.signal, this.options.signal].filter((signal) => signal !== undefined);
    const signal = signals.length === 0 ? {} : { signal: AbortSignal.any(signals) };
    const observed = await this.send(vector, operation, { ...change, ...signal });
    this.options.signal?.throwIfAborted();
    verifyRun(observed);
    return observed;
  }

  private openHost(wanted: Pick<LabHostOptions, 'scopes' | 'tools' | 'implementation'>): Promise<LabHost> {
    const { engine, tier, host, openHost: open = openHost } = this.options;
    return LabHost.open({
      ...wanted,
      engine,
      tier,
      home: join(this.dir, `home-${this.hosts.size}`),
      stage: { ...this.http.stage, workingDirectory: this.dir },
      proofs: this.proofs,
      open,
      files: host,
    });
  }
}

/** What an engine is judged by is what it did just now: no answer of a cache, and none of an earlier run. */
function verifyRun({ result, sighting }: Observation): void {
  if (sighting.starts > 0 || result.status === 'denied' || result.status === 'cancelled') return;
  throw new Error(`operation ${result.op_id} ended as ${result.status} and was not run: its result was kept somewhere`);
}
