import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { type FlightEvent, type FlightEventType, isFlightEvent } from '@mex/envelope';
import { rowInvalid } from '../errors.ts';
import { leafHash, sameHash } from '../merkle/hash.ts';
import { parseStored } from '../store/stored-json.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/** Which events to list. Conditions are joined by "and". */
export interface EventFilter {
  /** An operation: `activity_span_id`. */
  readonly op?: string;
  /** A run: `session_span_id`. */
  readonly run?: string;
  readonly type?: FlightEventType;
  /** Subject of `system` events. */
  readonly subject?: string;
  /** Events of this time and later, in milliseconds since 1970. */
  readonly since?: number;
  /** Only events beyond this position: above it, or below it with `order: 'newest'`. */
  readonly after?: number;
  /** Default `oldest`: in the order of recording. */
  readonly order?: 'oldest' | 'newest';
  /** Default 100, at most 10,000. */
  readonly limit?: number;
}

/** An event with its position in the log, which is its leaf index: 0 is the first. */
export interface RecordedEvent {
  readonly seq: number;
  readonly event: FlightEvent;
}

/** Reads events. Each is checked against its leaf hash and its schema, so damage is reported and never served. */
export class EventReader {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** @throws MexError `LOG_ROW_INVALID`. */
  list(filter: EventFilter): RecordedEvent[] {
    const newest = filter.order === 'newest';
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    const add = (condition: string, value: SQLInputValue | undefined): void => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    add('activity_span_id = ?', filter.op);
    add('session_span_id = ?', filter.run);
    add('type = ?', filter.type);
    add('subject = ?', filter.subject);
    add('timestamp >= ?', filter.since);
    add(newest ? 'seq < ?' : 'seq > ?', filter.after);
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const limit = Math.min(Math.max(Math.trunc(filter.limit ?? DEFAULT_LIMIT), 0), MAX_LIMIT);
    const order = newest ? 'DESC' : 'ASC';
    const sql = `SELECT seq, leaf_hash, payload FROM events ${where} ORDER BY seq ${order} LIMIT ${limit}`;
    return this.#db
      .prepare(sql)
      .all(...values)
      .map(readEvent);
  }

  /** @throws MexError `LOG_ROW_INVALID`. */
  get(eventId: string): RecordedEvent | undefined {
    const row = this.#db.prepare('SELECT seq, leaf_hash, payload FROM events WHERE event_id = ?').get(eventId);
    return row === undefined ? undefined : readEvent(row);
  }

  /** Number of events ever recorded, those included that retention removed. */
  size(): number {
    return Number(this.#db.prepare('SELECT size FROM log_head').get()?.['size'] ?? 0);
  }
}

function readEvent(row: Record<string, unknown>): RecordedEvent {
  const { seq, leaf_hash: leaf, payload } = row;
  const position = Number(seq);
  if (!(leaf instanceof Uint8Array) || typeof payload !== 'string') throw rowInvalid(position, 'it has wrong columns');
  if (!sameHash(leafHash(payload), leaf)) throw rowInvalid(position, 'its content does not have the recorded hash');
  const event = parseStored(payload);
  if (!isFlightEvent(event)) throw rowInvalid(position, 'its content is no event');
  return { seq: position, event };
}
