import type { ArtifactStore } from '@mex/artifacts';
import type { EngineResult } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import type { FlightRecorder } from '@mex/flight-recorder';
import { findConsent, type GateDenial, type PipelineOutcome } from '@mex/gates';
import { type AtGrant, GrantRefused } from './at-grant.ts';
import type { Outside } from './broker/axes.ts';
import type { ResultCache } from './cache/result-cache.ts';
import { recordCached } from './cache/serve-cached.ts';
import { type CacheUse, tryCache } from './cache/try-cache.ts';
import { type Collected, collectFacts, type FactSources } from './facts.ts';
import type { Grant } from './grant.ts';
import type { Ledger } from './ledger.ts';
import type { Planned } from './planned.ts';
import { rehearsalTenant, stamp, tenantOf } from './planned.ts';
import type { RunVerdict } from './quota.ts';
import { configHash, denialError, type Ending, ranResult } from './result.ts';
import { CONSENT_REVOKED, type EngineRun, postFacts, runEngine, stagedHandles } from './run-engine.ts';
import type { SandboxTier } from './sandbox/tier.ts';
import type { TierBook, TierRefusal } from './sandbox/tier-book.ts';
import { type Conclusion, recordDenial, recordEnd, recordGrant } from './steps.ts';
import { describeCreator, storeOutputs } from './store-outputs.ts';
import { takePlace } from './take-place.ts';
import { warnOfFault } from './warn-of-fault.ts';
import { Workspace } from './workspace.ts';

/** What the steps of an operation work with. */
export interface OperationPowers extends FactSources {
  readonly recorder: FlightRecorder;
  readonly ledger: Ledger;
  /** Results that may be served again; absent where that is switched off. */
  readonly cache: ResultCache | undefined;
  readonly store: ArtifactStore;
  readonly tiers: TierBook;
  /** What operations may reach beyond their inputs and outputs. */
  readonly outside: Outside;
  /** What the host records together with a grant. */
  readonly atGrant: AtGrant | undefined;
  /** Where shadow workspaces are made. */
  readonly shadowRoot: string;
  readonly now: () => number;
  readonly nextSession: () => number;
  /** How many other operations are under way. */
  readonly siblings: () => number;
}

/** How far an operation got; whoever has to end it after a fault needs to know. */
export interface Progress {
  /** Its place in the ledger, once its grant is on the disk. */
  seq: number | undefined;
  /** Its place in the quota; in the transaction that ends it. */
  endQuota?: () => void;
  /** Gives it back to this process, when nothing could be recorded. */
  release?: () => void;
}

/** What the caller of one operation chose. */
export interface CallOptions {
  readonly signal: AbortSignal | undefined;
  readonly cache: CacheUse;
  /** Whose operation is only looked at again; of nothing that happens then is anything learned or kept. */
  readonly rehearsalOf: string | undefined;
}

/** What was decided. Without a tier there is a denial, and nothing runs. */
export type Judgement = { readonly before: PipelineOutcome } & (
  | { readonly denial: GateDenial; readonly tier: undefined }
  | { readonly denial: undefined; readonly tier: SandboxTier }
);

interface Refused {
  readonly before: PipelineOutcome;
  readonly denial: GateDenial;
}

/**
 * One governed operation, step by step (ARCHITECTURE "How one operation flows"). Parsing, idempotency and step 2's
 * digest are done before; this decides, runs, checks and records.
 */
export async function runOperation(
  planned: Planned,
  powers: OperationPowers,
  progress: Progress,
  { signal, cache, rehearsalOf }: CallOptions,
): Promise<EngineResult> {
  const collected = await collectFacts(planned, powers, powers.now());
  const { reservation } = collected;
  try {
    const { before, denial, tier } = await judgeOperation(planned, collected, powers);
    if (tier === undefined) {
      reservation.cancel();
      return await recordDenial(planned, collected, before, denial, powers);
    }
    const grant = makeGrant(planned, collected, tier);
    const seq = await tryGrant(planned, collected, before, grant, powers);
    if (typeof seq !== 'number') {
      reservation.cancel();
      return await recordDenial(planned, collected, seq.before, seq.denial, powers);
    }
    progress.seq = seq;
    progress.endQuota = () => reservation.end('neutral', powers.now());
    progress.release = reservation.release;
    const config = configHash(planned, collected.facts.policy.sha256, grant.implementation.id);
    const use = signal?.aborted ? 'bypass' : cache;
    const { served, miss } =
      rehearsalOf === undefined ? await tryCache(planned, collected, grant, config, use, powers) : {};
    if (served !== undefined) {
      // Nothing was learned about the engine.
      await recordCached(planned, served, seq, progress.endQuota, powers);
      return served.result;
    }
    const tenant = rehearsalOf === undefined ? tenantOf(planned.caller) : rehearsalTenant(rehearsalOf);
    const conclusion = await runGranted(planned, collected, grant, tier, powers, signal, tenant);
    const learned = conclusion.denial === undefined ? conclusion.run.verdict : verdictOf(conclusion.denial);
    const verdict = rehearsalOf === undefined ? learned : 'neutral';
    await recordEnd(planned, conclusion, seq, () => reservation.end(verdict, powers.now()), powers, miss);
    return conclusion.result;
  } catch (error) {
    // Once it was granted, its place is given back with the record of how it ended.
    if (progress.seq === undefined) reservation.cancel();
    throw error;
  }
}

