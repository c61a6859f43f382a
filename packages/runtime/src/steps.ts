import { canonicalJson, type EngineResult, type FlightEvent, type ResultError } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { Companion } from '@mex/flight-recorder';
import type { GateDenial, GateOutcome, PipelineOutcome } from '@mex/gates';
import type { GrantRecord } from './at-grant.ts';
import { emptyUsage } from './budgets.ts';
import { type CacheMiss, draftKeeping } from './cache/keep-result.ts';
import type { Collected } from './facts.ts';
import type { Grant } from './grant.ts';
import type { LedgerStart } from './ledger.ts';
import type { OperationPowers } from './operation.ts';
import { type Planned, stamp } from './planned.ts';
import {
  breachProblems,
  capabilityEvents,
  checkedEvent,
  denialProblem,
  endEvents,
  engineProblem,
  failureProblem,
  httpEvents,
  killedEvent,
  leakedEvents,
  leakProblem,
  refusalEvents,
} from './records.ts';
import { denialError, deniedResult } from './result.ts';
import type { EngineRun } from './run-engine.ts';

/* The moments at which something is put on the disk. Each is one transaction: events, Problems and the ledger. */

function ledgerStart(planned: Planned): LedgerStart {
  const { operation } = planned;
  return {
    opId: operation.op_id,
    operationSha256: planned.sha256,
    runId: operation.context?.run_id,
    actorId: planned.caller?.id ?? 'unknown',
    startedAt: new Date(planned.startedAt).toISOString(),
    request: planned.maskedText,
  };
}

export function draftProblems(
  powers: OperationPowers,
  planned: Planned,
  reports: readonly Parameters<OperationPowers['recorder']['problems']['draft']>[0][],
  now: number,
) {
  const { event_id: _unused, ...base } = stamp(planned.base, now);
  return reports.map((report) => powers.recorder.problems.draft(report, base));
}

/**
 * The record comes before any effect; if it cannot be written, nothing runs.
 * @param extra what the host records in the same transaction
 * @returns where the result goes
 */
export async function recordGrant(
  planned: Planned,
  collected: Collected,
  before: PipelineOutcome,
  grant: Grant,
  extra: GrantRecord | undefined,
  powers: OperationPowers,
): Promise<number> {
  const now = powers.now();
  const events = [
    ...capabilityEvents(planned, collected.facts, now),
    ...(extra?.events ?? []),
    checkedEvent(planned, collected.facts, before.outcomes, grant, now),
  ];
  let seq = 0;
  const begin: Companion = (db) => {
    extra?.companion(db);
    seq = powers.ledger.begin(ledgerStart(planned));
  };
  await powers.recorder.append(events, begin, powers.siblings());
  return seq;
}

export async function recordDenial(
  planned: Planned,
  collected: Collected,
  before: PipelineOutcome,
  denial: GateDenial,
  powers: OperationPowers,
): Promise<EngineResult> {
  const now = powers.now();
  const result = deniedResult(planned, denialError(denial), collected.facts.budget, now);
  const text = canonicalJson(result);
  const problems = draftProblems(powers, planned, [denialProblem(planned, denial)], now);
  const events = [
    ...capabilityEvents(planned, collected.facts, now),
    checkedEvent(planned, collected.facts, before.outcomes, undefined, now),
    ...endEvents(planned, result, sha256Hex(text), [], now),
    ...problems.map((problem) => problem.event),
  ];
  await powers.recorder.append(events, (db) => {
    for (const problem of problems) problem.write(db);
    // A denial that may pass later does not use up the op_id.
    if (!denial.retryable) powers.ledger.end(powers.ledger.begin(ledgerStart(planned)), result.op_id, text);
  });
  return result;
}

