import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { rowInvalid } from '../errors.ts';
import { readHead } from '../log/head.ts';
import type { Frontier } from '../merkle/frontier.ts';
import { openForReading } from '../store/database.ts';

/** First line of an export. */
export interface ExportHeader {
  readonly mex_log: 1;
  readonly origin: string;
  /** Position of the first event that follows. */
  readonly first: number;
  /** Base64 of the subtrees of the events before it, largest first. */
  readonly frontier: string;
}

const ROWS_PER_TURN = 500;

/**
 * The log as NDJSON, one line with its newline at a time: a header, then every event as the very bytes that were hashed,
 * and after the last event that the newest checkpoint covers, `{"checkpoint": <signed note>}`. Whoever has the public key
 * checks it with `verifyExport`. Reads one consistent state; `end`, if given, cuts it off there.
 * @throws MexError `LOG_NOT_FOUND`, `LOG_UNREADABLE`, `LOG_ROW_INVALID`.
 */
export async function* exportLog(file: string, end?: number): AsyncGenerator<string, void, undefined> {
  const db = openForReading(file);
  try {
    db.exec('BEGIN');
    const head = readHead(db);
    const last = Math.min(end ?? head.tree.size, head.tree.size);
    yield `${headerLine(head.origin, head.base)}\n`;
    const signed = newestCheckpoint(db, last);
    if (signed?.size === head.base.size) yield `${checkpointLine(signed.note)}\n`;
    let position = head.base.size;
    const rows = db.prepare('SELECT seq, payload FROM events WHERE seq < ? ORDER BY seq').iterate(last);
    for (const { seq, payload } of rows) {
      if (seq !== position || typeof payload !== 'string') throw rowInvalid(position, 'it is missing');
      yield `${payload}\n`;
      position += 1;
      if (signed?.size === position) yield `${checkpointLine(signed.note)}\n`;
      if (position % ROWS_PER_TURN === 0) await turn();
    }
  } finally {
    db.close();
  }
}

/** The one spelling of the first line. */
export function headerLine(origin: string, base: Frontier): string {
  const frontier = Buffer.from(base.toBytes()).toString('base64');
  const header: ExportHeader = { mex_log: 1, origin, first: base.size, frontier };
  return JSON.stringify(header);
}

/** The one spelling of a checkpoint's line. */
export function checkpointLine(note: string): string {
  return JSON.stringify({ checkpoint: note });
}

function newestCheckpoint(db: DatabaseSync, last: number): { size: number; note: string } | undefined {
  const sql = 'SELECT size, note FROM log_checkpoints WHERE size <= ? ORDER BY size DESC LIMIT 1';
  const row = db.prepare(sql).get(last);
  return row === undefined ? undefined : { size: Number(row['size']), note: String(row['note']) };
}
