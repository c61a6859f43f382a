import type { DeterminismLevel } from '@mex/envelope';

/** How a second run, or the evidence, stands to what was recorded (CONTRACT §6). */
export type ReplayVerdict = 'equal' | 'differs' | 'evidence_checked' | 'not_replayable' | 'damaged';

/** Why there is nothing to replay: nothing ran to an end of its own, or what proves it has passed its retention. */
export type NothingToReplay =
  | 'nothing_ran'
  | 'still_running'
  | 'ended_from_outside'
  | 'failed_live'
  | 'is_replay'
  | 'record_expired';

/** Why something that ran cannot be replayed now. */
export type ReplayObstacle =
  | 'request_masked'
  | 'inputs_gone'
  | 'directory_drifted'
  | 'engine_not_registered'
  | 'denied_now'
  | 'not_finished'
  | 'evidence_gone';

/** Why it was not compared, or what is damaged (then `code` is a code of MEX). */
export interface ReplayReason {
  readonly code: string;
  readonly message: string;
}

/** Where two contents part. */
export interface DifferencePlace {
  /** First byte that differs, from 0. */
  readonly offset: number;
  /** Its line, from 1, and that line in both; shortened, masked, without control characters. Absent for what is no text. */
  readonly line?: number;
  readonly before?: string;
  readonly now?: string;
  /** In JSON: the first value that differs, as a JSON Pointer. */
  readonly pointer?: string;
}

/** One thing that is not as it was recorded. */
export interface ReplayDifference {
  readonly what: 'status' | 'errors' | 'summary' | 'output' | 'evidence';
  /** Name of the output. */
  readonly name?: string;
  /** A digest of each, or a short text; absent where there was nothing. */
  readonly before?: string;
  readonly now?: string;
  readonly place?: DifferencePlace;
}

/** A part of the environment that is another one now. */
export interface EnvironmentDifference {
  readonly name: string;
  readonly before: string;
  readonly now: string;
}

/** One recorded operation, replayed. */
export interface Replay {
  readonly replayedOpId: string;
  readonly engineId: string;
  readonly operation: string;
  readonly determinism: DeterminismLevel;
  /** When it was recorded. */
  readonly startedAt: string;
  /** The second run. */
  readonly opId: string | undefined;
  readonly verdict: ReplayVerdict;
  /** `bytes`: D3. `canonical`: D2, JSON by its canonical form and everything else by its bytes. `evidence`: D1 and D0. */
  readonly compared: 'bytes' | 'canonical' | 'evidence' | 'nothing';
  /** Artifacts that were held against each other, or checked. */
  readonly artifacts: number;
  readonly differences: readonly ReplayDifference[];
  readonly environment: readonly EnvironmentDifference[];
  readonly reason: ReplayReason | undefined;
}

/** Which recorded operations are replayed, and how many at once. */
export interface ReplayAllRequest {
  /** Ms since 1970; default: all. */
  readonly since?: number;
  readonly engineId?: string;
  /** At once; default 2, at most 32. */
  readonly parallel?: number;
  readonly signal?: AbortSignal;
  /** Told of each that was looked at, as it ends. What it returns is not kept. */
  readonly onReplay: (replay: Replay, done: number, total: number) => void;
}

/** Replays of a home. */
export interface Replays {
  /**
   * Replays one operation.
   * @param opId its op_id, or the beginning of one, 8 characters or more
   * @throws MexError `OPERATION_UNRECORDED`
   */
  readonly one: (opId: string, signal?: AbortSignal) => Promise<Replay>;
  /** Replays what was recorded until now, oldest first. Resolves when all have ended. */
  readonly all: (request: ReplayAllRequest) => Promise<void>;
}

const NOTHING: ReadonlySet<string> = new Set<NothingToReplay>([
  'nothing_ran',
  'still_running',
  'ended_from_outside',
  'failed_live',
  'is_replay',
  'record_expired',
]);

/** Whether there was nothing to replay, as opposed to something that cannot be. */
export function isNothing({ verdict, reason }: Pick<Replay, 'verdict' | 'reason'>): boolean {
  return verdict === 'not_replayable' && NOTHING.has(reason?.code ?? '');
}