/** An operation refused for its op_id: a result like any denial, but the op_id belongs to another one. */
export async function recordRefusal(
  planned: Planned,
  error: ResultError,
  powers: OperationPowers,
): Promise<EngineResult> {
  const now = powers.now();
  const result = deniedResult(planned, error, emptyUsage(), now);
  const problems = draftProblems(powers, planned, [failureProblem(planned, error)], now);
  const events = [
    ...endEvents(planned, result, sha256Hex(canonicalJson(result)), [], now),
    ...problems.map((problem) => problem.event),
  ];
  await powers.recorder.append(events, (db) => {
    for (const problem of problems) problem.write(db);
  });
  return result;
}

/** How an operation that ran came out. */
export interface Conclusion {
  readonly run: EngineRun;
  readonly outcomes: readonly GateOutcome[];
  readonly denial: GateDenial | undefined;
  readonly result: EngineResult;
}

/** @param miss how the cache was found; decides whether the result is kept */
export async function recordEnd(
  planned: Planned,
  end: Conclusion,
  seq: number,
  endQuota: () => void,
  powers: OperationPowers,
  miss?: CacheMiss,
): Promise<void> {
  const { run, outcomes, denial, result } = end;
  const now = powers.now();
  const text = canonicalJson(result);
  const failure: ResultError | undefined = result.errors[0];
  const reports = (run.reply?.problems ?? []).map((problem) => engineProblem(planned, problem));
  const { refusals, refusedCalls } = run.broker;
  // A refused call that also ended the operation is one Problem, and names the call.
  const breaches = breachProblems(planned, refusals, refusedCalls).map((breach) =>
    breach.code === failure?.code ? { ...breach, severity: 'error' as const } : breach,
  );
  if (denial !== undefined) reports.push(denialProblem(planned, denial));
  else if (
    failure !== undefined &&
    result.status !== 'cancelled' &&
    !breaches.some(({ code }) => code === failure.code)
  )
    reports.push(failureProblem(planned, failure));
  reports.push(...breaches);
  const leak = failure?.code === 'SECURITY_SECRET_LEAKED' ? undefined : leakProblem(planned, run.leaks);
  if (leak !== undefined) reports.push(leak);
  const keeping = draftKeeping(planned, miss, run, result, powers);
  reports.push(...keeping.reports);
  const problems = draftProblems(powers, planned, reports, now);
  const events: FlightEvent[] = [
    ...(run.outcome.kind === 'killed' ? [killedEvent(planned, failure?.code ?? 'ENGINE_CRASHED', now)] : []),
    ...httpEvents(planned, run.broker.axes.httpRecords, now),
    ...refusalEvents(planned, run.broker.refusals, now),
    ...leakedEvents(planned, run.leaks, now),
    ...keeping.events,
    ...endEvents(planned, result, sha256Hex(text), outcomes, now, keeping.mark),
    ...problems.map((problem) => problem.event),
  ];
  const companion = (db: Parameters<(typeof problems)[number]['write']>[0]): void => {
    for (const problem of problems) problem.write(db);
    powers.ledger.end(seq, result.op_id, text);
    keeping.write();
    endQuota();
  };
  await powers.recorder.append(events, companion, powers.siblings());
}

/**
 * A fault of ours in the middle of an operation: it still ends, in the log and in the ledger, with members of fixed
 * form only, so that what broke it cannot break this too.
 * @param seq its place in the ledger, when it had one already
 */
export async function recordBroken(
  planned: Planned,
  seq: number | undefined,
  error: ResultError,
  powers: OperationPowers,
  endQuota: () => void = () => undefined,
): Promise<EngineResult> {
  const now = powers.now();
  const result: EngineResult = { ...deniedResult(planned, error, emptyUsage(), now), status: 'failed' };
  const text = canonicalJson(result);
  const problems = draftProblems(powers, planned, [failureProblem(planned, error)], now);
  const events = [...endEvents(planned, result, sha256Hex(text), [], now), ...problems.map((problem) => problem.event)];
  await powers.recorder.append(events, (db) => {
    for (const problem of problems) problem.write(db);
    powers.ledger.end(seq ?? powers.ledger.begin(ledgerStart(planned)), result.op_id, text);
    endQuota();
  });
  return result;
}
