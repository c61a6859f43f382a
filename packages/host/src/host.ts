import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ArtifactStore, openArtifactStore } from '@mex/artifacts';
import { type EngineResult, type FlightEvent, MexError, type PlannedOperation } from '@mex/envelope';
import { createFileSigner, type FlightRecorder, openRecorder, type Signer } from '@mex/flight-recorder';
import type { Gate } from '@mex/gates';
import { loadBundle, type Registry } from '@mex/registry';
import type { RunView } from '@mex/runs';
import {
  type Caller,
  createProcessTier,
  createRuntime,
  createThreadTier,
  type EntityResolver,
  type ExecuteOptions,
  type OutsideOptions,
  type Runtime,
  type SandboxTier,
  type SecretSource,
} from '@mex/runtime';
import { closeAll } from './close-all.ts';
import { type EscalatePowers, escalate } from './governance/cloud/escalate.ts';
import type { Escalation, EscalationReference, EscalationRequest } from './governance/cloud/escalation.ts';
import { type Explanation, explainOperation } from './governance/explain.ts';
import { type HomeConsents, openConsents } from './governance/home-consents.ts';
import type { Approvals } from './governance/inbox.ts';
import { nameConsents } from './governance/name-consents.ts';
import { type Governed, openApprovals } from './governance/open-approvals.ts';
import { type EngineHandle, openHomeRegistry } from './home-registry.ts';
import { type PlanRequest, planOperation } from './plan.ts';
import { type LoadedPolicy, loadPolicy, type Policy, wrapPolicy } from './policy.ts';
import { chooseImplementation, chooseTier, createPolicySource, mayStart } from './policy-source.ts';
import { type Pruned, type PruneRequest, pruneStore } from './prune/prune-store.ts';
import { recordStart, stampHost } from './record-start.ts';
import { openReplays } from './replay/open-replays.ts';
import type { Replays } from './replay/replay.ts';
import { type HostRuns, type OpenRunRequest, openHostRuns, type WiredRuns } from './runs/host-runs.ts';
import { createSecretFiles } from './secret-files.ts';
import { systemCaller } from './system-caller.ts';

export interface HostOptions {
  /** Directory of this installation's state; created when missing. */
  readonly home: string;
  /** Engines shipped with the application. Engines the operator added are read from the home. */
  readonly engines?: readonly EngineHandle[];
  /** Default: `policy.json` of the home, else the built-in policy. */
  readonly policy?: Policy;
  /** Who calls when `execute` is not told. Default: the operating system user. */
  readonly caller?: Caller;
  /** Gates after the six. */
  readonly gates?: readonly Gate[];
  /** Signs checkpoints of the log. Default: an Ed25519 key in `<home>/keys`, made at first use. */
  readonly signer?: Signer;
  readonly resolveEntity?: EntityResolver;
  /** Engines whose sandbox is started at once, while databases are being opened. */
  readonly prewarm?: readonly string[];
  /** First file of the worker threads, for applications that bundle this package. */
  readonly threadEntry?: URL;
  /** Program of the sandboxed processes, for applications that bundle this package. */
  readonly processProgram?: URL;
  /** Where secrets come from. Default: files of `<home>/secrets`, named by their ids. */
  readonly secrets?: SecretSource;
  /** Stands between the runtime and a tier, to look at what passes. What it returns keeps the promises of a tier. */
  readonly wrapTier?: (tier: SandboxTier) => SandboxTier;
  /** An outside that the application stages, for operations that must not reach the real one. */
  readonly stage?: Pick<OutsideOptions, 'ca' | 'dial' | 'workingDirectory'>;
}

