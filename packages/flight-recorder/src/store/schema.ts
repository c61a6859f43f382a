import type { DatabaseSync } from 'node:sqlite';

/** `PRAGMA application_id` of a log: "MEXL". */
export const APPLICATION_ID = 0x4d45584c;
/** `PRAGMA user_version`: form of the tables. */
export const SCHEMA_VERSION = 1;

/*
 * Three indexes and no more: each costs ingest as much as the row itself. Type and time are found by scanning.
 * `timestamp` is milliseconds since 1970. `payload` is the canonical event; SHA-256 of 0x00 and its bytes is `leaf_hash`.
 */
const TABLES = [
  `CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT,
    activity_span_id TEXT,
    session_span_id TEXT,
    timestamp INTEGER NOT NULL,
    leaf_hash BLOB NOT NULL,
    payload TEXT NOT NULL
  ) STRICT`,
  'CREATE UNIQUE INDEX events_by_id ON events (event_id)',
  'CREATE INDEX events_by_activity ON events (activity_span_id) WHERE activity_span_id IS NOT NULL',
  'CREATE INDEX events_by_session ON events (session_span_id) WHERE session_span_id IS NOT NULL',
  `CREATE TABLE log_head (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    origin TEXT NOT NULL,
    verifier_key TEXT,
    base INTEGER NOT NULL,
    base_frontier BLOB NOT NULL,
    size INTEGER NOT NULL,
    frontier BLOB NOT NULL,
    seal BLOB NOT NULL,
    writers TEXT NOT NULL
  ) STRICT`,
  'CREATE TABLE log_checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL, frontier BLOB NOT NULL) STRICT',
  `CREATE TABLE problems (
    id TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    severity TEXT NOT NULL,
    status TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    report TEXT NOT NULL,
    seal BLOB NOT NULL
  ) STRICT, WITHOUT ROWID`,
];

/*
 * A second lock on the door, for a careless program: whoever can write the file can also drop a trigger. The proof is
 * the tree. Only what retention has put before `base` may go.
 */
const TRIGGERS = [
  `CREATE TRIGGER events_are_final BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END`,
  `CREATE TRIGGER events_stay BEFORE DELETE ON events WHEN OLD.seq >= (SELECT base FROM log_head)
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END`,
  `CREATE TRIGGER checkpoints_are_final BEFORE UPDATE ON log_checkpoints
    BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END`,
  `CREATE TRIGGER checkpoints_stay BEFORE DELETE ON log_checkpoints WHEN OLD.size >= (SELECT base FROM log_head)
    BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END`,
];

/** Every statement that makes a log, as SQLite keeps it in its schema table. */
export const LOG_SCHEMA: readonly string[] = [...TABLES, ...TRIGGERS];

/** Makes the tables of an empty log inside the open transaction. */
export function createSchema(db: DatabaseSync): void {
  for (const statement of LOG_SCHEMA) db.exec(statement);
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}
