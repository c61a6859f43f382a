import { hash } from 'node:crypto';
import { MexError } from '@mex/envelope';
import { type JsonValue, parseStrictJson } from '@mex/envelope/json';
import { type OsvRecord, parseOsvRecord, RecordError } from '../osv/record.ts';
import type { RejectedRecord } from '../snapshot/format.ts';

/** Bytes of one record; the largest real ones have a few MiB of version lists. */
export const MAX_RECORD_BYTES = 32 * 1024 * 1024;

/** What came out of one text: a record, or why there is none. */
export type ReadRecord =
  | { readonly kind: 'record'; readonly source: string; readonly record: OsvRecord; readonly sha256: string }
  | ({ readonly kind: 'rejected' } & RejectedRecord);

/**
 * Reads one JSON document: a record, a list of records, or the answer of an OSV server (`{"vulns": […]}`). Never throws for
 * what the text holds.
 */
export function readDocument(source: string, bytes: Uint8Array): ReadRecord[] {
  const parsed = parse(source, bytes);
  if ('kind' in parsed) return [parsed];
  const { value } = parsed;
  const list = listIn(value);
  if (list === undefined) return [readRecord(source, value, bytes)];
  return list.map((one, index) =>
    readRecord(`${source}[${index}]`, one, new TextEncoder().encode(JSON.stringify(one))),
  );
}

function parse(source: string, bytes: Uint8Array): { value: JsonValue } | Extract<ReadRecord, { kind: 'rejected' }> {
  if (bytes.length > MAX_RECORD_BYTES)
    return { kind: 'rejected', source, reason: `more than ${MAX_RECORD_BYTES} bytes` };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return {
      value: parseStrictJson(text, {
        maxBytes: MAX_RECORD_BYTES,
        maxKeys: 5_000_000,
        maxStringBytes: MAX_RECORD_BYTES,
      }),
    };
  } catch (error) {
    const reason = error instanceof MexError ? error.code : 'not UTF-8';
    return { kind: 'rejected', source, reason: `not JSON (${reason})` };
  }
}

function listIn(value: JsonValue): readonly JsonValue[] | undefined {
  if (Array.isArray(value)) return value;
  const vulns = typeof value === 'object' && value !== null ? value['vulns'] : undefined;
  return Array.isArray(vulns) ? vulns : undefined;
}

function readRecord(source: string, value: JsonValue, bytes: Uint8Array): ReadRecord {
  try {
    return { kind: 'record', source, record: parseOsvRecord(value), sha256: hash('sha256', bytes, 'hex') };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return { kind: 'rejected', source, reason: error.message };
  }
}
