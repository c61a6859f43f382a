import type { ArtifactStore } from '@mex/artifacts';
import { canonicalJson, type EngineResult, type ResultError, toErrorData } from '@mex/envelope';
import { digestJson, sha256Hex } from '@mex/envelope/digest';
import type { FlightRecorder } from '@mex/flight-recorder';
import { findConsent, type GateDenial, type PipelineOutcome } from '@mex/gates';
import { type Collected, collectFacts, type FactSources } from './facts.ts';
import type { Grant } from './grant.ts';
import type { Ledger, LedgerStart } from './ledger.ts';
import { type Planned, stamp } from './planned.ts';
import {
  capabilityEvents,
  checkedEvent,
  denialProblem,
  endEvents,
  engineProblem,
  failureProblem,
  killedEvent,
  refusalEvents,
} from './records.ts';
import { configHash, denialError, deniedResult, type Ending, ranResult } from './result.ts';
import { type EngineRun, postFacts, runEngine, stagedHandles } from './run-engine.ts';
import type { SandboxTier } from './sandbox/tier.ts';
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

/**
 * One governed operation, step by step (ARCHITECTURE "How one operation flows"). Parsing, idempotency and step 2's
 * digest are done before; this decides, runs, checks and records.
 */
export async function runOperation(
  planned: Planned,
  powers: OperationPowers,
  signal: AbortSignal | undefined,
): Promise<EngineResult> {
  const collected = await collectFacts(planned, powers, powers.now());
  const before = powers.pipeline.checkBefore(planned.operation, collected.facts);
  const tier = before.denial ? undefined : chooseTier(collected, powers);
  const denial = before.denial ?? (tier === undefined ? tierDenial(collected, powers) : undefined);
  if (denial !== undefined || tier === undefined || collected.code === undefined) {
    return recordDenial(planned, collected, before, denial ?? tierDenial(collected, powers), powers);
  }
  const grant = makeGrant(planned, collected, tier);
  const actorId = planned.caller?.id ?? 'unknown';
  powers.quota.begin(actorId, planned.operation.engine_id, powers.now());
  let fault = false;
  const workspace = new Workspace(grant.opId, powers.shadowRoot);
  try {
    const seq = await recordGrant(planned, collected, before, grant, powers);
    const run = await runEngine({
      planned,
      grant,
      code: collected.code,
      inputs: collected.inputs,
      tier,
      store: powers.store,
      workspace,
      session: powers.nextSession(),
      now: powers.now(),
      signal,
    });
    fault = run.status === 'failed' || run.status === 'timed_out';
    return await conclude(planned, collected, grant, run, seq, powers);
  } finally {
    await workspace.dispose();
    powers.quota.end(actorId, planned.operation.engine_id, powers.now(), fault);
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
  const opId = planned.operation.op_id;
  const sha256 = digestJson({
    budget: facts.budget,
    capabilities: capabilities.map(({ capabilityId, consentId }) => [capabilityId, consentId ?? null]),
    manifest: manifestSha256,
    operation: planned.sha256,
    policy: facts.policy.sha256,
    tier: tier.name,
  });
  return { opId, tier: tier.name, capabilities, budget: facts.budget, manifest, operation, sha256 };
}

function ledgerStart(planned: Planned): LedgerStart {
  const { operation } = planned;
  return {
    opId: operation.op_id,
    operationSha256: planned.sha256,
    runId: operation.context?.run_id,
    actorId: planned.caller?.id ?? 'unknown',
    startedAt: new Date(planned.startedAt).toISOString(),
    request: planned.text,
  };
}

/** The record comes before any effect; if it cannot be written, nothing runs. @returns where the result goes */
async function recordGrant(
  planned: Planned,
  collected: Collected,
  before: PipelineOutcome,
  grant: Grant,
  powers: OperationPowers,
): Promise<number> {
  const now = powers.now();
  const events = [
    ...capabilityEvents(planned, collected.facts, now),
    checkedEvent(planned, collected.facts, before.outcomes, grant, now),
  ];
  let seq = 0;
  const begin = (): void => {
    seq = powers.ledger.begin(ledgerStart(planned));
  };
  try {
    await powers.recorder.append(events, begin, powers.siblings());
  } catch (error) {
    powers.ledger.forget();
    throw error;
  }
  return seq;
}

async function recordDenial(
  planned: Planned,
  collected: Collected,
  before: PipelineOutcome,
  denial: GateDenial,
  powers: OperationPowers,
): Promise<EngineResult> {
  const now = powers.now();
  const result = deniedResult(planned, denialError(denial), collected.facts.budget, now);
  const text = canonicalJson(result);
  const events = [
    ...capabilityEvents(planned, collected.facts, now),
    checkedEvent(planned, collected.facts, before.outcomes, undefined, now),
    ...endEvents(planned, result, sha256Hex(text), [], now),
  ];
  const problem = powers.recorder.problems.report(denialProblem(planned, denial), problemBase(planned, now));
  // A denial that may pass later does not use up the op_id.
  const companion = denial.retryable ? undefined : () => powers.ledger.deny(ledgerStart(planned), text);
  await Promise.all([powers.recorder.append(events, companion), problem]);
  return result;
}

/** Steps 8 to 10: reply, post-gates, store, record. Nothing is stored before the post-gates have passed. */
async function conclude(
  planned: Planned,
  collected: Collected,
  grant: Grant,
  run: EngineRun,
  seq: number,
  powers: OperationPowers,
): Promise<EngineResult> {
  const config = configHash(planned, collected.facts.policy.sha256);
  const discarded: Ending = {
    status: run.status,
    outputs: [],
    evidence: [],
    errors: [],
    summary: undefined,
    logsRef: undefined,
  };
  const build = (ending: Ending): EngineResult =>
    ranResult(planned, grant, collected.inputs, config, run.meter.usage, ending, powers.now());
  let ending: Ending = run.error === undefined ? discarded : { ...discarded, errors: [run.error] };
  let after: PipelineOutcome = { outcomes: [], denial: undefined };
  if (run.status === 'succeeded') {
    const handles = stagedHandles(run.broker.writer.staged.values());
    const passed: Ending = { ...discarded, ...handles, summary: run.reply?.summary };
    const candidate = build(passed);
    after = powers.pipeline.checkAfter(planned.operation, candidate, postFacts(run, grant, candidate));
    ending =
      after.denial === undefined ? passed : { ...discarded, status: 'failed', errors: [denialError(after.denial)] };
  }
  ending = await storeArtifacts(planned, grant, run, config, ending, powers);
  return recordEnd(planned, run, after, build(ending), seq, powers);
}

async function storeArtifacts(
  planned: Planned,
  grant: Grant,
  run: EngineRun,
  config: string,
  ending: Ending,
  powers: OperationPowers,
): Promise<Ending> {
  const creator = {
    op_id: grant.opId,
    engine_id: grant.manifest.engine_id,
    engine_version: grant.manifest.engine_version,
    operation: planned.operation.operation,
    implementation: 'builtin',
    config_hash: config,
    input_hashes: planned.operation.inputs.flatMap((input) => ('sha256' in input ? [input.sha256] : [])),
    determinism: planned.operation.determinism,
  };
  const wanted = [...ending.outputs, ...ending.evidence];
  const log = logText(run);
  if (wanted.length === 0 && log === undefined) return ending;
  const evidence = new Set(ending.evidence);
  const stored = wanted.map(async (handle) => {
    const staged = handle.name === undefined ? undefined : run.broker.writer.staged.get(handle.name);
    if (staged === undefined) throw new Error('a staged output vanished');
    const layer: 'evidence' | 'derived' = evidence.has(handle) ? 'evidence' : 'derived';
    const { kind, mime, artifact_id, name } = handle;
    const meta = { kind, mime, layer, created_by: creator, artifact_id, ...(name === undefined ? {} : { name }) };
    const { sha256 } =
      typeof staged.content === 'string'
        ? await powers.store.putStream(staged.content, meta, { maxBytes: staged.size })
        : await powers.store.put(staged.content, meta);
    // The workspace is ours alone; a file that changed in it since it was hashed means that it was not.
    if (sha256 !== staged.sha256) throw new Error('a spooled output changed');
  });
  const logsRef =
    log === undefined
      ? undefined
      : powers.store.put(new TextEncoder().encode(log), {
          kind: 'transcript',
          mime: 'text/plain',
          layer: 'log',
          created_by: creator,
          retention_ttl_days: 30,
        });
  await Promise.all(stored);
  return { ...ending, logsRef: await logsRef };
}

function logText(run: EngineRun): string | undefined {
  const reply = run.reply;
  if (reply === undefined || reply.log.length === 0) return undefined;
  const dropped = reply.log_dropped > 0 ? [`(${reply.log_dropped} more lines were dropped)`] : [];
  return `${[...reply.log, ...dropped].join('\n')}\n`;
}

async function recordEnd(
  planned: Planned,
  run: EngineRun,
  after: PipelineOutcome,
  result: EngineResult,
  seq: number,
  powers: OperationPowers,
): Promise<EngineResult> {
  const now = powers.now();
  const text = canonicalJson(result);
  const failure: ResultError | undefined = result.errors[0];
  const events = [
    ...(run.outcome.kind === 'killed' ? [killedEvent(planned, failure?.code ?? 'ENGINE_CRASHED', now)] : []),
    ...refusalEvents(planned, run.broker.refusals, now),
    ...endEvents(planned, result, sha256Hex(text), after.outcomes, now),
  ];
  const problems = (run.reply?.problems ?? []).map((problem) => engineProblem(planned, problem));
  if (after.denial !== undefined) problems.push(denialProblem(planned, after.denial));
  else if (failure !== undefined && result.status !== 'cancelled') problems.push(failureProblem(planned, failure));
  await Promise.all([
    powers.recorder.append(events, () => powers.ledger.end(seq, result.op_id, text), powers.siblings()),
    ...problems.map((problem) => powers.recorder.problems.report(problem, problemBase(planned, now))),
  ]);
  return result;
}

function problemBase(planned: Planned, now: number) {
  const { event_id: _unused, ...base } = stamp(planned.base, now);
  return base;
}

/** An operation whose own record could not be written, or that met a fault of MEX. */
export function brokenResult(
  planned: Planned,
  thrown: unknown,
  budget: EngineResult['budget'],
  now: number,
): EngineResult {
  const data = toErrorData(thrown);
  return { ...deniedResult(planned, data, budget, now), status: 'failed' };
}
