import { isLeftover } from '@mex/artifacts';
import { canonicalJson, type FlightEvent, MexError, type ResultError } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { FlightRecorder } from '@mex/flight-recorder';
import { emptyUsage } from './budgets.ts';
import type { Ledger, LedgerRow } from './ledger.ts';
import { type Planned, readPlanned, stamp } from './planned.ts';
import { endEvents, failureProblem } from './records.ts';
import { deniedResult } from './result.ts';

const INTERRUPTED: ResultError = {
  code: 'OPERATION_INTERRUPTED',
  kind: 'internal',
  message: 'The process that ran this operation ended before it did. Its partial outputs were discarded.',
  retryable: true,
  remedy: 'Send it again under a new op_id.',
};

/**
 * Ends the operations of processes that died (CONTRACT §9 crash safety): each gets a result, a `workflow_recovery`
 * event, a Problem and its closing events. Operations of processes that still run are left alone, and two processes
 * that start at once may both try.
 * @returns how many were ended.
 */
export async function recoverOperations(recorder: FlightRecorder, ledger: Ledger, now: number): Promise<number> {
  let ended = 0;
  for (const { ownerSeq, owner, startedAt } of ledger.owners()) {
    if (!isLeftover(owner, startedAt, now)) continue;
    for (const row of ledger.open(ownerSeq)) if (await endInterrupted(recorder, ledger, row, now)) ended += 1;
    await recorder.append([], () => ledger.leave(ownerSeq));
  }
  return ended;
}

async function endInterrupted(recorder: FlightRecorder, ledger: Ledger, row: LedgerRow, now: number): Promise<boolean> {
  const planned = readRow(row);
  // A row that cannot be read stays without a result; it must not keep the others, or the home, from starting.
  if (planned === undefined) return false;
  const result = { ...deniedResult(planned, INTERRUPTED, emptyUsage(), now), status: 'failed' as const };
  const text = canonicalJson(result);
  const recovery: FlightEvent = {
    ...stamp(planned.base, now),
    type: 'workflow_recovery',
    workflow_run_id: planned.operation.context?.run_id ?? planned.operation.op_id,
    from_state: 'running',
    to_state: 'failed',
    reason: 'The host process died while the operation was running.',
    last_heartbeat_ts: row.startedAt,
    threshold_secs: 0,
  };
  const { event_id: _unused, ...base } = stamp(planned.base, now);
  const problem = recorder.problems.draft(failureProblem(planned, INTERRUPTED), base);
  const events = [recovery, ...endEvents(planned, result, sha256Hex(text), [], now), problem.event];
  try {
    await recorder.append(events, (db) => {
      problem.write(db);
      ledger.end(row.seq, row.opId, text);
    });
    return true;
  } catch (error) {
    // Another process that started meanwhile was faster.
    if (error instanceof MexError && error.code === 'RECORD_FAILED') return false;
    throw error;
  }
}

function readRow(row: LedgerRow): Planned | undefined {
  try {
    const planned = readPlanned(row.request, { id: row.actorId, kind: 'system' }, Date.parse(row.startedAt));
    // The request was kept with its secrets masked; the digest is that of what was sent.
    return { ...planned, sha256: row.operationSha256 };
  } catch (error) {
    if (error instanceof MexError) return undefined;
    throw error;
  }
}
