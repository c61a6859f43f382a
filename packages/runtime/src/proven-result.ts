import type { EngineResult, FlightEvent } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';

/** What the log says of the end of an operation. */
export type EngineRunBody = Extract<FlightEvent, { type: 'system'; subject: 'engine.run' }>['body'];

/**
 * The log's word on a recorded result. The ledger is a lookup; the log is the evidence.
 * @param resultSha256 digest of the ledger's text
 * @returns `undefined` when the log names another result for this operation, or none
 * @throws MexError `LOG_ROW_INVALID`
 */
export function findProof(recorder: FlightRecorder, opId: string, resultSha256: string): EngineRunBody | undefined {
  for (const { event } of recorder.list({ op: opId, type: 'system', subject: 'engine.run' })) {
    if (event.type !== 'system' || event.subject !== 'engine.run') continue;
    if (event.body.op_id === opId && event.body.result_sha256 === resultSha256) return event.body;
  }
  return undefined;
}

/** Whether retention has removed the events of the time in which an operation ran: then nothing proves its result. */
export function isBeforeLog(recorder: FlightRecorder, { ended_at }: Pick<EngineResult, 'ended_at'>): boolean {
  const [oldest] = recorder.list({ limit: 1 });
  return oldest !== undefined && oldest.seq > 0 && ended_at < oldest.event.timestamp;
}