/** A wired MEX. */
export interface Host {
  readonly home: string;
  readonly registry: Registry;
  readonly artifacts: ArtifactStore;
  readonly recorder: FlightRecorder;
  readonly policy: LoadedPolicy;
  readonly caller: Caller;
  /** Who may use what, and until when (CONTRACT §7). */
  readonly consents: HomeConsents;
  /** What waits for a person (CONTRACT §12). */
  readonly approvals: Approvals;
  /** Runs: shared budgets, and workspaces that can be put back (CONTRACT §9, §12). */
  readonly runs: HostRuns;
  /**
   * Opens a run; operations with its id as `context.run_id` belong to it. Only the host application does this.
   * @throws MexError `RUN_INVALID`, `POLICY_BUDGET_MISSING`, `GOVERNANCE_LEVEL_UNKNOWN`
   */
  readonly openRun: (request: OpenRunRequest) => Promise<RunView>;
  readonly plan: (request: PlanRequest) => PlannedOperation;
  readonly execute: (operation: string | Uint8Array | object, options?: ExecuteOptions) => Promise<EngineResult>;
  /** What would become of an operation that is sent now, and what decides it. Runs and records nothing of it. */
  readonly explain: (operation: string | Uint8Array | object, caller?: Caller) => Promise<Explanation>;
  /**
   * Sends a payload to a model elsewhere, once a person has consented to exactly that payload. The first call plans it
   * and puts it up for decision; the call with its request id, after the decision, sends it.
   * @throws MexError `CLOUD_REQUEST_UNKNOWN`; every other refusal is an answer
   */
  readonly escalate: (request: EscalationRequest | EscalationReference, caller?: Caller) => Promise<Escalation>;
  /**
   * Removes artifacts that are past their time (CONTRACT §5), as the janitor engine proposes and this host verifies.
   * @throws MexError `ENGINE_UNKNOWN` without the janitor, `PRUNE_REPORT_REFUSED`
   */
  readonly prune: (request?: PruneRequest, caller?: Caller) => Promise<Pruned>;
  /** Holds recorded operations against a second run, or against their evidence (CONTRACT §6). */
  readonly replays: Replays;
  /** Forgets kept results older than `before`, in ms since 1970; says how many. Their artifacts stay. */
  readonly pruneCache: Runtime['pruneCache'];
  /** Starts an engine's sandbox before it is needed. */
  readonly prewarm: (engineId: string) => void;
  /** Records something the host did, e.g. a materialised artifact. */
  readonly record: (subject: HostEvent['subject'], body: HostEvent['body']) => Promise<void>;
  /** Ends what runs after `graceMs`, and closes everything. The second call waits for the first one. */
  readonly close: (options?: { graceMs?: number }) => Promise<HostClosed>;
}

/** What could not be ended. */
export interface HostClosed {
  /**
   * Engines whose threads run on in code that V8 does not interrupt. They keep this process from ending by itself,
   * also by `process.exit()`: only a signal, or `process.execve`, ends it.
   */
  readonly stuck: readonly string[];
}

export type HostEvent = Extract<
  FlightEvent,
  {
    type: 'system';
    subject:
      | 'artifact.materialized'
      | 'artifact.quarantined'
      | 'directory.pinned'
      | 'registry.engine_added'
      | 'registry.engine_removed'
      | 'registry.engine_disabled'
      | 'registry.engine_enabled'
      | 'certification.ended'
      | 'sandbox.unstoppable'
      | 'host.stopped';
  }
>;

/**
 * Opens a home and wires everything (ARCHITECTURE, `host`).
 * @throws MexError when the home's policy, registry file or databases cannot be used.
 */
export async function openHost(options: HostOptions): Promise<Host> {
  const home = resolve(options.home);
  mkdirSync(home, { recursive: true });
  const caller = options.caller ?? systemCaller();
  const policy = options.policy
    ? wrapPolicy(options.policy, 'application')
    : await loadPolicy(join(home, 'policy.json'));
  const registry = openHomeRegistry(home, options.engines ?? [], policy.policy);
  const tiers = createTiers(options);
  prewarmEngines(tiers, policy, registry, options.prewarm ?? []);
  try {
    return await wire({ home, caller, policy, registry, tiers, options });
  } catch (error) {
    await Promise.all(tiers.map((tier) => tier.close()));
    throw error;
  }
}

interface Wiring extends Pick<Host, 'home' | 'caller' | 'policy' | 'registry'> {
  readonly tiers: readonly SandboxTier[];
  readonly options: HostOptions;
}

