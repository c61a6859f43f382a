import { isNothing, type Replay } from '@mex/host';
import { EXIT, type ExitCode } from '../exit-codes.ts';

/** How replays came out, by kind. */
export interface ReplayCounts {
  readonly equal: number;
  readonly evidence_checked: number;
  readonly differs: number;
  readonly damaged: number;
  /** Something ran and cannot be compared now. */
  readonly not_replayable: number;
  /** Nothing ran to an end of its own, or it was itself a replay. */
  readonly nothing_to_replay: number;
}

/** So many are listed; the others are counted, and in the log. */
const MAX_KEPT = 1_000;

/** Counts replays as they come, and keeps those a person has to look at. */
export class ReplayTally {
  readonly kept: Replay[] = [];
  notListed = 0;
  readonly #counts: { -readonly [Kind in keyof ReplayCounts]: number } = {
    equal: 0,
    evidence_checked: 0,
    differs: 0,
    damaged: 0,
    not_replayable: 0,
    nothing_to_replay: 0,
  };

  add(replay: Replay): void {
    const kind = isNothing(replay) ? 'nothing_to_replay' : replay.verdict;
    this.#counts[kind] += 1;
    if (kind === 'equal' || kind === 'evidence_checked' || kind === 'nothing_to_replay') return;
    if (this.kept.length < MAX_KEPT) this.kept.push(replay);
    else this.notListed += 1;
  }

  get counts(): ReplayCounts {
    return { ...this.#counts };
  }

  /** Whether nothing at all was looked at. */
  get isEmpty(): boolean {
    return Object.values(this.#counts).every((count) => count === 0);
  }

  /** What could not be compared is no "equal" (CONTRACT §14 E). */
  get exitCode(): ExitCode {
    const { damaged, differs, not_replayable } = this.#counts;
    if (damaged > 0) return EXIT.integrity;
    return differs + not_replayable > 0 ? EXIT.blocked : EXIT.done;
  }

  /** e.g. `120 equal, 1 differs`. */
  get words(): string {
    const told = Object.entries(this.#counts).filter(([, count]) => count > 0);
    return told.map(([kind, count]) => `${count} ${kind.replaceAll('_', ' ')}`).join(', ');
  }
}
