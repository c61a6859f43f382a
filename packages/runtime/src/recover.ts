import { isLeftover } from '@mex/artifacts';
import { canonicalJson, type FlightEvent } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { FlightRecorder } from '@mex/flight-recorder';
import { emptyUsage } from './budgets.ts';
import type { Ledger, LedgerRow } from './ledger.ts';
import { readPlanned, stamp } from './planned.ts';
import { endEvents } from './records.ts';
import { deniedResult } from './result.ts';

/**
 * Ends the operations of processes that died (CONTRACT §9 crash safety): each gets a result, a `workflow_recovery`
 * event and its closing events. Operations of processes that still run are left alone.
 * @returns how many were ended.
 */
export async function recoverOperations(recorder: FlightRecorder, ledger: Ledger, now: number): Promise<number> {
  let ended = 0;
  for (const { ownerSeq, owner, startedAt } of ledger.owners()) {
    if (!isLeftover(owner, startedAt, now)) continue;
    const open = ledger.open(ownerSeq);
    for (const row of open) await endInterrupted(recorder, ledger, row, now);
    await recorder.append([], () => ledger.leave(ownerSeq));
    ended += open.length;
  }
  return ended;
}

async function endInterrupted(recorder: FlightRecorder, ledger: Ledger, row: LedgerRow, now: number): Promise<void> {
  const planned = readPlanned(row.request, undefined, Date.parse(row.startedAt));
  const error = {
    code: 'OPERATION_INTERRUPTED',
    kind: 'internal' as const,
    message: 'The process that ran this operation ended before it did. Its partial outputs were discarded.',
    retryable: true,
    remedy: 'Send it again under a new op_id.',
  };
  const result = { ...deniedResult(planned, error, emptyUsage(), now), status: 'failed' as const };
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
  const events = [recovery, ...endEvents(planned, result, sha256Hex(text), [], now)];
  await recorder.append(events, () => ledger.end(row.seq, row.opId, text));
}
