import type { DatabaseSync } from 'node:sqlite';
import { MexError } from '@mex/envelope';
import { parseCheckpoint, verifyCheckpoint } from '../checkpoint/checkpoint.ts';
import type { VerifierKey } from '../checkpoint/verifier-key.ts';
import type { Frontier } from '../merkle/frontier.ts';
import { sameHash } from '../merkle/hash.ts';
import type { Findings } from './report.ts';

interface StoredCheckpoint {
  readonly size: number;
  readonly note: string;
  readonly frontier: Uint8Array;
}

/** Walks the stored checkpoints beside the events, oldest first, and compares each with the tree at its size. */
export class SignedHeads {
  readonly #rows: Iterator<Record<string, unknown>>;
  readonly #findings: Findings;
  readonly #key: VerifierKey | undefined;
  #next: StoredCheckpoint | undefined;
  #mismatched = false;
  /** Events covered by the newest checkpoint that stands. */
  signedSize = 0;

  constructor(db: DatabaseSync, findings: Findings, key: VerifierKey | undefined) {
    this.#rows = db.prepare('SELECT size, note, frontier FROM log_checkpoints ORDER BY size').iterate();
    this.#findings = findings;
    this.#key = key;
    this.#next = this.#read();
  }

  /** Compares the checkpoints of sizes up to that of `tree`; those below it came too late to be compared. */
  check(tree: Frontier): void {
    while (this.#next !== undefined && this.#next.size <= tree.size) {
      if (this.#next.size === tree.size) this.#compare(this.#next, tree);
      this.#next = this.#read();
    }
  }

  /** Whatever is left was signed for more events than there are. */
  finish(size: number): void {
    for (; this.#next !== undefined; this.#next = this.#read()) {
      this.#findings.add(
        'LOG_TRUNCATED',
        `A checkpoint was signed for ${this.#next.size} events, but there are only ${size}.`,
      );
    }
  }

  #compare({ size, note, frontier }: StoredCheckpoint, tree: Frontier): void {
    const root = this.#rootOf(note, size);
    if (root === undefined) return;
    if (sameHash(root, tree.root()) && Buffer.compare(frontier, tree.toBytes()) === 0) {
      this.signedSize = size;
      return;
    }
    // After the first mismatch every later checkpoint mismatches too.
    if (this.#mismatched) return;
    this.#mismatched = true;
    this.#findings.add(
      'CHECKPOINT_MISMATCH',
      `Events ${this.signedSize} to ${size - 1} are not the ones that were signed.`,
    );
  }

  #rootOf(note: string, size: number): Uint8Array | undefined {
    try {
      const checkpoint = this.#key === undefined ? parseCheckpoint(note) : verifyCheckpoint(note, this.#key);
      if (checkpoint.size === size) return checkpoint.root;
      this.#findings.add('CHECKPOINT_INVALID', `The checkpoint stored for ${size} events is of another size.`);
    } catch (error) {
      if (!(error instanceof MexError)) throw error;
      this.#findings.add('CHECKPOINT_INVALID', `The checkpoint of ${size} events: ${error.message}`);
    }
    return undefined;
  }

  #read(): StoredCheckpoint | undefined {
    const row = this.#rows.next().value;
    if (row === undefined || row === null) return undefined;
    const { size, note, frontier } = row;
    return {
      size: Number(size),
      note: String(note),
      frontier: frontier instanceof Uint8Array ? frontier : new Uint8Array(),
    };
  }
}
