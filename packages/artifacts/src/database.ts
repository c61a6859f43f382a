import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { artifactError, isBusy, toStoreError } from './errors.ts';

/** One value of a row. Rows are stored bytes: hostile until read through `textOf` and friends. */
export type Row = Record<string, unknown>;

/** `MEXA`: marks the file as ours, so that another program's database is refused. */
const APPLICATION_ID = 0x4d455841;
const SCHEMA_VERSION = 1;
const OPEN_TIMEOUT_MS = 5_000;
/** Longest that one SQLite call blocks this thread waiting for another process. */
const BLOCKING_WAIT_MS = 5;

const SCHEMA = `
  CREATE TABLE objects (
    sha256 TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, place INTEGER NOT NULL, bytes BLOB
  ) STRICT;
  CREATE TABLE manifests (
    seq INTEGER PRIMARY KEY, artifact_id TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL, kind TEXT NOT NULL,
    op_id TEXT, created_at TEXT NOT NULL, json TEXT NOT NULL, json_sha256 BLOB NOT NULL
  ) STRICT;
  CREATE INDEX manifests_by_content ON manifests (sha256);
  CREATE INDEX manifests_by_op ON manifests (op_id) WHERE op_id IS NOT NULL;
  CREATE TABLE members (
    bundle TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (bundle, sha256)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE pins (
    artifact_id TEXT PRIMARY KEY, root TEXT NOT NULL, disk_paths TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE quarantined (
    id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL, file TEXT NOT NULL
  ) STRICT;
  CREATE INDEX quarantined_by_object ON quarantined (sha256);
`;

/** The store's SQLite file: prepared statements, and nothing about artifacts. */
export class StoreDatabase {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #path: string;

  /** @throws MexError `ARTIFACT_STORE_VERSION`, `ARTIFACT_STORE_LOCKED`, `ARTIFACT_CORRUPT`, `ARTIFACT_STORE_FAILED` */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#db = new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS, allowExtension: false });
    } catch (error) {
      throw toStoreError(error, `Opening the artifact store ${path}`);
    }
    try {
      this.#prepare();
    } catch (error) {
      this.#db.close();
      throw toStoreError(error, `Opening the artifact store ${path}`);
    }
  }

  #prepare(): void {
    // The directory may come with somebody else's checkout: nothing in its schema may run anything.
    this.#db.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON');
    const version = this.#pragma('user_version');
    if (version > SCHEMA_VERSION || (version > 0 && this.#pragma('application_id') !== APPLICATION_ID)) {
      throw artifactError(
        'ARTIFACT_STORE_VERSION',
        `${this.#path} has layout version ${version}; this MEX reads version ${SCHEMA_VERSION}.`,
      );
    }
    this.#switchToWal();
    if (version === 0) this.#create();
    this.#refuseForeignSchema();
    // WAL: readers never wait for a writer. FULL: a commit is on the disk when it returns (CONTRACT §5).
    // Checkpoints at 16 MiB instead of 4: each costs two fsyncs.
    this.#db.exec(
      `PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;
       PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY; PRAGMA busy_timeout = ${BLOCKING_WAIT_MS}`,
    );
  }

  /** Does not always honour the busy timeout; two first openings at once must both succeed. */
  #switchToWal(): void {
    const deadline = performance.now() + OPEN_TIMEOUT_MS;
    for (;;) {
      try {
        this.#db.exec('PRAGMA journal_mode = WAL');
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
  }

  #create(): void {
    this.#db.exec('BEGIN IMMEDIATE');
    if (this.#pragma('user_version') === 0) {
      this.#db.exec(`${SCHEMA}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    this.#db.exec('COMMIT');
  }

  #refuseForeignSchema(): void {
    const foreign = this.#db.prepare(`SELECT name FROM sqlite_schema WHERE type NOT IN ('table', 'index')`).get();
    if (foreign === undefined) return;
    throw artifactError('ARTIFACT_CORRUPT', `${this.#path} has a view or trigger that MEX did not make.`, {
      remedy: 'Do not use this store; open a new one in another directory.',
    });
  }

  #pragma(name: 'user_version' | 'application_id'): number {
    return integerOf(this.#db.prepare(`PRAGMA ${name}`).get() ?? {}, name);
  }

  get isOpen(): boolean {
    return this.#db.isOpen;
  }

  get isInTransaction(): boolean {
    return this.#db.isTransaction;
  }

  /** Runs a statement without rows; returns how many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...values);
  }

  /** Closing checkpoints the log when no other process has the store open. */
  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }

  #statement(sql: string): StatementSync {
    if (!this.#db.isOpen) throw artifactError('ARTIFACT_STORE_CLOSED', `The artifact store ${this.#path} is closed.`);
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function broken(column: string): Error {
  return artifactError('ARTIFACT_CORRUPT', `The store's database has an unreadable value in column ${column}.`);
}

/** @throws MexError `ARTIFACT_CORRUPT` when the column holds no text */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw broken(column);
  return value;
}

/** @throws MexError `ARTIFACT_CORRUPT` when the column holds no safe, non-negative integer */
export function integerOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw broken(column);
  return value;
}

/** An empty blob may come back as NULL. @throws MexError `ARTIFACT_CORRUPT` when the column holds neither */
export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (value === null) return new Uint8Array(0);
  if (!(value instanceof Uint8Array)) throw broken(column);
  return value;
}
