import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { invalidEvent, writeFailed } from '../errors.ts';
import { HASH_BYTES } from '../merkle/hash.ts';
import type { EventRow } from './event-row.ts';

/** Rows in one statement: each run of a statement costs about as much as two of its rows. */
const CHUNK = 8;
const COLUMNS = 9;

/** Inserts rows. The only statements that write events. */
export class EventTable {
  readonly #file: string;
  readonly #one: StatementSync;
  readonly #many: StatementSync;
  /** Where the leaf hashes of a statement stand while it runs; SQLite copies what it is given. */
  readonly #leaves = Array.from({ length: CHUNK }, () => Buffer.alloc(HASH_BYTES));
  readonly #values: SQLInputValue[] = Array.from({ length: CHUNK * COLUMNS }, () => null);

  constructor(db: DatabaseSync, file: string) {
    const row = `(${Array.from({ length: COLUMNS }, () => '?').join(', ')})`;
    this.#file = file;
    this.#one = db.prepare(`INSERT INTO events VALUES ${row}`);
    this.#many = db.prepare(`INSERT INTO events VALUES ${Array.from({ length: CHUNK }, () => row).join(', ')}`);
  }

  /**
   * Inserts rows from position `first` on. Some of them may be in the table when it throws: roll back.
   * @throws MexError `HSK-400-INVALID-EVENT` for an event id that is taken, `LOG_WRITE_FAILED`.
   */
  insert(rows: readonly EventRow[], first: number): void {
    let done = 0;
    try {
      for (; done + CHUNK <= rows.length; done += CHUNK) {
        this.#bind(rows.slice(done, done + CHUNK), first + done);
        this.#many.run(...this.#values);
      }
      for (const row of rows.slice(done)) {
        this.#bind([row], first + done);
        this.#one.run(...this.#values.slice(0, COLUMNS));
        done += 1;
      }
    } catch (error) {
      const isTaken = error instanceof Error && error.message.includes('events.event_id');
      if (!isTaken) throw writeFailed(this.#file, error);
      throw invalidEvent(
        '/event_id',
        'The log already holds an event with this id',
        this.#findTaken(rows, first, done),
      );
    }
  }

  #bind(rows: readonly EventRow[], first: number): void {
    const values = this.#values;
    let at = 0;
    for (const [index, row] of rows.entries()) {
      const leaf = this.#leaves[index] ?? Buffer.alloc(HASH_BYTES);
      leaf.write(row.leaf_hash, 'latin1');
      values[at++] = first + index;
      values[at++] = row.event_id;
      values[at++] = row.type;
      values[at++] = row.subject;
      values[at++] = row.activity_span_id;
      values[at++] = row.session_span_id;
      values[at++] = row.timestamp;
      values[at++] = leaf;
      values[at++] = row.payload;
    }
  }

  /** A failed statement left no row; one at a time the guilty one shows. */
  #findTaken(rows: readonly EventRow[], first: number, done: number): number {
    for (let index = done; index < rows.length; index += 1) {
      this.#bind(rows.slice(index, index + 1), first + index);
      try {
        this.#one.run(...this.#values.slice(0, COLUMNS));
      } catch {
        // This is the one that was reported.
        return index;
      }
    }
    return done;
  }
}
