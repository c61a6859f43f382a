import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { MexError } from '@mex/envelope';
import { headInvalid, writeFailed } from '../errors.ts';
import type { Frontier } from '../merkle/frontier.ts';
import type { EventRow } from './event-row.ts';
import { EventTable } from './event-table.ts';
import { type LogHead, readHead } from './head.ts';
import type { Sealer } from './sealer.ts';

/** Writes of the caller that belong to the same transaction as the events. Synchronous; it must not end the transaction. */
export type Companion = (db: DatabaseSync) => void;

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
  readonly #table: EventTable;
  readonly #statements: ReturnType<typeof prepareStatements>;
  #head: LogHead | undefined;
  #dataVersion: unknown;

  constructor(db: DatabaseSync, file: string, sealer: Sealer) {
    this.#db = db;
    this.#file = file;
    this.#sealer = sealer;
    this.#table = new EventTable(db, file);
    this.#statements = prepareStatements(db);
  }

  /**
   * Writes a batch in one transaction and returns when it is on the disk. An append whose companion throws or whose
   * event id is taken fails alone.
   * @throws MexError `LOG_WRITE_FAILED` or `LOG_HEAD_INVALID`; then nothing of the batch is recorded.
   */
  write(batch: readonly PendingAppend[], beforeCommit: BeforeCommit): AppendOutcome[] {
    try {
      this.#statements.begin.run();
      const before = this.#currentHead();
      const tree = before.tree.clone();
      const outcomes = this.#applyTogether(batch, tree) ?? this.#applyEach(batch, tree);
      if (!outcomes.some((outcome) => outcome.ok)) {
        this.#statements.rollback.run();
        return outcomes;
      }
      const head = this.storeHead({ ...before, tree });
      beforeCommit(head);
      this.#statements.commit.run();
      this.#head = head;
      return outcomes;
    } catch (error) {
      this.#abandon();
      if (error instanceof MexError) throw error;
      throw writeFailed(this.#file, error);
    }
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
    this.#table.insert(rows, tree.size);
    for (const row of rows) tree.push(row.leaf_hash);
  }

  /** Writes a head with a fresh seal. Inside a transaction only. */
  storeHead(head: LogHead): LogHead {
    const seal = this.#sealer.sealHead(head);
    this.#statements.head.run(head.base.size, head.base.toBytes(), head.tree.size, head.tree.toBytes(), seal);
    return { ...head, seal };
  }

  /** All rows at once, when no companion has to run in between; `undefined` when some append cannot be recorded. */
  #applyTogether(batch: readonly PendingAppend[], tree: Frontier): AppendOutcome[] | undefined {
    if (batch.length === 1 || batch.some((append) => append.companion !== undefined)) return undefined;
    const rows = batch.flatMap((append) => append.rows);
    this.#statements.savepoint.run();
    try {
      this.#table.insert(rows, tree.size);
    } catch (error) {
      if (!this.#db.isTransaction) throw error;
      this.#statements.rollbackTo.run();
      this.#statements.release.run();
      return undefined;
    }
    this.#statements.release.run();
    for (const row of rows) tree.push(row.leaf_hash);
    return batch.map(() => ({ ok: true }));
  }

  #applyEach(batch: readonly PendingAppend[], tree: Frontier): AppendOutcome[] {
    const solo = batch.length === 1;
    return batch.map((append) => this.#apply(append, tree, solo));
  }

  #apply(append: PendingAppend, tree: Frontier, solo: boolean): AppendOutcome {
    const { rows, companion } = append;
    // One row without companion is one statement, which is atomic by itself; so is a whole transaction.
    const guarded = !solo && (companion !== undefined || rows.length > 1);
    if (guarded) this.#statements.savepoint.run();
    try {
      this.#table.insert(rows, tree.size);
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
    // Together: an append that is refused after this must not leave an older head beside the new version.
    this.#head = head;
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
  | 'head'
  | 'dataVersion'
  | 'lastSeq';
