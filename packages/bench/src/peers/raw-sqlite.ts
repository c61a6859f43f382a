import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { FlightEvent } from '@mex/envelope';
import { canonicalJson } from '@mex/envelope/json';

/** A row of the recorder's table, made before the clock runs: the raw side only inserts. */
export type RawRow = readonly (string | number | Uint8Array | null)[];

export interface RawLog {
  /** One transaction of prepared inserts; returns when it is on the disk. */
  readonly insert: (rows: readonly RawRow[]) => void;
  readonly close: () => void;
}

/** The settings the recorder gives its connection that cost or save time. */
const PRAGMAS = ['journal_mode', 'synchronous', 'secure_delete', 'cache_size'] as const;

/**
 * A database with the tables, indexes and triggers of a log, and the settings of its connection, and nothing that
 * checks, hashes, seals or signs.
 * @param like a log that a recorder made
 * @param settings the recorder's own connection
 */
export function openRawLog(file: string, like: string, settings: DatabaseSync): RawLog {
  const schema = new DatabaseSync(like, { readOnly: true });
  const statements = schema.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid').all();
  schema.close();
  const db = new DatabaseSync(file);
  for (const pragma of PRAGMAS) {
    const value = settings.prepare(`PRAGMA ${pragma}`).get()?.[pragma];
    db.exec(`PRAGMA ${pragma} = ${String(value)}`);
  }
  for (const { sql } of statements) db.exec(String(sql));
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  let seq = 0;
  return {
    insert(rows) {
      begin.run();
      for (const row of rows) {
        insert.run(seq, ...row);
        seq += 1;
      }
      commit.run();
    },
    close: () => db.close(),
  };
}

/** The columns behind `seq`, in the order of the table. */
export function rawRow(event: FlightEvent): RawRow {
  const subject = event.type === 'system' ? event.subject : null;
  const { event_id, type, activity_span_id = null, session_span_id = null, timestamp } = event;
  const payload = canonicalJson(event);
  return [event_id, type, subject, activity_span_id, session_span_id, Date.parse(timestamp), randomBytes(32), payload];
}
