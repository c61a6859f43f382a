import { clipText, type FlightEvent } from '@mex/envelope';
import { newEventId } from '@mex/flight-recorder';
import type { Move, PathState } from './path-state.ts';

/** Who changes something, as the host application authenticated it. */
export interface RunActor {
  readonly id: string;
  readonly kind: 'human' | 'agent' | 'system';
}

/** What every event of one change carries. */
export interface ChangeSubject {
  readonly changeId: string;
  readonly runId: string;
  readonly direction: 'apply' | 'rollback';
  readonly actor: RunActor;
}

const MAX_NAMED = 100;

export function eventBase({ changeId, runId, actor }: ChangeSubject, now: number) {
  return {
    timestamp: new Date(now).toISOString(),
    actor: { kind: actor.kind, id: actor.id },
    activity_span_id: changeId,
    session_span_id: runId,
  };
}

function stamp(subject: ChangeSubject, now: number) {
  return { event_id: newEventId(now), ...eventBase(subject, now) };
}

export function startedEvent(
  subject: ChangeSubject,
  digests: { readonly change_set_sha256: string; readonly snapshot_sha256: string },
  size: { readonly files: number; readonly changed_lines: number },
  now: number,
): FlightEvent {
  const { changeId: change_id, runId: run_id, direction } = subject;
  const body = { change_id, run_id, direction, ...digests, ...size };
  return { ...stamp(subject, now), type: 'system', subject: 'change_set.started', body };
}

export function endedEvent(
  subject: ChangeSubject,
  end: { readonly outcome: 'done' | 'undone'; readonly recovered: boolean; readonly conflicts: readonly string[] },
  now: number,
): FlightEvent {
  const { changeId: change_id, runId: run_id, direction } = subject;
  const body = { change_id, run_id, direction, ...end, conflicts: clipPaths(end.conflicts) };
  return { ...stamp(subject, now), type: 'system', subject: 'change_set.ended', body };
}

export function refusedEvent(
  subject: ChangeSubject,
  change_set_sha256: string,
  refusal: { readonly code: string; readonly paths: readonly string[] },
  now: number,
): FlightEvent {
  const body = { run_id: subject.runId, change_set_sha256, code: refusal.code, conflicts: clipPaths(refusal.paths) };
  return { ...stamp(subject, now), type: 'system', subject: 'change_set.refused', body };
}

/** FR-EVT-002 per file. `ops` is the number of lines that changed, where it was counted. */
export function editEvents(
  subject: ChangeSubject,
  moves: readonly Move[],
  lines: ReadonlyMap<string, number>,
  now: number,
): FlightEvent[] {
  return moves.flatMap(({ path, from, to }): FlightEvent[] => {
    if (from?.kind !== 'file' && to?.kind !== 'file') return [];
    return [
      {
        ...stamp(subject, now),
        type: 'editor_edit',
        editor_surface: subject.direction === 'apply' ? 'mex.change_set' : 'mex.rollback',
        path,
        before_hash: hashOf(from),
        after_hash: hashOf(to),
        diff_hash: null,
        ops: lines.get(path) ?? 1,
      },
    ];
  });
}

export function recoveryEvent(subject: ChangeSubject, toState: string, startedAt: number, now: number): FlightEvent {
  return {
    ...stamp(subject, now),
    type: 'workflow_recovery',
    workflow_run_id: subject.runId,
    from_state: 'changing_workspace',
    to_state: toState,
    reason: `The host process died while it changed the workspace (${subject.direction}).`,
    last_heartbeat_ts: new Date(startedAt).toISOString(),
    threshold_secs: 0,
  };
}

function hashOf(state: PathState): string | null {
  return state?.kind === 'file' ? state.sha256 : null;
}

function clipPaths(paths: readonly string[]): string[] {
  return paths.slice(0, MAX_NAMED).map((path) => clipText(path, 4_096));
}