async function wire(wiring: Wiring): Promise<Host> {
  const { home, options } = wiring;
  const recorder = openRecorder({
    file: join(home, 'log.db'),
    signer: options.signer ?? createFileSigner(join(home, 'keys')),
  });
  try {
    return await wireRecorder(wiring, recorder);
  } catch (error) {
    await recorder.close().catch(() => undefined);
    throw error;
  }
}

async function wireRecorder({ home, caller, policy, registry, tiers, options }: Wiring, recorder: FlightRecorder) {
  const record = async (subject: HostEvent['subject'], body: HostEvent['body']): Promise<void> => {
    // Subject and body come as a pair of one event; the recorder validates it at ingestion.
    await recorder.append([{ ...stampHost(caller), type: 'system', subject, body } as FlightEvent]);
  };
  const artifacts = openArtifactStore({
    dir: join(home, 'artifacts'),
    onQuarantine: ({ sha256 }) => void record('artifact.quarantined', { sha256 }),
  });
  const consents = openConsents(recorder);
  try {
    const runs = openHostRuns({ home, recorder, artifacts, policy: policy.policy });
    const { levelOf } = runs;
    const governed = openApprovals({ recorder, artifacts, registry, policy: policy.policy.governance, levelOf });
    const { resultCache = {} } = policy.policy;
    const runtime = createRuntime({
      recorder,
      store: artifacts,
      registry,
      policy: createPolicySource(policy, consents),
      tiers,
      quota: policy.policy.quota,
      outside: {
        ...describeOutside(policy.policy, options.secrets ?? createSecretFiles(join(home, 'secrets'))),
        ...options.stage,
      },
      gates: [...(options.gates ?? []), runs.gate, ...governed.gates],
      atGrant: runs.withRun(governed.desk.atGrant),
      ...(resultCache === 'off' ? {} : { resultCache }),
      runStanding: runs.standing,
      ...(options.resolveEntity === undefined ? {} : { resolveEntity: options.resolveEntity }),
    });
    await recordStart(recorder, registry, policy, caller);
    await runtime.recover();
    await runs.recover();
    return wireHost({ home, registry, artifacts, recorder, policy, caller, consents, governed, runs, runtime, record });
  } catch (error) {
    // What failed first is what is told.
    await artifacts.close().catch(() => undefined);
    throw error;
  }
}

/** The tiers this machine may have; whether they hold is proven before they are used. */
function createTiers({ threadEntry, processProgram, wrapTier = (tier) => tier }: HostOptions): SandboxTier[] {
  const thread = createThreadTier(threadEntry === undefined ? {} : { entry: threadEntry });
  const sandboxed = createProcessTier(processProgram === undefined ? {} : { program: processProgram });
  return (sandboxed === undefined ? [thread] : [thread, sandboxed]).map(wrapTier);
}

function describeOutside(policy: Policy, secrets: SecretSource): OutsideOptions {
  const { readScopes: scopes, privateHosts, tools, readableSecrets, secretHosts } = policy;
  return { scopes, privateHosts, tools, readableSecrets, secretHosts, secrets };
}

/** Reads the bundles itself: whatever is wrong with one is told when it is run. */
function prewarmEngines(
  tiers: readonly SandboxTier[],
  { policy }: LoadedPolicy,
  registry: Registry,
  engineIds: readonly string[],
): void {
  for (const engineId of engineIds) {
    const { engine } = registry.resolve(engineId);
    const tier = engine && tiers.find(({ name }) => name === chooseTier(policy.tiers, engine).tier);
    if (engine === undefined || tier === undefined || !mayStart(policy, engine)) continue;
    const { memory_bytes } = engine.manifest.default_budget;
    // No engine is in a sandbox that was not proven yet; an empty one may wait for it.
    if (tier.prove !== undefined) {
      tier.spare?.(memory_bytes);
      continue;
    }
    try {
      const text = loadBundle(engine.bundle, engineId);
      tier.prewarm({ engineId, sha256: engine.bundle.sha256, text }, memory_bytes);
    } catch (error) {
      if (!(error instanceof MexError)) throw error;
    }
  }
}

type Wired = Pick<
  Host,
  'home' | 'registry' | 'artifacts' | 'recorder' | 'policy' | 'caller' | 'consents' | 'record'
