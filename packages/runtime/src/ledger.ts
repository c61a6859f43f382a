import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CHECKERS, type EngineResult, MexError, parseStrictJson } from '@mex/envelope';

/*
 * What became of each op_id: the idempotency of CONTRACT §3 and the crash recovery of §9. The table lives in the
 * recorder's database and is written inside the recorder's transactions, so that it can never disagree with the log.
 */

/*
 * Rows are appended in the order of arrival and never change: planners choose op_ids, mostly at random, and a table in
 * their order would touch a page for each. What is under way is a small table of its own, so that a start after a crash
 * does not read everything that ever ran.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS operations (
  seq INTEGER PRIMARY KEY,
  op_id TEXT NOT NULL UNIQUE,
  operation_sha256 TEXT NOT NULL,
  run_id TEXT,
  actor_id TEXT NOT NULL,
  started_at TEXT NOT NULL,
  request TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS operation_results (seq INTEGER PRIMARY KEY, result TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS operations_running (seq INTEGER PRIMARY KEY, owner TEXT NOT NULL) STRICT;
`;

const FIND = `SELECT o.seq, o.op_id, o.operation_sha256, o.started_at, o.request, r.owner, d.result
  FROM operations o LEFT JOIN operations_running r USING (seq) LEFT JOIN operation_results d USING (seq)`;

export interface LedgerStart {
  readonly opId: string;
  readonly operationSha256: string;
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
  /** Process that runs it; absent once it ended. */
  readonly owner: string | undefined;
  readonly startedAt: string;
  readonly request: string;
  /** Absent while it runs. */
  readonly result: EngineResult | undefined;
}

export class Ledger {
  private readonly statements: ReturnType<typeof prepare>;

  constructor(db: DatabaseSync) {
    db.exec(SCHEMA);
    this.statements = prepare(db);
  }

  get(opId: string): LedgerRow | undefined {
    const row = this.statements.find.get(opId);
    return row === undefined ? undefined : readRow(row);
  }

  /** Operations without a result: running in some process, or left by one that died. */
  open(): LedgerRow[] {
    return this.statements.running.all().map(readRow);
  }

  /** Inside a recorder's transaction, as everything below. */
  begin(start: LedgerStart): void {
    const seq = this.insert(start);
    this.statements.enter.run(seq, start.owner);
  }

  /** Begins and ends at once: for operations that were denied. */
  deny(start: LedgerStart, resultText: string): void {
    this.statements.finish.run(this.insert(start), resultText);
  }

  /** @throws MexError `RECORD_FAILED` when the operation is not under way any more: somebody else ended it. */
  end(opId: string, resultText: string): void {
    const left = this.statements.leave.get(opId);
    if (left === undefined) {
      throw new MexError({
        code: 'RECORD_FAILED',
        kind: 'internal',
        message: `Operation ${opId} was ended by another process.`,
        remedy: `Look at its events: mex log list --op ${opId}`,
      });
    }
    this.statements.finish.run(Number(left['seq']), resultText);
  }

  private insert(start: LedgerStart): number {
    const { opId, operationSha256, runId, actorId, startedAt, request } = start;
    return Number(
      this.statements.insert.run(opId, operationSha256, runId ?? null, actorId, startedAt, request).lastInsertRowid,
    );
  }
}

function prepare(
  db: DatabaseSync,
): Record<'find' | 'running' | 'insert' | 'enter' | 'leave' | 'finish', StatementSync> {
  return {
    find: db.prepare(`${FIND} WHERE o.op_id = ?`),
    running: db.prepare(`${FIND} WHERE o.seq IN (SELECT seq FROM operations_running)`),
    insert: db.prepare(
      'INSERT INTO operations (op_id, operation_sha256, run_id, actor_id, started_at, request) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    enter: db.prepare('INSERT INTO operations_running VALUES (?, ?)'),
    leave: db.prepare(
      'DELETE FROM operations_running WHERE seq = (SELECT seq FROM operations WHERE op_id = ?) RETURNING seq',
    ),
    finish: db.prepare('INSERT INTO operation_results VALUES (?, ?)'),
  };
}

function readRow(row: Record<string, unknown>): LedgerRow {
  const { result, owner } = row;
  return {
    opId: String(row['op_id']),
    operationSha256: String(row['operation_sha256']),
    owner: typeof owner === 'string' ? owner : undefined,
    startedAt: String(row['started_at']),
    request: String(row['request']),
    result:
      typeof result === 'string'
        ? CHECKERS.engineResult.parse(parseStrictJson(result), 'A recorded result')
        : undefined,
  };
}
