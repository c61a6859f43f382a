import { type EngineResult, MexError } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { FlightRecorder } from '@mex/flight-recorder';
import { MASK } from '@mex/guard';
import type { RuntimeErrorCode } from './errors.ts';
import type { Ledger, LedgerRow } from './ledger.ts';
import { findProof, hasEnded, isBeforeLog } from './proven-result.ts';

/** One operation as it was recorded. */
export interface RecordedOperation {
  readonly opId: string;
  readonly actorId: string;
  readonly startedAt: string;
  /** The operation as it was sent, canonical JSON; absent when it held something that was masked. */
  readonly request: string | undefined;
  /** Absent while it runs. */
  readonly result: EngineResult | undefined;
  readonly resultSha256: string | undefined;
  /** Whether the log still has the events that prove it; retention removes them. */
  readonly isProven: boolean;
}

/** A line of the ledger, not yet looked at. */
export interface OperationEntry {
  readonly seq: number;
  readonly opId: string;
}

/** Which operations to list, oldest first. */
export interface HistoryFilter {
  /** Ms since 1970. */
  readonly since?: number;
  /** Only beyond this place, and up to that one. */
  readonly after?: number;
  readonly upTo?: number;
  /** Default 500. */
  readonly limit?: number;
}

/** Operations of a home, as the ledger has them and the log proves them. */
export interface OperationHistory {
  /** Op_ids that are, or begin with, this text; two at most. */
  readonly find: (prefix: string) => readonly string[];
  /**
   * @throws MexError `OPERATION_UNRECORDED`; `RESULT_TAMPERED` when the log does not name exactly this result; `LOG_ROW_INVALID`
   */
  readonly read: (opId: string) => RecordedOperation;
  readonly list: (filter?: HistoryFilter) => readonly OperationEntry[];
  /** How many there are up to a place. */
  readonly count: (filter: Pick<HistoryFilter, 'since' | 'upTo'>) => number;
  /** Place of the operation that began last; 0 without any. */
  readonly last: () => number;
}

export function openHistory(ledger: Ledger, recorder: FlightRecorder): OperationHistory {
  return {
    find: (prefix) => ledger.findByPrefix(prefix),
    read: (opId) => {
      const row = readRow(ledger, opId);
      if (row === undefined) throw unrecorded(opId);
      // Both are written at once: looked at after the log, the row has a result, or somebody took it away.
      const isOver = row.ended === undefined && hasEnded(recorder, opId);
      return describe(isOver ? (readRow(ledger, opId) ?? row) : row, recorder);
    },
    list: ({ since = 0, after = 0, upTo = Number.MAX_SAFE_INTEGER, limit = 500 } = {}) =>
      ledger.list({ since: new Date(since).toISOString(), after, upTo, limit }),
    count: ({ since = 0, upTo = Number.MAX_SAFE_INTEGER }) => ledger.count(new Date(since).toISOString(), upTo),
    last: () => ledger.last(),
  };
}

function readRow(ledger: Ledger, opId: string): LedgerRow | undefined {
  try {
    return ledger.get(opId);
  } catch (error) {
    if (!(error instanceof MexError)) throw error;
    throw tampered(`The recorded result of ${opId} cannot be read: ${error.message}`, error);
  }
}

function describe(row: LedgerRow, recorder: FlightRecorder): RecordedOperation {
  const { opId, actorId, startedAt, request, operationSha256, ended } = row;
  const isProven = ended !== undefined && findProof(recorder, opId, ended.sha256) !== undefined;
  // What a row says of its own age, or that it has no result, is no reason to believe it.
  if (!isProven && (hasEnded(recorder, opId) || (ended !== undefined && !isBeforeLog(recorder, ended.result))))
    throw tampered(`The recorded result of ${opId} is not the one the log names.`);
  // The digest is over what was sent: text that was masked has another, and says so.
  const isOriginal = sha256Hex(request) === operationSha256;
  if (!isOriginal && !request.includes(MASK)) throw tampered(`The recorded request of ${opId} is not what was sent.`);
  const isBound = ended === undefined || ended.result.provenance.operation_sha256 === operationSha256;
  if (!isBound) throw tampered(`The ledger's request of ${opId} is not the one its result names.`);
  return {
    opId,
    actorId,
    startedAt,
    request: isOriginal ? request : undefined,
    result: ended?.result,
    resultSha256: ended?.sha256,
    isProven,
  };
}

function unrecorded(opId: string): MexError<RuntimeErrorCode> {
  return new MexError({
    code: 'OPERATION_UNRECORDED',
    kind: 'validation',
    message: `No operation ${opId.slice(0, 64)} was recorded in this home.`,
    remedy: 'See what was: mex log list --type engine.run',
  });
}

function tampered(message: string, cause?: unknown): MexError<RuntimeErrorCode> {
  return new MexError({
    code: 'RESULT_TAMPERED',
    kind: 'integrity',
    message,
    remedy: 'Check the record: mex log verify',
    cause,
  });
}
