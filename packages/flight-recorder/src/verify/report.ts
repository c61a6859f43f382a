/** What a verification can find. */
export type VerifyProblemCode =
  | 'DATABASE_DAMAGED'
  | 'SCHEMA_CHANGED'
  | 'HEAD_INVALID'
  | 'HEAD_SEAL_WRONG'
  | 'KEY_MISMATCH'
  | 'EVENT_MISSING'
  | 'EVENT_CHANGED'
  | 'EVENT_NOT_CANONICAL'
  | 'COLUMN_CHANGED'
  | 'ROOT_MISMATCH'
  | 'SIZE_MISMATCH'
  | 'CHECKPOINT_INVALID'
  | 'CHECKPOINT_MISMATCH'
  | 'TAIL_UNSIGNED'
  | 'PRUNE_UNRECORDED'
  | 'KEPT_CHECKPOINT_INVALID'
  | 'KEPT_CHECKPOINT_MISMATCH'
  | 'KEPT_CHECKPOINT_PRUNED'
  | 'LOG_TRUNCATED'
  | 'EXPORT_MALFORMED'
  | 'PROBLEM_MISSING'
  | 'PROBLEM_CHANGED';

export interface VerifyProblem {
  readonly code: VerifyProblemCode;
  /** Position in the log, where the finding has one. */
  readonly seq?: number;
  readonly event_id?: string;
  readonly message: string;
}

/**
 * What the verification rests on: `signer` (all events, by the seal), `public-key` (all events up to the newest
 * checkpoint), or `none`: without a key from outside, only accidents and a mismatch with a kept checkpoint are found.
 */
export type VerifyTrust = 'signer' | 'public-key' | 'none';

export interface VerifyReport {
  readonly ok: boolean;
  readonly trust: VerifyTrust;
  /** Events ever recorded. */
  readonly size: number;
  /** Position of the first event that retention has kept. */
  readonly first: number;
  /** Merkle root over all events, lower-case hex, computed from what is stored now. */
  readonly root: string;
  /** Events covered by the newest valid checkpoint. */
  readonly signed_size: number;
  /** At most 1,000. */
  readonly problems: readonly VerifyProblem[];
  /** Problems found beyond those. */
  readonly more_problems: number;
}

const MAX_PROBLEMS = 1_000;

/** Collects findings up to a bound: a ruined database has as many as it has rows. */
export class Findings {
  readonly problems: VerifyProblem[] = [];
  more = 0;

  add(code: VerifyProblemCode, message: string, at: { readonly seq?: number; readonly event_id?: string } = {}): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ code, ...at, message });
    else this.more += 1;
  }

  get ok(): boolean {
    return this.problems.length === 0;
  }
}
