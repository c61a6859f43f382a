import { setTimeout as sleep } from 'node:timers/promises';
import type { ArtifactStore } from '@mex/artifacts';
import { type EngineResult, MexError, type PlannedOperation } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import type { Registry } from '@mex/registry';
import type { Caller, OperationHistory, RecordedOperation } from '@mex/runtime';
import { checkEvidence } from './check-evidence.ts';
import { compareResults } from './compare-results.ts';
import { recordReplay } from './record-replay.ts';
import type { Replay, ReplayReason, ReplayVerdict } from './replay.ts';
import { findDrift, findNothing, findObstacle, planSecondRun, REPLAY_JOB, type SecondRun } from './second-run.ts';

export interface ReplayPowers {
  readonly history: OperationHistory;
  readonly recorder: FlightRecorder;
  readonly store: ArtifactStore;
  readonly registry: Registry;
  readonly caller: Caller;
  /** Runs an operation of somebody once more, never from the cache. */
  readonly execute: (plan: PlannedOperation, actorId: string, signal: AbortSignal | undefined) => Promise<EngineResult>;
  /** Run that replays belong to, where policy wants one. */
  readonly runId: () => Promise<string | undefined>;
}

/** Replays one recorded operation, and records what came of it. */
export async function replayOne(
  opId: string,
  powers: ReplayPowers,
  signal: AbortSignal | undefined,
  engineId?: string,
): Promise<Replay | undefined> {
  let recorded: RecordedOperation;
  try {
    recorded = powers.history.read(opId);
  } catch (error) {
    if (!(error instanceof MexError)) throw error;
    return record(unreadable(opId, error), undefined, powers);
  }
  const { result } = recorded;
  if (engineId !== undefined && result?.provenance.engine_id !== engineId) return undefined;
  const replay = base(recorded);
  const nothing = findNothing(recorded) ?? findReplay(recorded, powers.recorder);
  // What never ran is told, and leaves no event: an audit would otherwise double the log.
  if (nothing !== undefined || result === undefined) return refused(replay, nothing);
  const { determinism } = result.provenance;
  const isLive = determinism === 'D0' || determinism === 'D1';
  const done = isLive
    ? await replayEvidence(replay, result, powers)
    : await runAgain(replay, recorded, result, powers, signal);
  return record(done, recorded.resultSha256, powers);
}

async function record(replay: Replay, resultSha256: string | undefined, powers: ReplayPowers): Promise<Replay> {
  await recordReplay(replay, resultSha256, powers.recorder, powers.caller);
  return replay;
}

function base({ opId, startedAt, result }: RecordedOperation): Replay {
  return {
    replayedOpId: opId,
    engineId: result?.provenance.engine_id ?? 'unknown',
    operation: result?.provenance.operation ?? 'unknown',
    determinism: result?.provenance.determinism ?? 'D0',
    startedAt,
    opId: undefined,
    verdict: 'not_replayable',
    compared: 'nothing',
    artifacts: 0,
    differences: [],
    environment: [],
    reason: undefined,
  };
}

function refused(replay: Replay, reason: ReplayReason | undefined): Replay {
  return { ...replay, verdict: 'not_replayable', reason };
}

/** What cannot be believed is not even read further. */
function unreadable(opId: string, error: MexError): Replay {
  // Whoever asks for it has it from the ledger, or from the log.
  const isGone = error.code === 'OPERATION_UNRECORDED';
  const code = isGone ? 'RESULT_TAMPERED' : error.code;
  const message = isGone ? `The log says how operation ${opId} ended, and the ledger does not have it.` : error.message;
  const replay = base({
    opId,
    actorId: 'unknown',
    startedAt: new Date(0).toISOString(),
    request: undefined,
    result: undefined,
    resultSha256: undefined,
    isProven: false,
  });
  return { ...replay, verdict: 'damaged', reason: { code, message } };
}

/** A replay is no operation of anybody's; replaying replays would double them with every audit. */
function findReplay({ opId, request }: RecordedOperation, recorder: FlightRecorder): ReplayReason | undefined {
  if (request === undefined || !request.includes(REPLAY_JOB)) return undefined;
  const original = /"trace_id":"([0-9a-f-]{36})"/.exec(request)?.[1];
  if (original === undefined) return undefined;
  const events = recorder.list({ op: original, subject: 'operation.replayed', order: 'newest', limit: 1_000 });
  const isProven = events.some(
    ({ event }) => event.type === 'system' && event.subject === 'operation.replayed' && event.body.op_id === opId,
  );
  return isProven ? { code: 'is_replay', message: `It is itself a replay, of ${original}.` } : undefined;
}

async function replayEvidence(replay: Replay, result: EngineResult, { store }: ReplayPowers): Promise<Replay> {
  const { artifacts, reason, damaged } = await checkEvidence(store, result);
  const verdict: ReplayVerdict = reason === undefined ? 'evidence_checked' : damaged ? 'damaged' : 'not_replayable';
  return { ...replay, compared: 'evidence', artifacts, verdict, reason };
}

async function runAgain(
  replay: Replay,
  recorded: RecordedOperation,
  before: EngineResult,
  powers: ReplayPowers,
  signal: AbortSignal | undefined,
): Promise<Replay> {
  const second: SecondRun = await planSecondRun(recorded, before, powers, await powers.runId());
  if (!('plan' in second)) return stopped(replay, second);
  const { plan } = second;
  const now = await executeWhenFree(plan, recorded.actorId, powers, signal);
  const ran = { ...replay, opId: plan.op_id };
  const obstacle = await findObstacle(now, before, plan, powers.store);
  if (obstacle !== undefined) return stopped(ran, obstacle);
  const comparison = await compareResults(powers.store, before, now);
  if (comparison.differences.length === 0) return { ...ran, ...comparison, verdict: 'equal' };
  // Before an engine is accused: was everything it read what it read then?
  const drift = await findDrift(plan, powers.store);
  if (drift !== undefined) return stopped(ran, drift);
  return { ...ran, ...comparison, verdict: 'differs' };
}

function stopped(
  replay: Replay,
  { reason, damaged }: { readonly reason: ReplayReason; readonly damaged: boolean },
): Replay {
  return { ...replay, verdict: damaged ? 'damaged' : 'not_replayable', reason };
}

/** So often, and so long apart, a full quota is asked again. */
const MAX_TRIES = 90;
const TRY_AGAIN_MS = 1_000;

async function executeWhenFree(
  plan: PlannedOperation,
  actorId: string,
  { execute }: ReplayPowers,
  signal: AbortSignal | undefined,
): Promise<EngineResult> {
  for (let tries = 1; ; tries += 1) {
    const result = await execute(plan, actorId, signal);
    const [error] = result.errors;
    const isFull = result.status === 'denied' && error?.code === 'QUOTA_EXCEEDED' && error.retryable;
    if (!isFull || tries >= MAX_TRIES || signal?.aborted) return result;
    await sleep(TRY_AGAIN_MS);
  }
}