/** Everything that is decided before anything is recorded: what the gates say, and which tier it gets. */
export async function judgeOperation(
  planned: Planned,
  collected: Collected,
  powers: OperationPowers,
): Promise<Judgement> {
  const before = powers.pipeline.checkBefore(planned.operation, collected.facts);
  if (before.denial !== undefined) return { before, denial: before.denial, tier: undefined };
  const tier = await chooseTier(collected, powers);
  if (tier === undefined || 'reason' in tier) return { before, denial: tierDenial(tier), tier: undefined };
  return { before, denial: undefined, tier };
}

/** What a planner asked for too much of says nothing about the engine; everything else that a post-gate denies does. */
function verdictOf({ gate, code }: GateDenial): RunVerdict {
  return gate === 'G-DET' || code === 'OUTPUT_LIMIT' || code === 'EVIDENCE_MISSING' ? 'neutral' : 'fault';
}

async function chooseTier(
  collected: Collected,
  powers: OperationPowers,
): Promise<SandboxTier | TierRefusal | undefined> {
  if (collected.engine === undefined || collected.code === undefined) return undefined;
  const { now, budget } = collected.facts;
  return powers.tiers.find(powers.policy.tierFor(collected.engine, now), budget.memory_bytes);
}

/** @returns its place in the ledger; or the denial, when what the grant rests on is gone by now */
async function tryGrant(
  planned: Planned,
  collected: Collected,
  before: PipelineOutcome,
  grant: Grant,
  powers: OperationPowers,
): Promise<number | Refused> {
  try {
    const extra = await powers.atGrant?.(planned.operation, planned.caller);
    return await recordGrant(
      planned,
      collected,
      before,
      grant,
      takePlace(collected.reservation, extra, powers.now),
      powers,
    );
  } catch (error) {
    if (!(error instanceof GrantRefused)) throw error;
    const { gate, code, reason } = error.denial;
    const outcomes = before.outcomes.map((one) =>
      one.gate === gate ? { gate, outcome: 'deny' as const, code, reason } : one,
    );
    return { before: { outcomes, denial: error.denial }, denial: error.denial };
  }
}

/** A tier that is asked for and not available is a denial, not a downgrade (CONTRACT §9). */
function tierDenial(refusal: TierRefusal | undefined): GateDenial {
  return {
    gate: 'G-CAP',
    code: 'SANDBOX_TIER_UNAVAILABLE',
    kind: 'sandbox',
    reason: refusal?.reason ?? 'There is no code to run.',
    severity: 'error',
    remedy: refusal?.remedy ?? 'Check the registry: mex engines verify',
    retryable: false,
  };
}

function makeGrant(planned: Planned, collected: Collected, tier: SandboxTier): Grant {
  const { facts } = collected;
  if (!facts.engine.found || facts.engine.operation === undefined) throw new Error('granted without an engine');
  const { manifest, manifestSha256, operation } = facts.engine;
  const { implementation } = facts.engine.implementation;
  if (implementation === undefined) throw new Error('granted without an implementation');
  const capabilities = planned.operation.capabilities_requested.map((capabilityId) => ({
    capabilityId,
    consentId: findConsent(planned.operation, facts, capabilityId)?.consentId,
  }));
  const sha256 = digestJson({
    budget: facts.budget,
    implementation: implementation.id,
    capabilities: capabilities.map(({ capabilityId, consentId }) => [capabilityId, consentId ?? null]),
    manifest: manifestSha256,
    operation: planned.sha256,
    policy: facts.policy.sha256,
    tier: tier.name,
  });
  return {
    opId: planned.operation.op_id,
    tier: tier.name,
    capabilities,
    budget: facts.budget,
    manifest,
    operation,
    implementation,
    sha256,
  };
}

