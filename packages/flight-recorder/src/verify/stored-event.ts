import { canonicalJson } from '@mex/envelope/json';
import { INDEX_COLUMNS, indexColumnsOf } from '../log/index-columns.ts';
import { leafHash, sameHash } from '../merkle/hash.ts';
import { parseStored } from '../store/stored-json.ts';
import type { Findings } from './report.ts';

/** A row as the verification reads it: the payload as bytes, because as text a damaged byte can look like U+FFFD. */
export interface StoredEvent {
  readonly seq: number;
  readonly bytes: Uint8Array;
  readonly columns: Readonly<Record<string, unknown>>;
}

/** Columns to select for {@link storedEvent}. */
export const STORED_COLUMNS = `seq, CAST(payload AS BLOB) AS bytes, leaf_hash, ${INDEX_COLUMNS.join(', ')}`;

export function storedEvent(row: Record<string, unknown>): StoredEvent {
  const bytes = row['bytes'];
  return { seq: Number(row['seq']), bytes: bytes instanceof Uint8Array ? bytes : new Uint8Array(), columns: row };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    // No UTF-8, so not what the recorder wrote.
    return undefined;
  }
}

/** Checks one row in itself. Returns its leaf hash, computed from the payload, and the event if it is a JSON object. */
export function checkStoredEvent(
  stored: StoredEvent,
  findings: Findings,
): { readonly leaf: Uint8Array; readonly event: object | undefined } {
  const { seq, bytes, columns } = stored;
  const id = columns['event_id'];
  const at = typeof id === 'string' ? { seq, event_id: id } : { seq };
  const leaf = leafHash(bytes);
  const recorded = columns['leaf_hash'];
  if (!(recorded instanceof Uint8Array) || !sameHash(leaf, recorded)) {
    findings.add('EVENT_CHANGED', 'The event does not have the hash that was recorded with it.', at);
  }
  const text = decode(bytes);
  const event = parseStored(text);
  if (typeof event !== 'object' || event === null || !isCanonical(event, text)) {
    findings.add('EVENT_NOT_CANONICAL', 'The event is not the canonical JSON of an object.', at);
    return { leaf, event: undefined };
  }
  const expected = indexColumnsOf(event);
  for (const name of INDEX_COLUMNS) {
    if (columns[name] === expected[name]) continue;
    findings.add('COLUMN_CHANGED', `The column ${name} says something else than the event.`, at);
  }
  return { leaf, event };
}

/** Whether `text` is the canonical JSON of `value`. */
export function isCanonical(value: object, text: string | undefined): boolean {
  try {
    return canonicalJson(value) === text;
  } catch {
    // Without a canonical form it cannot be one.
    return false;
  }
}
