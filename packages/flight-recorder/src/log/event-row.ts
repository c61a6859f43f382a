import { type FlightEvent, flightEventIssues, isFlightEvent, MexError } from '@mex/envelope';
import { canonicalJson } from '@mex/envelope/json';
import { invalidEvent } from '../errors.ts';
import { leafHashString } from '../merkle/hash.ts';
import { type EncodedEvent, EventEncoder } from './event-encoder.ts';
import { type EventRedactor, maskJson } from './event-redactor.ts';
import { type IndexColumns, indexColumnsOf } from './index-columns.ts';

/** What an event looks like in the table, without its position. */
export interface EventRow extends IndexColumns {
  /** As `leafHashString` gives it. */
  readonly leaf_hash: string;
  /** Canonical JSON (RFC 8785) of the redacted event. */
  readonly payload: string;
}

/** Turns events into rows: validates, redacts, encodes and hashes (CONTRACT §11). */
export class EventIntake {
  readonly redactor: EventRedactor;
  readonly #encoder: EventEncoder;

  constructor(redactor: EventRedactor) {
    this.redactor = redactor;
    this.#encoder = new EventEncoder(redactor);
  }

  /**
   * `index` is the place of the event in its append, for the message.
   * @throws MexError `HSK-400-INVALID-EVENT` naming the place.
   */
  createRow(value: unknown, index: number): EventRow {
    const { payload, columns } = this.#encoder.encode(value) ?? this.#encodeInFull(value, index);
    const { event_id, type, subject, activity_span_id, session_span_id, timestamp } = columns;
    if (Number.isNaN(timestamp)) throw invalidEvent('/timestamp', 'No such date', index);
    const leaf_hash = leafHashString(payload);
    return { event_id, type, subject, activity_span_id, session_span_id, timestamp, leaf_hash, payload };
  }

  /** The way for every event: what is validated is a copy made from the very text that is stored. */
  #encodeInFull(value: unknown, index: number): EncodedEvent {
    let payload = encode(value, index);
    let event = checkedEvent(JSON.parse(payload), index);
    // Hashes are taken after redaction (CONTRACT §11).
    const masked = maskJson(payload, this.redactor);
    if (masked !== undefined) {
      event = checkedEvent(masked, index);
      payload = encode(event, index);
    }
    return { payload, columns: indexColumnsOf(event) };
  }
}

function checkedEvent(value: unknown, index: number): FlightEvent {
  if (isFlightEvent(value)) return value;
  const issue = flightEventIssues(value)[0];
  throw invalidEvent(issue?.path ?? '/', issue?.message ?? 'not an event', index);
}

function encode(value: unknown, index: number): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (error instanceof MexError) throw invalidEvent('/', error.message, index);
    throw error;
  }
}
