import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CHECKERS, type EngineResult, MexError, parseStrictJson } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';

/*
 * What became of each op_id: the idempotency of CONTRACT §3 and the crash recovery of §9. The tables live in the
 * recorder's database and are written inside the recorder's transactions, so that they can never disagree with the log.
 *
 * Rows are appended in the order of arrival and never change: planners choose op_ids, mostly at random, and a table in
 * their order would touch a page for each. A process that runs operations has one row of its own that says where its
 * operations begin, so that a start after a crash looks at those and not at everything that ever ran.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS operation_owners (
  owner_seq INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,
  first_seq INTEGER NOT NULL,
  started_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS operations (
  seq INTEGER PRIMARY KEY,
  owner_seq INTEGER NOT NULL,
  op_id TEXT NOT NULL UNIQUE,
  operation_sha256 TEXT NOT NULL,
  run_id TEXT,
  actor_id TEXT NOT NULL,
  started_at TEXT NOT NULL,
  request TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS operation_results (seq INTEGER PRIMARY KEY, result TEXT NOT NULL) STRICT;
`;

const FIND = `SELECT o.seq, o.op_id, o.operation_sha256, o.actor_id, o.started_at, o.request, d.result
  FROM operations o LEFT JOIN operation_results d USING (seq)`;

export interface LedgerStart {
  readonly opId: string;
  readonly operationSha256: string;
  readonly runId: string | undefined;
  readonly actorId: string;
  readonly startedAt: string;
  /** The operation as JSON, secrets masked: what a person and the recovery look at. */
  readonly request: string;
}

/** A recorded result, and the digest of its text as the log's `engine.run` event has it. */
export interface LedgerResult {
  readonly result: EngineResult;
  readonly sha256: string;
}

export interface LedgerRow {
  readonly seq: number;
  readonly opId: string;
  readonly operationSha256: string;
  readonly actorId: string;
  readonly startedAt: string;
  readonly request: string;
  /** Absent while it runs. */
  readonly ended: LedgerResult | undefined;
}

/** A process that announced itself and did not take its leave. */
export interface LedgerOwner {
  readonly ownerSeq: number;
  readonly owner: string;
  readonly startedAt: number;
}

export class Ledger {
  private readonly owner: string;
  private readonly statements: ReturnType<typeof prepare>;
  private ownerSeq: number | undefined;

  /** @param owner token of this process */
  constructor(db: DatabaseSync, owner: string) {
    const { found } =
      db.prepare("SELECT count(*) AS found FROM sqlite_schema WHERE name = 'operation_results'").get() ?? {};
    // One transaction, so that a new home waits for one commit, and of two processes one finds it done.
    if (found !== 1) db.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
    this.owner = owner;
    this.statements = prepare(db);
  }

  get(opId: string): LedgerRow | undefined {
    const row = this.statements.find.get(opId);
    return row === undefined ? undefined : readRow(row);
  }

  /** Op_ids that are, or begin with, this text: two at most. */
  findByPrefix(prefix: string): string[] {
    // 'g' sorts after every hex digit and after '-'.
    return this.statements.findByPrefix.all(prefix, `${prefix}g`).map((row) => String(row['op_id']));
  }

  /** Oldest first, beyond `after` and up to `upTo`, of those that began at `since` (RFC 3339) or later. */
  list({ since, after, upTo, limit }: LedgerPage): { seq: number; opId: string }[] {
    return this.statements.list
      .all(after, upTo, since, limit)
      .map((row) => ({ seq: Number(row['seq']), opId: String(row['op_id']) }));
  }

  /** How many began at `since` (RFC 3339) or later, up to a place. */
  count(since: string, upTo: number): number {
    return Number(this.statements.count.get(upTo, since)?.['count']);
  }

  /** Place of the operation that began last. */
  last(): number {
    return Number(this.statements.last.get()?.['last'] ?? 0);
  }

  owners(): LedgerOwner[] {
    return this.statements.owners.all().map((row) => ({
      ownerSeq: Number(row['owner_seq']),
      owner: String(row['owner']),
      startedAt: Number(row['started_at']),
    }));
  }

