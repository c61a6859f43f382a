import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { MexError } from '@mex/envelope';
import { headInvalid, invalidEvent, writeFailed } from '../errors.ts';
import type { Frontier } from '../merkle/frontier.ts';
import { HASH_BYTES } from '../merkle/hash.ts';
import type { EventRow } from './event-row.ts';
import { type LogHead, readHead } from './head.ts';
import type { Sealer } from './sealer.ts';

/** Writes of the caller that belong to the same transaction as the events. Synchronous; it must not end the transaction. */
export type Companion = (db: DatabaseSync) => void;

const leaf = Buffer.alloc(HASH_BYTES);

/** The bytes of a leaf hash, in a buffer that the next call uses again. SQLite copies what it is given. */
function leafBytes(text: string): Uint8Array {
  leaf.write(text, 'latin1');
  return leaf;
}

/** One append as it waits for its transaction. */
export interface PendingAppend {
  readonly rows: readonly EventRow[];
  readonly companion: Companion | undefined;
}

/** What became of one append of a transaction that was committed. */
export type AppendOutcome = { readonly ok: true } | { readonly ok: false; readonly error: unknown };

/** Writes inside each transaction after the events: a signed checkpoint, when one is due. */
export type BeforeCommit = (head: LogHead) => void;

/** Turns batches of appends into transactions. The only place that writes events. */
export class LogWriter {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #sealer: Sealer;
  readonly #statements: ReturnType<typeof prepareStatements>;
  #head: LogHead | undefined;
  #dataVersion: unknown;

  constructor(db: DatabaseSync, file: string, sealer: Sealer) {
    this.#db = db;
    this.#file = file;
    this.#sealer = sealer;
    this.#statements = prepareStatements(db);
  }

  /**
   * Writes a batch in one transaction and returns when it is on the disk. An append whose companion throws or whose
   * event id is taken fails alone.
   * @throws MexError `LOG_WRITE_FAILED` or `LOG_HEAD_INVALID`; then nothing of the batch is recorded.
   */
  write(batch: readonly PendingAppend[], beforeCommit: BeforeCommit): AppendOutcome[] {
    let head: LogHead;
    const outcomes: AppendOutcome[] = [];
    try {
      this.#statements.begin.run();
      const before = this.#currentHead();
      const tree = before.tree.clone();
      const solo = batch.length === 1;
      for (const append of batch) outcomes.push(this.#apply(append, tree, solo));
      head = { ...before, tree };
      if (outcomes.some((outcome) => outcome.ok)) {
        head = this.storeHead(head);
        beforeCommit(head);
        this.#statements.commit.run();
      } else {
        this.#statements.rollback.run();
        return outcomes;
      }
    } catch (error) {
      this.#abandon();
      if (error instanceof MexError) throw error;
      throw writeFailed(this.#file, error);
    }
    this.#head = head;
    return outcomes;
  }

  /** Runs `work` as a transaction of its own; what it returns becomes the head. Errors as `write`. */
  transact(work: (head: LogHead) => LogHead): void {
    try {
      this.#statements.begin.run();
      const head = work(this.#currentHead());
      this.#statements.commit.run();
      this.#head = head;
    } catch (error) {
      this.#abandon();
      if (error instanceof MexError) throw error;
      throw writeFailed(this.#file, error);
    }
  }

  /** Adds rows to the table and to `tree`. Inside a transaction only. */
  insert(rows: readonly EventRow[], tree: Frontier): void {
    this.#insertRows(rows, tree.size);
    for (const row of rows) tree.push(row.leaf_hash);
  }

  /** Writes a head with a fresh seal. Inside a transaction only. */
  storeHead(head: LogHead): LogHead {
    const seal = this.#sealer.sealHead(head);
    this.#statements.head.run(head.base.size, head.base.toBytes(), head.tree.size, head.tree.toBytes(), seal);
    return { ...head, seal };
  }

  #apply(append: PendingAppend, tree: Frontier, solo: boolean): AppendOutcome {
    const { rows, companion } = append;
    // One row without companion is one statement, which is atomic by itself; so is a whole transaction.
    const guarded = !solo && (companion !== undefined || rows.length > 1);
    if (guarded) this.#statements.savepoint.run();
    try {
      this.#insertRows(rows, tree.size);
      if (companion !== undefined) this.#accompany(companion);
    } catch (error) {
      // A lost transaction takes the other appends with it; they must not be told that they succeeded.
      if (!this.#db.isTransaction) throw error;
      if (guarded) this.#statements.rollbackTo.run();
      if (guarded) this.#statements.release.run();
      return { ok: false, error };
    }
    if (guarded) this.#statements.release.run();
    for (const row of rows) tree.push(row.leaf_hash);
    return { ok: true };
  }

  #insertRows(rows: readonly EventRow[], first: number): void {
    const { insert } = this.#statements;
    let seq = first;
    try {
      for (const row of rows) {
        insert.run(
          seq,
          row.event_id,
          row.type,
          row.subject,
          row.activity_span_id,
          row.session_span_id,
          row.timestamp,
          leafBytes(row.leaf_hash),
          row.payload,
        );
        seq += 1;
      }
    } catch (error) {
      const isTaken = error instanceof Error && error.message.includes('events.event_id');
      if (!isTaken) throw writeFailed(this.#file, error);
      throw invalidEvent('/event_id', 'The log already holds an event with this id', seq - first);
    }
  }

  #accompany(companion: Companion): void {
    const result: unknown = companion(this.#db);
    if (!this.#db.isTransaction) throw new Error('the companion ended the transaction');
    if (result instanceof Promise) throw new Error('the companion is asynchronous; its writes would come too late');
  }

  /** The head to build on, read again when another connection has written since. */
  #currentHead(): LogHead {
    const version = this.#statements.dataVersion.get()?.['data_version'];
    if (this.#head !== undefined && version === this.#dataVersion) return this.#head;
    let head: LogHead;
    try {
      head = readHead(this.#db);
    } catch (error) {
      throw headInvalid(this.#file, error instanceof RangeError ? error.message : 'its head cannot be read');
    }
    if (!this.#sealer.checkHead(head)) throw headInvalid(this.#file, 'the seal of its head is wrong');
    const last = this.#statements.lastSeq.get()?.['seq'] ?? null;
    if (last !== (head.tree.size === head.base.size ? null : head.tree.size - 1)) {
      throw headInvalid(this.#file, `it holds ${head.tree.size} events by its head, and other ones by its table`);
    }
    this.#dataVersion = version;
    return head;
  }

  #abandon(): void {
    this.#head = undefined;
    if (this.#db.isTransaction) this.#statements.rollback.run();
  }
}

function prepareStatements(db: DatabaseSync): Record<StatementName, StatementSync> {
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),
    savepoint: db.prepare('SAVEPOINT one_append'),
    release: db.prepare('RELEASE one_append'),
    rollbackTo: db.prepare('ROLLBACK TO one_append'),
    insert: db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    head: db.prepare('UPDATE log_head SET base = ?, base_frontier = ?, size = ?, frontier = ?, seal = ? WHERE id = 0'),
    dataVersion: db.prepare('PRAGMA data_version'),
    lastSeq: db.prepare('SELECT max(seq) AS seq FROM events'),
  };
}

type StatementName =
  | 'begin'
  | 'commit'
  | 'rollback'
  | 'savepoint'
  | 'release'
  | 'rollbackTo'
  | 'insert'
  | 'head'
  | 'dataVersion'
  | 'lastSeq';
