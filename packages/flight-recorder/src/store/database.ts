import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MexError } from '@mex/envelope';
import { logUnreadable, type RecorderErrorCode } from '../errors.ts';
import { APPLICATION_ID, createSchema, SCHEMA_VERSION } from './schema.ts';

/** How long a writer waits for another process's transaction, in milliseconds. They take less than one each. */
const BUSY_MS = 5_000;
/** Page cache in KiB: what the indexes of a million events need to stay off the disk. */
const CACHE_KIB = 16_384;

/** Pages after which the write-ahead log is copied into the database: 16 MiB, so that a page written often is copied once. */
const WAL_PAGES = 4_096;

/** What a new log starts with. */
export interface LogIdentity {
  readonly origin: string;
  readonly verifierKey: string | undefined;
  /** Seal of the head without events. */
  readonly seal: Uint8Array;
}

/** Opens a log for reading. @throws MexError `LOG_NOT_FOUND`, `LOG_UNREADABLE`, `LOG_VERSION`. */
export function openForReading(file: string): DatabaseSync {
  if (!existsSync(file)) {
    throw new MexError<RecorderErrorCode>({
      code: 'LOG_NOT_FOUND',
      kind: 'validation',
      message: `There is no log at ${file}.`,
      remedy: 'Check the path; a log exists once something was recorded.',
    });
  }
  return opened(file, true, () => undefined);
}

/** Opens a log for writing and makes it when it is missing (mode 0600, its folder 0700). @throws as for reading. */
export function openForWriting(file: string, identity: LogIdentity): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // SQLite gives its side files the mode of this one.
  closeSync(openSync(file, 'a', 0o600));
  return opened(file, false, (db) => {
    if (userVersion(db) === 0) createLog(db, identity);
    db.exec(
      `PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA wal_autocheckpoint = ${WAL_PAGES}`,
    );
  });
}

function opened(file: string, readOnly: boolean, prepare: (db: DatabaseSync) => void): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly, timeout: BUSY_MS });
    prepare(db);
    checkVersion(db, file);
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof MexError) throw error;
    throw logUnreadable(file, error);
  }
}

function createLog(db: DatabaseSync, identity: LogIdentity): void {
  // Of two processes that make the same log at once one waits; then there is nothing left to make.
  enterWal(db);
  db.exec('BEGIN IMMEDIATE');
  try {
    const { count } = db.prepare('SELECT count(*) AS count FROM sqlite_schema').get() ?? {};
    if (userVersion(db) === 0 && count === 0) {
      createSchema(db);
      db.prepare("INSERT INTO log_head VALUES (0, ?, ?, 0, x'', 0, x'', ?, '[]')").run(
        identity.origin,
        identity.verifierKey ?? null,
        identity.seal,
      );
    }
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** SQLite does not wait for locks in this one statement. */
function enterWal(db: DatabaseSync): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let attempt = 1; ; attempt += 1) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      Atomics.wait(clock, 0, 0, 10);
    }
  }
}

function userVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}

function checkVersion(db: DatabaseSync, file: string): void {
  const application = db.prepare('PRAGMA application_id').get()?.['application_id'];
  const version = userVersion(db);
  if (application === APPLICATION_ID && version === SCHEMA_VERSION) return;
  throw new MexError<RecorderErrorCode>({
    code: 'LOG_VERSION',
    kind: 'validation',
    message:
      application === APPLICATION_ID
        ? `The log ${file} has form ${version}; this recorder reads form ${SCHEMA_VERSION}.`
        : `The file ${file} is no flight recorder log.`,
    remedy: 'Use the version of MEX that wrote it, or give another file.',
  });
}
