import type { ArtifactStore } from '@mex/artifacts';
import { type ArtifactHandle, type EntityRef, type FullBudget, MexError, type PlannedOperation } from '@mex/envelope';
import type {
  ConsentFact,
  EngineFacts,
  ImplementationFact,
  InputFact,
  Pipeline,
  PolicyFacts,
  PreFacts,
} from '@mex/gates';
import type { RegisteredEngine, Registry } from '@mex/registry';
import type { Outside } from './broker/axes.ts';
import { completeBudget, emptyUsage } from './budgets.ts';
import { implementedOperation, resolveImplementation } from './implementation.ts';
import type { Caller, Planned } from './planned.ts';
import type { Quota, Reservation } from './quota.ts';
import type { EngineCode } from './sandbox/tier.ts';

/** The operator's word on who may do what. Looked up by the host, never taken from an envelope (CONTRACT §2). */
export interface PolicySource {
  readonly policyFor: (operation: PlannedOperation, caller: Caller | undefined) => PolicyFacts;
  /** Tier that policy asks for at a time, in ms since 1970: whether somebody vouches for an engine ends (CONTRACT §9). */
  readonly tierFor: (engine: RegisteredEngine, now: number) => 'thread' | 'process' | 'wasm';
  /** Implementation that policy names for an engine; without one its own (CONTRACT §10). Never the planner's word. */
  readonly implementationFor?: (engineId: string) => string | undefined;
  /** Consent records by id; unknown ids are simply absent from the answer. */
  readonly consents: (ids: readonly string[]) => readonly ConsentFact[];
  /** Whether a consent is still in force; asked on every call of an engine that needs it. */
  readonly isConsentLive: (consentId: string, now: number) => boolean;
}

/** Turns a reference to something of the host application into an artifact. */
export type EntityResolver = (entity: EntityRef) => Promise<ArtifactHandle | undefined>;

export interface FactSources {
  readonly registry: Registry;
  readonly store: ArtifactStore;
  readonly policy: PolicySource;
  readonly quota: Quota;
  readonly pipeline: Pipeline;
  /** Reads and checks an engine's bundle; cached by digest. */
  readonly loadCode: (engine: RegisteredEngine) => EngineCode;
  readonly resolveEntity: EntityResolver | undefined;
  /** The external programs that policy names, if any. */
  readonly outside: Pick<Outside, 'toolbox'>;
  /** How the budget of a run stands (CONTRACT §9). Without it no operation belongs to a run with one. */
  readonly runStanding?: (runId: string) => PreFacts['runBudget'];
}

export interface Collected {
  /** The place taken in the quota; whoever collected gives it back. */
  readonly reservation: Reservation;
  readonly facts: PreFacts;
  readonly engine: RegisteredEngine | undefined;
  readonly code: EngineCode | undefined;
  /** Artifact handles of the inputs, in order; only as long as all were present. */
  readonly inputs: readonly ArtifactHandle[];
}

/** Everything the pre-gates need, collected once (ARCHITECTURE "How one operation flows", step 4). */
export async function collectFacts(planned: Planned, sources: FactSources, now: number): Promise<Collected> {
  const { operation, caller } = planned;
  const resolution = sources.registry.resolve(operation.engine_id, operation.engine_version_req);
  const { engine } = resolution;
  const reservation = sources.quota.reserve(caller?.id ?? 'unknown', engine?.manifest.engine_id, now);
  try {
    const code = engine && tryLoad(engine, sources.loadCode);
    const described: EngineFacts = resolution.engine
      ? describeEngine(
          resolution.engine,
          operation,
          code,
          await chooseImplementation(resolution.engine, operation, sources),
        )
      : { found: false, error: resolution.error };
    const inspected = await inspectInputs(planned, sources);
    const refs = operation.context?.consent_refs ?? [];
    const { refusal, circuit } = reservation;
    const runId = operation.context?.run_id;
    const facts: PreFacts = {
      now,
      paramsBytes: planned.paramsBytes,
      engine: described,
      inputs: inspected.facts,
      policy: sources.policy.policyFor(operation, caller),
      consents: refs.length === 0 ? [] : sources.policy.consents(refs),
      gates: sources.pipeline.gates,
      caller,
      budget: completeBudget(operation.budget, defaultBudget(described)),
      quota: refusal === undefined ? { exceeded: false } : { exceeded: true, reason: refusal },
      circuit,
      runBudget: runId === undefined ? 'absent' : (sources.runStanding?.(runId) ?? 'absent'),
    };
    return { facts, engine, code, inputs: inspected.handles, reservation };
  } catch (error) {
    reservation.cancel();
    throw error;
  }
}

async function inspectInputs(
  planned: Planned,
  sources: FactSources,
): Promise<{ facts: InputFact[]; handles: ArtifactHandle[] }> {
  const facts: InputFact[] = [];
  const handles: ArtifactHandle[] = [];
  for (const input of planned.operation.inputs) {
    const found = await inspectInput(input, sources);
    facts.push(found.fact);
    if (found.handle !== undefined) handles.push(found.handle);
  }
  return { facts, handles };
}

function tryLoad(engine: RegisteredEngine, load: FactSources['loadCode']): EngineCode | undefined {
  try {
    return load(engine);
  } catch (thrown) {
    // G-INTEGRITY denies when there is no code; anything but the registry's own refusal is a fault of ours.
    if (thrown instanceof MexError) return undefined;
    throw thrown;
  }
}

function describeEngine(
  engine: RegisteredEngine,
  operation: PlannedOperation,
  code: EngineCode | undefined,
  chosen: ImplementationFact,
): EngineFacts {
  const found = engine.operations.get(operation.operation);
  return {
    found: true,
    manifest: engine.manifest,
    manifestSha256: engine.manifestSha256,
    operation:
      found === undefined || chosen.implementation === undefined
        ? found?.manifest
        : implementedOperation(found.manifest, chosen.implementation),
    implementation: chosen,
    params: found?.params(),
    loadedBundleSha256: code?.sha256,
    certificate: engine.certificate,
  };
}

function defaultBudget(engine: EngineFacts): FullBudget {
  if (!engine.found) return emptyUsage();
  return { ...engine.manifest.default_budget, ...engine.implementation.implementation?.default_budget };
}

function chooseImplementation(
  engine: RegisteredEngine,
  { operation }: PlannedOperation,
  { policy, outside: { toolbox } }: FactSources,
): Promise<ImplementationFact> {
  return resolveImplementation(engine, operation, {
    implementationFor: policy.implementationFor,
    resolveTool: toolbox && ((tool) => toolbox.resolve(tool)),
  });
}

async function inspectInput(
  input: PlannedOperation['inputs'][number],
  sources: FactSources,
): Promise<{ fact: InputFact; handle?: ArtifactHandle }> {
  const handle = 'entity_id' in input ? await sources.resolveEntity?.(input) : input;
  if (handle === undefined) {
    const detail = 'entity_id' in input ? `${input.entity_type} ${input.entity_id}` : 'nothing resolves it';
    return { fact: { state: 'unresolved-entity', detail } };
  }
  try {
    await sources.store.verifyHandle(handle);
    return { fact: { state: 'present' }, handle };
  } catch (thrown) {
    if (!(thrown instanceof MexError)) throw thrown;
    return { fact: { state: thrown.code === 'ARTIFACT_NOT_FOUND' ? 'missing' : 'mismatch', detail: thrown.message } };
  }
}