  /** Operations of one owner that have no result. */
  open(ownerSeq: number): LedgerRow[] {
    return this.statements.open.all(ownerSeq).map(readRow);
  }

  /** Says that this process runs operations. Inside a recorder's transaction, as all that follow, and before them. */
  announce(): void {
    const { lastInsertRowid } = this.statements.announce.run(this.owner, Date.now());
    this.ownerSeq = Number(lastInsertRowid);
  }

  /** @returns where its result goes */
  begin(start: LedgerStart): number {
    if (this.ownerSeq === undefined) throw new Error('an operation before its process was announced');
    const { opId, operationSha256, runId, actorId, startedAt, request } = start;
    const { lastInsertRowid } = this.statements.insert.run(
      this.ownerSeq,
      opId,
      operationSha256,
      runId ?? null,
      actorId,
      startedAt,
      request,
    );
    return Number(lastInsertRowid);
  }

  /** @throws MexError `RECORD_FAILED` when the operation has a result already: somebody else ended it. */
  end(seq: number, opId: string, resultText: string): void {
    if (Number(this.statements.finish.run(seq, resultText).changes) === 1) return;
    throw new MexError({
      code: 'RECORD_FAILED',
      kind: 'internal',
      message: `Operation ${opId} was ended by another process.`,
      remedy: `Look at its events: mex log list --op ${opId}`,
    });
  }

  /** This process, or one that died and was cleaned up after, runs nothing any more. */
  leave(ownerSeq: number | undefined = this.ownerSeq): void {
    if (ownerSeq !== undefined) this.statements.leave.run(ownerSeq);
  }
}

/** A page of the ledger. */
export interface LedgerPage {
  readonly since: string;
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
}

type StatementName =
  | 'find'
  | 'findByPrefix'
  | 'list'
  | 'count'
  | 'last'
  | 'owners'
  | 'open'
  | 'insert'
  | 'finish'
  | 'announce'
  | 'leave';

function prepare(db: DatabaseSync): Record<StatementName, StatementSync> {
  return {
    find: db.prepare(`${FIND} WHERE o.op_id = ?`),
    findByPrefix: db.prepare('SELECT op_id FROM operations WHERE op_id >= ? AND op_id < ? LIMIT 2'),
    list: db.prepare(
      'SELECT seq, op_id FROM operations WHERE seq > ? AND seq <= ? AND started_at >= ? ORDER BY seq LIMIT ?',
    ),
    count: db.prepare('SELECT count(*) AS count FROM operations WHERE seq <= ? AND started_at >= ?'),
    last: db.prepare('SELECT max(seq) AS last FROM operations'),
    owners: db.prepare('SELECT owner_seq, owner, started_at FROM operation_owners'),
    open: db.prepare(
      `${FIND} WHERE o.owner_seq = ?1 AND d.result IS NULL
        AND o.seq >= (SELECT first_seq FROM operation_owners WHERE owner_seq = ?1)`,
    ),
    insert: db.prepare(
      `INSERT INTO operations (owner_seq, op_id, operation_sha256, run_id, actor_id, started_at, request)
        VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    finish: db.prepare('INSERT OR IGNORE INTO operation_results VALUES (?, ?)'),
    announce: db.prepare(
      'INSERT INTO operation_owners (owner, first_seq, started_at) SELECT ?, coalesce(max(seq), 0), ? FROM operations',
    ),
    leave: db.prepare('DELETE FROM operation_owners WHERE owner_seq = ?'),
  };
}

function readRow(row: Record<string, unknown>): LedgerRow {
  const { result } = row;
  return {
    seq: Number(row['seq']),
    opId: String(row['op_id']),
    operationSha256: String(row['operation_sha256']),
    actorId: String(row['actor_id']),
    startedAt: String(row['started_at']),
    request: String(row['request']),
    ended: typeof result === 'string' ? readResult(result) : undefined,
  };
}

function readResult(text: string): LedgerResult {
  return { result: CHECKERS.engineResult.parse(parseStrictJson(text), 'A recorded result'), sha256: sha256Hex(text) };
}