/** Runs the engine and judges what came out. The shadow workspace lives exactly as long as this. */
async function runGranted(
  planned: Planned,
  collected: Collected,
  grant: Grant,
  tier: SandboxTier,
  powers: OperationPowers,
  signal: AbortSignal | undefined,
  tenant: string,
): Promise<Conclusion> {
  const workspace = new Workspace(grant.opId, powers.shadowRoot);
  const { code, inputs } = collected;
  if (code === undefined) throw new Error('granted without code');
  const isConsentLive = (consentId: string): boolean => powers.policy.isConsentLive(consentId, powers.now());
  const watch = watchConsents(grant, isConsentLive, signal);
  try {
    const { store } = powers;
    const session = powers.nextSession();
    const run = await runEngine({
      planned,
      grant,
      code,
      inputs,
      tier,
      store,
      workspace,
      session,
      tenant,
      now: powers.now(),
      signal: watch.signal,
      outside: powers.outside,
      isConsentLive,
      onCommand: async (body) => {
        await powers.recorder.append([{ ...stamp(planned.base, powers.now()), ...body }]);
      },
      storeToolOutput: async (_stream, bytes) => {
        const created_by = describeCreator(
          planned,
          grant,
          configHash(planned, collected.facts.policy.sha256, grant.implementation.id),
        );
        const { artifact_id } = await store.put(bytes, {
          kind: 'tool_output',
          mime: 'application/octet-stream',
          layer: 'evidence',
          created_by,
          classification: 'high',
          exportable: false,
        });
        return artifact_id;
      },
    });
    return await conclude(planned, collected, grant, run, powers);
  } finally {
    watch.stop();
    await workspace.dispose();
  }
}

/** How often the consents of a running operation are looked at, besides on each of its calls, in ms. */
const CONSENT_WATCH_MS = 200;

/** A consent that is revoked ends the operations that rest on it, also those that only compute (CONTRACT §7). */
function watchConsents(
  grant: Grant,
  isLive: (consentId: string) => boolean,
  signal: AbortSignal | undefined,
): { signal: AbortSignal | undefined; stop: () => void } {
  const ids = grant.capabilities.flatMap(({ consentId }) => (consentId === undefined ? [] : [consentId]));
  if (ids.length === 0) return { signal, stop: () => undefined };
  const revoked = new AbortController();
  const timer = setInterval(() => {
    let live = false;
    try {
      live = ids.every(isLive);
    } catch (error) {
      // Whoever cannot be asked has not consented.
      warnOfFault(grant.opId, error);
    }
    if (!live) revoked.abort(CONSENT_REVOKED);
  }, CONSENT_WATCH_MS);
  const signals = signal === undefined ? [revoked.signal] : [signal, revoked.signal];
  return { signal: AbortSignal.any(signals), stop: () => clearInterval(timer) };
}

/** Steps 8 and 9: reply, post-gates, store. Nothing is stored before the post-gates have passed. */
async function conclude(
  planned: Planned,
  collected: Collected,
  grant: Grant,
  run: EngineRun,
  powers: OperationPowers,
): Promise<Conclusion> {
  const config = configHash(planned, collected.facts.policy.sha256, grant.implementation.id);
  const nothing: Ending = {
    status: run.status,
    outputs: [],
    evidence: [],
    errors: [],
    summary: undefined,
    logsRef: undefined,
  };
  const build = (ending: Ending): EngineResult =>
    ranResult(
      planned,
      grant,
      collected.inputs,
      config,
      run.meter.usage,
      ending,
      powers.now(),
      run.broker.axes.toolVersions,
    );
  let ending: Ending = run.error === undefined ? nothing : { ...nothing, errors: [run.error] };
  let after: PipelineOutcome = { outcomes: [], denial: undefined };
  if (run.status === 'succeeded') {
    const handles = stagedHandles(run.broker.writer.staged.values());
    const passed: Ending = { ...nothing, ...handles, summary: run.reply?.summary };
    const candidate = build(passed);
    after = powers.pipeline.checkAfter(planned.operation, candidate, postFacts(run, grant, candidate));
    ending =
      after.denial === undefined ? passed : { ...nothing, status: 'failed', errors: [denialError(after.denial)] };
  }
  ending = await storeOutputs(planned, grant, run, config, ending, powers);
  return { run, outcomes: after.outcomes, denial: after.denial, result: build(ending) };
}
