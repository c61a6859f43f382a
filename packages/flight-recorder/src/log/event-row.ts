import { type FlightEvent, flightEventIssues, isFlightEvent, MexError } from '@mex/envelope';
import { canonicalJson } from '@mex/envelope/json';
import { invalidEvent } from '../errors.ts';
import { leafHashString } from '../merkle/hash.ts';
import type { EventScreen } from './event-redactor.ts';

/** What an event looks like in the table, without its position. */
export interface EventRow {
  readonly event_id: string;
  readonly type: string;
  readonly subject: string | null;
  readonly activity_span_id: string | null;
  readonly session_span_id: string | null;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** As `leafHashString` gives it. */
  readonly leaf_hash: string;
  /** Canonical JSON (RFC 8785) of the redacted event. */
  readonly payload: string;
}

/** The columns that repeat a part of the payload. */
export const INDEX_COLUMNS = [
  'event_id',
  'type',
  'subject',
  'activity_span_id',
  'session_span_id',
  'timestamp',
] as const;

/** What the index columns must hold by a stored event, which may be any object by now. */
export function indexColumnsOf(event: object): Omit<EventRow, 'leaf_hash' | 'payload'> {
  return {
    event_id: textOf(event, 'event_id') ?? '',
    type: textOf(event, 'type') ?? '',
    subject: textOf(event, 'subject'),
    activity_span_id: textOf(event, 'activity_span_id'),
    session_span_id: textOf(event, 'session_span_id'),
    timestamp: Date.parse(textOf(event, 'timestamp') ?? ''),
  };
}

function textOf(event: object, name: string): string | null {
  const member: unknown = Reflect.get(event, name);
  return typeof member === 'string' ? member : null;
}

/**
 * Validates, redacts and encodes one event (CONTRACT §11). `index` is its place in the append, for the message.
 * @throws MexError `HSK-400-INVALID-EVENT` naming the place.
 */
export function createEventRow(value: unknown, index: number, screen: EventScreen): EventRow {
  const event = checkedEvent(value, index);
  let payload = encode(event, index);
  let recorded = event;
  // Hashes are taken after redaction (CONTRACT §11).
  const masked = screen.redact(event, payload);
  if (masked !== event) {
    recorded = checkedEvent(masked, index);
    payload = encode(recorded, index);
  }
  const timestamp = Date.parse(recorded.timestamp);
  if (Number.isNaN(timestamp)) throw invalidEvent('/timestamp', 'No such date', index);
  return {
    event_id: recorded.event_id,
    type: recorded.type,
    subject: recorded.type === 'system' ? recorded.subject : null,
    activity_span_id: recorded.activity_span_id ?? null,
    session_span_id: recorded.session_span_id ?? null,
    timestamp,
    leaf_hash: leafHashString(payload),
    payload,
  };
}

function checkedEvent(value: unknown, index: number): FlightEvent {
  if (isFlightEvent(value)) return value;
  const issue = flightEventIssues(value)[0];
  throw invalidEvent(issue?.path ?? '/', issue?.message ?? 'not an event', index);
}

function encode(event: FlightEvent, index: number): string {
  try {
    return canonicalJson(event);
  } catch (error) {
    if (error instanceof MexError) throw invalidEvent('/', error.message, index);
    throw error;
  }
}
