import type { ArtifactStore } from '@mex/artifacts';
import type { EngineResult } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import type { FlightRecorder } from '@mex/flight-recorder';
import { findConsent, type GateDenial, type PipelineOutcome } from '@mex/gates';
import { type Collected, collectFacts, type FactSources } from './facts.ts';
import type { Grant } from './grant.ts';
import type { Ledger } from './ledger.ts';
import type { Planned } from './planned.ts';
import type { RunVerdict } from './quota.ts';
import { configHash, denialError, type Ending, ranResult } from './result.ts';
import { type EngineRun, postFacts, runEngine, stagedHandles } from './run-engine.ts';
import type { SandboxTier } from './sandbox/tier.ts';
import { type Conclusion, recordDenial, recordEnd, recordGrant } from './steps.ts';
import { storeOutputs } from './store-outputs.ts';
import { Workspace } from './workspace.ts';

/** What the steps of an operation work with. */
export interface OperationPowers extends FactSources {
  readonly recorder: FlightRecorder;
  readonly ledger: Ledger;
  readonly store: ArtifactStore;
  readonly tiers: ReadonlyMap<string, SandboxTier>;
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
}

/**
 * One governed operation, step by step (ARCHITECTURE "How one operation flows"). Parsing, idempotency and step 2's
 * digest are done before; this decides, runs, checks and records.
 */
export async function runOperation(
  planned: Planned,
  powers: OperationPowers,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<EngineResult> {
  const collected = await collectFacts(planned, powers, powers.now());
  const { reservation } = collected;
  let verdict: RunVerdict = 'neutral';
  try {
    const before = powers.pipeline.checkBefore(planned.operation, collected.facts);
    const tier = before.denial ? undefined : chooseTier(collected, powers);
    if (before.denial !== undefined || tier === undefined || collected.code === undefined) {
      reservation.cancel();
      return await recordDenial(planned, collected, before, before.denial ?? tierDenial(collected, powers), powers);
    }
    const grant = makeGrant(planned, collected, tier);
    progress.seq = await recordGrant(planned, collected, before, grant, powers);
    const conclusion = await runGranted(planned, collected, grant, tier, powers, signal);
    verdict = conclusion.denial === undefined ? conclusion.run.verdict : 'fault';
    await recordEnd(planned, conclusion, progress.seq, powers);
    return conclusion.result;
  } finally {
    reservation.end(verdict, powers.now());
  }
}

function chooseTier(collected: Collected, powers: OperationPowers): SandboxTier | undefined {
  return collected.engine && powers.tiers.get(powers.policy.tierFor(collected.engine));
}

/** A tier that is asked for and not available is a denial, not a downgrade (CONTRACT §9). */
function tierDenial(collected: Collected, powers: OperationPowers): GateDenial {
  const wanted = collected.engine ? powers.policy.tierFor(collected.engine) : 'any';
  return {
    gate: 'G-CAP',
    code: 'SANDBOX_TIER_UNAVAILABLE',
    kind: 'sandbox',
    reason: `Policy asks for the ${wanted} tier, which is not available here.`,
    severity: 'error',
    remedy: `Available: ${[...powers.tiers.keys()].join(', ') || 'none'}. Change the policy, or run where the tier is available.`,
    retryable: false,
  };
}

function makeGrant(planned: Planned, collected: Collected, tier: SandboxTier): Grant {
  const { facts } = collected;
  if (!facts.engine.found || facts.engine.operation === undefined) throw new Error('granted without an engine');
  const { manifest, manifestSha256, operation } = facts.engine;
  const capabilities = planned.operation.capabilities_requested.map((capabilityId) => ({
    capabilityId,
    consentId: findConsent(planned.operation, facts, capabilityId)?.consentId,
  }));
  const sha256 = digestJson({
    budget: facts.budget,
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
): Promise<Conclusion> {
  const workspace = new Workspace(grant.opId, powers.shadowRoot);
  const { code, inputs } = collected;
  if (code === undefined) throw new Error('granted without code');
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
      now: powers.now(),
      signal,
    });
    return await conclude(planned, collected, grant, run, powers);
  } finally {
    await workspace.dispose();
  }
}

/** Steps 8 and 9: reply, post-gates, store. Nothing is stored before the post-gates have passed. */
async function conclude(
  planned: Planned,
  collected: Collected,
  grant: Grant,
  run: EngineRun,
  powers: OperationPowers,
): Promise<Conclusion> {
  const config = configHash(planned, collected.facts.policy.sha256);
  const nothing: Ending = {
    status: run.status,
    outputs: [],
    evidence: [],
    errors: [],
    summary: undefined,
    logsRef: undefined,
  };
  const build = (ending: Ending): EngineResult =>
    ranResult(planned, grant, collected.inputs, config, run.meter.usage, ending, powers.now());
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
