import { clipText, type FlightEvent, type ProblemReport } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import type { Caller } from '@mex/runtime';
import { stampHost } from '../record-start.ts';
import type { Replay } from './replay.ts';

/** Codes of Problems that a replay reports. */
export type ReplayErrorCode = 'REPLAY_DIFFERS' | 'REPLAY_DAMAGED';

/** One event for every replay, and a Problem for what an operator has to look into; one transaction. */
export async function recordReplay(
  replay: Replay,
  resultSha256: string | undefined,
  recorder: FlightRecorder,
  caller: Caller,
): Promise<void> {
  const { event_id, ...base } = { ...stampHost(caller), activity_span_id: replay.replayedOpId };
  const event: FlightEvent = {
    ...base,
    event_id,
    type: 'system',
    subject: 'operation.replayed',
    body: {
      replayed_op_id: replay.replayedOpId,
      ...(resultSha256 === undefined ? {} : { result_sha256: resultSha256 }),
      ...(replay.opId === undefined ? {} : { op_id: replay.opId }),
      verdict: replay.verdict,
      compared: replay.compared,
      differences: replay.differences.length,
      ...(replay.reason === undefined ? {} : { reason: replay.reason.code }),
    },
  };
  const report = problemOf(replay);
  const problem = report && recorder.problems.draft(report, base);
  await recorder.append([event, ...(problem === undefined ? [] : [problem.event])], (db) => void problem?.write(db));
}

function problemOf(replay: Replay): ProblemReport | undefined {
  const { verdict, engineId, operation, replayedOpId, opId, reason, differences } = replay;
  if (verdict !== 'differs' && verdict !== 'damaged') return undefined;
  const code: ReplayErrorCode = verdict === 'differs' ? 'REPLAY_DIFFERS' : 'REPLAY_DAMAGED';
  const names = differences.map(({ what, name }) => (name === undefined ? what : `${what} ${name}`));
  const message =
    verdict === 'differs'
      ? `Run again, operation ${replayedOpId} of ${engineId} gave another result: ${names.slice(0, 10).join(', ')}. See what differs: mex replay ${replayedOpId}`
      : `Operation ${replayedOpId} cannot be checked: ${reason?.message ?? ''} Look for who changed it: mex log verify, mex artifacts verify --all`;
  return {
    title: verdict === 'differs' ? `${operation} differs when it is run again` : `What ${operation} left is damaged`,
    message: clipText(message, 2_000),
    severity: 'error',
    source: 'replay',
    surface: 'operation',
    tool: engineId,
    code,
    locations: [],
    evidence_refs: [replayedOpId, ...(opId === undefined ? [] : [opId])],
    link_confidence: 'direct',
  };
}
