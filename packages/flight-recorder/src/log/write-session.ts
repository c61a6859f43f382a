import type { DatabaseSync } from 'node:sqlite';
import { MexError } from '@mex/envelope';
import type { Signer } from '../checkpoint/signer.ts';
import { logClosed, logUnsigned } from '../errors.ts';
import { Checkpointer } from './checkpointer.ts';
import type { EventRow } from './event-row.ts';
import type { LogHead } from './head.ts';
import { Presence } from './presence.ts';
import { firstToKeep, type PruneParts, type PruneResult, pruneEvents } from './retention.ts';
import type { Sealer } from './sealer.ts';
import { type AppendOutcome, type Companion, LogWriter, type PendingAppend } from './writer.ts';

/** Quiet milliseconds after which the newest events are signed, for those who check with the public key alone. */
const IDLE_MS = 1_000;

/** Fewer others than this are not worth waiting for. */
const MIN_SIBLINGS = 8;

interface Waiting extends PendingAppend {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What a session needs from whoever opens the log. */
export interface SessionParts {
  readonly db: DatabaseSync;
  readonly file: string;
  readonly signer: Signer | undefined;
  readonly sealer: Sealer;
  readonly clock: () => number;
}

/** The writing side of an open log: collects appends, commits them in groups, signs, and notes that it is there. */
export class WriteSession {
  readonly #file: string;
  readonly #writer: LogWriter;
  readonly #checkpointer: Checkpointer | undefined;
  readonly #presence: Presence;
  #queue: Waiting[] = [];
  #siblings = 0;
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ db, file, signer, sealer, clock }: SessionParts) {
    this.#file = file;
    this.#writer = new LogWriter(db, file, sealer);
    this.#checkpointer = signer === undefined ? undefined : new Checkpointer(db, signer, clock);
    this.#presence = new Presence(db);
  }

  /**
   * Checks the head, and after a crash the events behind the last checkpoint, which `recovered` then tells of.
   * @throws MexError `LOG_HEAD_INVALID`, `LOG_WRITE_FAILED`.
   */
  start(recovered: (head: LogHead) => EventRow): void {
    this.#writer.transact((head) => {
      if (!this.#presence.hasDead()) return head;
      const row = recovered(head);
      this.#presence.removeDead();
      this.#presence.enter();
      const tree = head.tree.clone();
      this.#writer.insert([row], tree);
      return this.#writer.storeHead({ ...head, tree });
    });
  }

  /** Resolves when the rows and the companion's writes are on the disk. */
  append(rows: readonly EventRow[], companion: Companion | undefined, siblings: number): Promise<void> {
    if (this.#closed) return Promise.reject(logClosed());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Everything that is appended before the event loop turns shares one commit. A microtask would commit each
    // message of a busy port for itself.
    if (this.#queue.length === 0) setImmediate(() => this.#consider());
    this.#queue.push({ rows, companion, resolve, reject });
    this.#siblings = siblings;
    return promise;
  }

  /** Commits now, or waits a moment for company: a commit costs the disk the same for one append as for sixty. */
  #consider(): void {
    if (this.#siblings < MIN_SIBLINGS || this.#queue.length > this.#siblings) this.flush();
    else setTimeout(() => this.flush(), 1);
  }

  /** Commits what waits, now. Never throws: each append learns its own outcome. */
  flush(): void {
    const batch = this.#queue;
    if (batch.length === 0) return;
    this.#queue = [];
    let outcomes: AppendOutcome[];
    try {
      outcomes = this.#writer.write(batch, (head) => {
        this.#presence.enter();
        this.#checkpointer?.storeWhenDue(head);
      });
      this.#presence.confirm();
    } catch (error) {
      this.#checkpointer?.reload();
      for (const waiting of batch) waiting.reject(error);
      return;
    }
    for (const [index, waiting] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome?.ok === true) waiting.resolve();
      else waiting.reject(outcome?.error);
    }
    this.#signWhenIdle();
  }

  /** Runs `work` as a transaction of its own, after what waits. */
  transact(work: (head: LogHead, writer: LogWriter) => LogHead): void {
    if (this.#closed) throw logClosed();
    this.flush();
    this.#inTransaction(work);
  }

  /** Signs everything recorded so far, stores the checkpoint and returns it. @throws MexError `LOG_UNSIGNED`. */
  checkpoint(): string {
    const checkpointer = this.#checkpointer;
    if (checkpointer === undefined) throw logUnsigned(this.#file);
    let note = '';
    this.transact((head) => {
      checkpointer.store(head);
      note = checkpointer.sign(head);
      return head;
    });
    return note;
  }

  /** Removes the events before `olderThan`, and signs what is left. Errors as `pruneEvents`. */
  prune(olderThan: number, parts: PruneParts): PruneResult {
    let result: PruneResult = { removed: 0, first_kept: 0 };
    this.transact((head, writer) => {
      const first = firstToKeep(parts.db, head, olderThan);
      result = { removed: Math.max(0, first - head.base.size), first_kept: Math.max(first, head.base.size) };
      if (result.removed === 0) return head;
      this.#presence.enter();
      const pruned = pruneEvents(writer, head, first, parts);
      this.#checkpointer?.store(pruned);
      return pruned;
    });
    if (result.removed > 0) this.#presence.confirm();
    return result;
  }

  /** Commits what waits and leaves the log signed up to the last event. */
  close(): void {
    if (this.#closed) return;
    this.flush();
    clearTimeout(this.#idle);
    this.#closed = true;
    if (!this.#presence.isEntered) return;
    this.#inTransaction((head) => {
      this.#checkpointer?.store(head);
      this.#presence.leave();
      return head;
    });
  }

  #inTransaction(work: (head: LogHead, writer: LogWriter) => LogHead): void {
    try {
      this.#writer.transact((head) => work(head, this.#writer));
    } catch (error) {
      this.#checkpointer?.reload();
      throw error;
    }
  }

  #signWhenIdle(): void {
    const checkpointer = this.#checkpointer;
    if (checkpointer === undefined || this.#closed) return;
    if (this.#idle !== undefined) {
      this.#idle.refresh();
      return;
    }
    this.#idle = setTimeout(() => this.#signNow(checkpointer), IDLE_MS).unref();
  }

  #signNow(checkpointer: Checkpointer): void {
    try {
      this.#inTransaction((head) => {
        checkpointer.store(head);
        return head;
      });
    } catch (error) {
      // Somebody else holds the log. The events are recorded and sealed; the next commit or close signs them.
      if (!(error instanceof MexError)) throw error;
    }
  }
}
