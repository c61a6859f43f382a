import type { DatabaseSync, StatementSync } from 'node:sqlite';

/*
 * Which recorded result may answer an operation again. A row is a lookup and proves nothing: the log names its key and the
 * digest of what it holds, and every hit is held against that. The table lives in the recorder's database and is written
 * inside the recorder's transactions, together with the result it points to.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS cached_results (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  op_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  problems TEXT NOT NULL
) STRICT;
`;

const DAY_MS = 86_400_000;

/** How long and how many results may be served again. */
export interface ResultCacheOptions {
  /** Days after which a result is made anew; default 7 (CONTRACT §5, retention of the cache). */
  readonly maxAgeDays?: number;
  /** Results kept; the oldest go first. Default 10,000. */
  readonly maxEntries?: number;
}

/** A result that may be served again. */
export interface CacheEntry {
  /** The operation that made it. */
  readonly opId: string;
  /** Ms since 1970. */
  readonly createdAt: number;
  /** What the engine reported besides, as canonical JSON: operators see it again with every hit. */
  readonly problems: string;
}

/** Between two sweeps so many results may be added by one process. */
const SWEEP_EVERY = 64;

/** The table of results. Everything but `find` is for companions of the recorder's transactions. */
export class ResultCache {
  readonly #statements: Record<'find' | 'put' | 'remove' | 'removeOld' | 'removeMost', StatementSync>;
  readonly #maxAgeMs: number;
  readonly #maxEntries: number;
  #added = 0;

  constructor(db: DatabaseSync, { maxAgeDays = 7, maxEntries = 10_000 }: ResultCacheOptions = {}) {
    const { found } =
      db.prepare("SELECT count(*) AS found FROM sqlite_schema WHERE name = 'cached_results'").get() ?? {};
    if (found !== 1) db.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
    this.#maxAgeMs = maxAgeDays * DAY_MS;
    this.#maxEntries = maxEntries;
    this.#statements = {
      find: db.prepare(
        'SELECT op_id, created_at, problems FROM cached_results WHERE key = ? AND created_at BETWEEN ? AND ?',
      ),
      put: db.prepare('INSERT OR REPLACE INTO cached_results (key, op_id, created_at, problems) VALUES (?, ?, ?, ?)'),
      remove: db.prepare('DELETE FROM cached_results WHERE key = ? AND op_id = ?'),
      removeOld: db.prepare('DELETE FROM cached_results WHERE created_at < ?'),
      removeMost: db.prepare(
        'DELETE FROM cached_results WHERE seq <= (SELECT seq FROM cached_results ORDER BY seq DESC LIMIT 1 OFFSET ?)',
      ),
    };
  }

  /** The result for a key, unless it is too old. */
  find(key: string, now: number): CacheEntry | undefined {
    // A clock that was put back must not make a result live longer.
    const row = this.#statements.find.get(key, now - this.#maxAgeMs, now);
    if (row === undefined) return undefined;
    const { op_id, created_at, problems } = row;
    return { opId: String(op_id), createdAt: Number(created_at), problems: String(problems) };
  }

  /** Takes the place of an older result under the same key. */
  put(key: string, { opId, createdAt, problems }: CacheEntry): void {
    this.#statements.put.run(key, opId, createdAt, problems);
    if (this.#added % SWEEP_EVERY === 0) this.#sweep(createdAt);
    this.#added += 1;
  }

  /** Only while it still points to this operation: somebody may have put a better one in its place. */
  remove(key: string, opId: string): void {
    this.#statements.remove.run(key, opId);
  }

  /** @returns how many were older than `before`, in ms since 1970 */
  prune(before: number): number {
    return Number(this.#statements.removeOld.run(before).changes);
  }

  #sweep(now: number): void {
    this.prune(now - this.#maxAgeMs);
    this.#statements.removeMost.run(this.#maxEntries);
  }
}
