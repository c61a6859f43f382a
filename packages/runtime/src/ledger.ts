import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CHECKERS, type EngineResult, MexError } from '@mex/envelope';

/*
 * What became of each op_id: the idempotency of CONTRACT §3 and the crash recovery of §9. The table lives in the
 * recorder's database and is written inside the recorder's transactions, so that it can never disagree with the log.
 */

const SCHEMA = `
CREATE TABLE IF NOT EXISTS operations (
  op_id TEXT PRIMARY KEY,
  operation_sha256 TEXT NOT NULL,
  engine_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  run_id TEXT,
  actor_id TEXT NOT NULL,
  owner TEXT NOT NULL,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  request TEXT NOT NULL,
  result TEXT
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS operations_open ON operations (owner) WHERE result IS NULL;
`;

export interface LedgerStart {
  readonly opId: string;
  readonly operationSha256: string;
  readonly engineId: string;
  readonly operation: string;
  readonly runId: string | undefined;
  readonly actorId: string;
  readonly owner: string;
  readonly startedAt: string;
  /** Canonical JSON of the operation: needed to recover and to replay it. */
  readonly request: string;
}

export interface LedgerRow {
  readonly opId: string;
  readonly operationSha256: string;
  readonly owner: string;
  readonly startedAt: string;
  readonly request: string;
  /** Absent while it runs. */
  readonly result: EngineResult | undefined;
}

export class Ledger {
  private readonly find: StatementSync;
  private readonly insert: StatementSync;
  private readonly insertDone: StatementSync;
  private readonly update: StatementSync;
  private readonly unfinished: StatementSync;

  constructor(db: DatabaseSync) {
    db.exec(SCHEMA);
    const columns = 'op_id, operation_sha256, engine_id, operation, run_id, actor_id, owner, started_at, request';
    this.find = db.prepare(
      'SELECT op_id, operation_sha256, owner, started_at, request, result FROM operations WHERE op_id = ?',
    );
    this.insert = db.prepare(`INSERT INTO operations (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.insertDone = db.prepare(
      `INSERT INTO operations (${columns}, ended_at, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.update = db.prepare('UPDATE operations SET result = ?, ended_at = ? WHERE op_id = ? AND result IS NULL');
    this.unfinished = db.prepare(
      'SELECT op_id, operation_sha256, owner, started_at, request, result FROM operations WHERE result IS NULL',
    );
  }

  get(opId: string): LedgerRow | undefined {
    const row = this.find.get(opId);
    return row === undefined ? undefined : readRow(row);
  }

  /** Operations without a result: running in some process, or left by one that died. */
  open(): LedgerRow[] {
    return this.unfinished.all().map(readRow);
  }

  begin(start: LedgerStart): void {
    this.insert.run(...values(start));
  }

  /** Begins and ends at once: for operations that were denied. */
  deny(start: LedgerStart, result: EngineResult, text: string): void {
    this.insertDone.run(...values(start), result.ended_at, text);
  }

  /** @throws MexError `RECORD_FAILED` when the operation has a result already: somebody else ended it. */
  end(result: EngineResult, text: string): void {
    const { changes } = this.update.run(text, result.ended_at, result.op_id);
    if (Number(changes) === 1) return;
    throw new MexError({
      code: 'RECORD_FAILED',
      kind: 'internal',
      message: `Operation ${result.op_id} was ended by another process.`,
      remedy: 'Look at its events: mex log list --op <op_id>',
    });
  }
}

function values(start: LedgerStart) {
  return [
    start.opId,
    start.operationSha256,
    start.engineId,
    start.operation,
    start.runId ?? null,
    start.actorId,
    start.owner,
    start.startedAt,
    start.request,
  ] as const;
}

function readRow(row: Record<string, unknown>): LedgerRow {
  const result = row['result'];
  return {
    opId: String(row['op_id']),
    operationSha256: String(row['operation_sha256']),
    owner: String(row['owner']),
    startedAt: String(row['started_at']),
    request: String(row['request']),
    result:
      typeof result === 'string' ? CHECKERS.engineResult.parse(JSON.parse(result), 'A recorded result') : undefined,
  };
}