> & {
  runtime: Runtime;
  governed: Governed;
  runs: WiredRuns;
};

function wireHost({ runtime, governed, runs, ...parts }: Wired): Host {
  let closing: Promise<HostClosed> | undefined;
  const execute: Host['execute'] = (operation, call = {}) => {
    const caller = call.caller ?? parts.caller;
    return governed.desk.execute(operation, caller, (checked) =>
      runs.execute(checked, call.signal, (signal) =>
        runtime.execute(checked, { ...call, caller, ...(signal === undefined ? {} : { signal }) }),
      ),
    );
  };
  const sendAs: EscalatePowers['execute'] = (operation, caller) =>
    execute(nameConsents(operation, caller.id, parts.consents), { caller });
  return {
    ...parts,
    approvals: governed.approvals,
    runs: runs.runs,
    openRun: ({ actor = parts.caller, ...request }) => runs.open({ actor, ...request }),
    plan: (request) =>
      nameConsents(
        planOperation(parts.registry, request, (id) => chooseImplementation(parts.policy.policy, id)),
        parts.caller.id,
        parts.consents,
      ),
    execute,
    replays: openReplays({
      ...parts,
      store: parts.artifacts,
      history: runtime.history,
      requireRun: parts.policy.policy.requireRunBudget,
      openRun: ({ actor = parts.caller, ...request }) => runs.open({ actor, ...request }),
      ask: execute,
      send: runtime.execute,
    }),
    pruneCache: runtime.pruneCache,
    escalate: (request, caller = parts.caller) => escalate(request, caller, { ...governed.cloud, execute: sendAs }),
    explain: (operation, caller = parts.caller) =>
      explainOperation(operation, caller, { ...parts, desk: governed.desk, preview: runtime.preview }),
    prune: (request = {}, caller = parts.caller) =>
      pruneStore(request, {
        ...parts,
        caller,
        policy: parts.policy.policy.retention ?? {},
        // What is removed is judged now.
        execute: (operation) => execute(operation, { caller, cache: 'bypass' }),
        pruneCache: runtime.pruneCache,
      }),
    prewarm: (engineId) => {
      const { engine } = parts.registry.resolve(engineId);
      if (engine !== undefined && mayStart(parts.policy.policy, engine)) runtime.prewarm(engine);
    },
    close: (close) => {
      closing ??= closeHost(parts, runtime, close);
      return closing;
    },
  };
}

async function closeHost(
  parts: Omit<Wired, 'runtime' | 'governed' | 'runs'>,
  runtime: Runtime,
  options: { graceMs?: number } | undefined,
): Promise<HostClosed> {
  let stuck: readonly string[] = [];
  try {
    await closeAll([
      async () => {
        ({ stuck } = await runtime.close(options));
      },
      () => recordStuck(parts, stuck),
      () => parts.consents.close(),
      () => parts.record('host.stopped', { reason: 'closed' }),
      () => parts.artifacts.close(),
      () => parts.recorder.close(),
    ]);
  } catch (error) {
    // Whoever ends the process must know, also now.
    throw error instanceof Error ? Object.assign(error, { stuck }) : error;
  }
  return { stuck };
}

/** A sandbox that could not be ended is a breach that an operator must see (CONTRACT §1). */
async function recordStuck(
  { record, recorder, caller }: Omit<Wired, 'runtime' | 'governed' | 'runs'>,
  stuck: readonly string[],
): Promise<void> {
  for (const engineId of stuck) {
    await record('sandbox.unstoppable', { tier: 'thread', engine_id: engineId });
    const { event_id: _unused, ...base } = stampHost(caller);
    await recorder.problems.report(
      {
        title: `${engineId} could not be ended`,
        message:
          'Its operation was ended, but its thread runs on in code that V8 does not interrupt, until the process ends. ' +
          'Run it in the process tier: "engine_tiers" of policy.json.',
        severity: 'error',
        source: 'runtime',
        surface: 'sandbox',
        tool: engineId,
        code: 'SANDBOX_UNSTOPPABLE',
        locations: [],
        link_confidence: 'direct',
      },
      base,
    );
  }
}
