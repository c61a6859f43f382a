import { MexError } from '@mex/envelope';
import { type Checkpoint, parseCheckpoint, verifyCheckpoint } from '../checkpoint/checkpoint.ts';
import type { VerifierKey } from '../checkpoint/verifier-key.ts';
import type { Frontier } from '../merkle/frontier.ts';
import { sameHash } from '../merkle/hash.ts';
import type { Findings } from './report.ts';

/** A checkpoint that somebody kept outside the log: what finds a log that was cut back or replaced as a whole. */
export class KeptCheckpoint {
  readonly #findings: Findings;
  readonly #checkpoint: Checkpoint | undefined;
  #isCompared = false;

  constructor(note: string | undefined, key: VerifierKey | undefined, findings: Findings) {
    this.#findings = findings;
    if (note === undefined) return;
    try {
      this.#checkpoint = key === undefined ? parseCheckpoint(note) : verifyCheckpoint(note, key);
    } catch (error) {
      if (!(error instanceof MexError)) throw error;
      findings.add('KEPT_CHECKPOINT_INVALID', error.message);
    }
  }

  /** Compares when the tree has the kept size. */
  check(tree: Frontier): void {
    if (this.#checkpoint === undefined || this.#checkpoint.size !== tree.size || this.#isCompared) return;
    this.#isCompared = true;
    if (sameHash(this.#checkpoint.root, tree.root())) return;
    this.#findings.add(
      'KEPT_CHECKPOINT_MISMATCH',
      `The first ${tree.size} events are not those of the kept checkpoint.`,
    );
  }

  /** Says why no comparison took place. */
  finish(first: number, size: number): void {
    if (this.#checkpoint === undefined || this.#isCompared) return;
    const kept = this.#checkpoint.size;
    if (kept > size) {
      this.#findings.add('LOG_TRUNCATED', `The kept checkpoint has ${kept} events, the log only ${size}.`);
    } else if (kept < first) {
      this.#findings.add(
        'KEPT_CHECKPOINT_PRUNED',
        `The kept checkpoint has ${kept} events, and retention has removed the first ${first}: it cannot be compared any more.`,
      );
    } else {
      this.#findings.add('KEPT_CHECKPOINT_MISMATCH', `The log has gaps where the kept checkpoint has ${kept} events.`);
    }
  }
}
