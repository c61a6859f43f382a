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
  for (const body of endsOf(recorder, opId)) if (body.result_sha256 === resultSha256) return body;
  return undefined;
}

const PAGE = 200;

/**
 * What the log says of the ends of an operation, the latest first. There may be many: a denial that may pass later leaves
 * the op_id free, and whoever waits for a person asks again and again.
 */
function* endsOf(recorder: FlightRecorder, opId: string): Iterable<EngineRunBody> {
  const query = { op: opId, type: 'system', subject: 'engine.run', order: 'newest', limit: PAGE } as const;
  for (let after: number | undefined; ; ) {
    const page = recorder.list(after === undefined ? query : { ...query, after });
    for (const { event } of page)
      if (event.type === 'system' && event.subject === 'engine.run' && event.body.op_id === opId) yield event.body;
    after = page.at(-1)?.seq;
    if (after === undefined) return;
  }
}

/** Whether the log says that an operation ran to its end. Denials say nothing: they may come before, or be a stranger's. */
export function hasEnded(recorder: FlightRecorder, opId: string): boolean {
  for (const { status } of endsOf(recorder, opId)) if (status !== 'denied') return true;
  return false;
}

/** Whether retention has removed the events of the time in which an operation ran: then nothing proves its result. */
export function isBeforeLog(recorder: FlightRecorder, { ended_at }: Pick<EngineResult, 'ended_at'>): boolean {
  const [oldest] = recorder.list({ limit: 1 });
  return oldest !== undefined && oldest.seq > 0 && ended_at < oldest.event.timestamp;
}
