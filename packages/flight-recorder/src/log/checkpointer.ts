import type { DatabaseSync } from 'node:sqlite';
import { signCheckpoint } from '../checkpoint/checkpoint.ts';
import type { Signer } from '../checkpoint/signer.ts';
import type { LogHead } from './head.ts';

/** Events after which a transaction carries a signed checkpoint. It also bounds the check after a crash. */
const EVERY_EVENTS = 4_096;
/** Milliseconds after which it does. */
const EVERY_MS = 60_000;

/** Decides when the tree is signed and keeps the signed heads. */
export class Checkpointer {
  readonly #db: DatabaseSync;
  readonly #signer: Signer;
  readonly #clock: () => number;
  #signedSize: number;
  #signedAt: number;

  constructor(db: DatabaseSync, signer: Signer, clock: () => number) {
    this.#db = db;
    this.#signer = signer;
    this.#clock = clock;
    this.#signedSize = this.#newest();
    this.#signedAt = clock();
  }

  /** Forgets what a failed transaction stored. */
  reload(): void {
    this.#signedSize = this.#newest();
  }

  #newest(): number {
    return Number(this.#db.prepare('SELECT max(size) AS size FROM log_checkpoints').get()?.['size'] ?? 0);
  }

  /** Events that no checkpoint covers yet. */
  unsigned(head: LogHead): number {
    return head.tree.size - this.#signedSize;
  }

  /** The present head, signed. Not stored. */
  sign(head: LogHead): string {
    return signCheckpoint({ origin: head.origin, size: head.tree.size, root: head.tree.root() }, this.#signer);
  }

  /** Stores a checkpoint when one is due. Inside a transaction. */
  storeWhenDue(head: LogHead): void {
    const unsigned = this.unsigned(head);
    if (unsigned >= EVERY_EVENTS || (unsigned > 0 && this.#clock() - this.#signedAt >= EVERY_MS)) this.store(head);
  }

  /** Stores a checkpoint unless the newest one covers everything. Inside a transaction. */
  store(head: LogHead): void {
    if (this.unsigned(head) <= 0) return;
    // Another process may have signed this size in the meantime.
    this.#db
      .prepare('INSERT INTO log_checkpoints VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
      .run(head.tree.size, this.sign(head), head.tree.toBytes());
    this.#signedSize = head.tree.size;
    this.#signedAt = this.#clock();
  }
}
