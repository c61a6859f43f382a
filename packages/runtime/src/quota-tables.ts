import { randomUUID } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isLeftover, ownOwnerToken } from '@mex/artifacts';
import { type AccountUse, type Circuit, isWithin, QUOTA_WINDOW_MS, type QuotaStore, type SharedUse } from './quota.ts';

/*
 * Quotas and circuits in the recorder's database: all processes of a home count together, and a start forgives nothing.
 * Written in the transactions of grants and ends. An account is written whole, as its process has it in memory, so that a
 * write that was lost is made good by the next one. A circuit has a row only while its engine is in trouble.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS engine_circuits (
  engine_id TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  failed_at INTEGER NOT NULL,
  opened_at INTEGER,
  probe_owner TEXT,
  probe_instance TEXT,
  probe_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quota_accounts (
  account TEXT NOT NULL,
  instance TEXT NOT NULL,
  owner TEXT NOT NULL,
  running INTEGER NOT NULL,
  window_start INTEGER NOT NULL,
  started INTEGER NOT NULL,
  PRIMARY KEY (account, instance)
) STRICT, WITHOUT ROWID;
`;
const LAST_PART = 'quota_accounts';
/** Accounts of which it is remembered what others use. */
const MAX_REMEMBERED = 10_000;

/** Quota and circuits of a home. Over a recorder that was opened for reading it answers, and writes nothing. */
export class QuotaTables implements QuotaStore {
  readonly #db: DatabaseSync;
  readonly #owner = ownOwnerToken();
  /** One process may have a home open several times. */
  readonly #instance = randomUUID();
  #known: Statements | undefined;
  #prunedAt = 0;
  /** What other connections have written changes only when SQLite says so; asking that costs less than looking. */
  #others: { readonly version: unknown; readonly rows: Map<string, Record<string, unknown>[]> } | undefined;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Makes the tables, and takes away what dead processes left running. In a transaction, before any operation. */
  announce(now: number): void {
    this.#db.exec(SCHEMA);
    for (const { owner, window_start } of this.#db.prepare('SELECT owner, window_start FROM quota_accounts').all()) {
      if (isLeftover(String(owner), Number(window_start), now)) this.#statements()?.bury.run(String(owner));
    }
    this.#prune(now);
  }

  /** In a transaction: this process runs nothing any more. What it started counts until its minute is over. */
  leave(): void {
    this.#statements()?.leave.run(this.#instance);
    this.#statements()?.leaveProbes.run(this.#instance);
  }

  readCircuit(engineId: string): Circuit | undefined {
    const row = this.#statements()?.circuit.get(engineId);
    return row === undefined ? undefined : readCircuit(row);
  }

  writeCircuit(engineId: string, circuit: Circuit | undefined): void {
    const statements = this.#statements();
    if (circuit === undefined) statements?.closeCircuit.run(engineId);
    else {
      const { failures, failedAt, openedAt, probe } = circuit;
      const claim = probe === undefined ? [null, null, null] : [probe.owner, probe.instance, probe.at];
      statements?.writeCircuit.run(engineId, failures, failedAt, openedAt ?? null, ...claim);
    }
  }

  claim(now: number): NonNullable<Circuit['probe']> {
    return { owner: this.#owner, instance: this.#instance, at: now };
  }

  isClaimedElsewhere({ owner, instance, at }: NonNullable<Circuit['probe']>, now: number): boolean {
    return instance !== this.#instance && !isLeftover(owner, at, now);
  }

  othersOf(account: string, now: number): SharedUse {
    let shared: SharedUse = { running: 0, started: 0 };
    for (const row of this.#rowsOfOthers(account)) {
      const { running, started, window_start } = row;
      shared = addUse(shared, String(row['owner']), Number(running), Number(started), Number(window_start), now);
    }
    return shared;
  }

  writeAccounts(accounts: readonly AccountUse[], now: number): void {
    const [one, two] = accounts.map(({ account, running, windowStart, started }) => [
      account,
      this.#instance,
      this.#owner,
      running,
      windowStart,
      started,
    ]);
    if (one !== undefined && two !== undefined) this.#statements()?.writePair.run(...one, ...two);
    else if (one !== undefined) this.#statements()?.writeAccount.run(...one);
    if (now - this.#prunedAt >= QUOTA_WINDOW_MS) this.#prune(now);
  }

  /** Every account that is in use now, by its name. */
  accounts(now: number): Map<string, SharedUse> {
    const all = new Map<string, SharedUse>();
    for (const row of this.#statements()?.all.all() ?? []) {
      const { account, running, started, window_start } = row;
      const name = String(account);
      const before = all.get(name) ?? { running: 0, started: 0 };
      all.set(name, addUse(before, String(row['owner']), Number(running), Number(started), Number(window_start), now));
    }
    return all;
  }

  #rowsOfOthers(account: string): readonly Record<string, unknown>[] {
    const statements = this.#statements();
    if (statements === undefined) return [];
    const version = statements.version.get()?.['data_version'];
    const known = this.#others;
    const { rows } =
      known !== undefined && known.version === version ? known : { rows: new Map<string, Record<string, unknown>[]>() };
    if (known?.rows !== rows) this.#others = { version, rows };
    let found = rows.get(account);
    if (found === undefined) {
      if (rows.size >= MAX_REMEMBERED) rows.clear();
      found = statements.others.all(account, this.#instance);
      rows.set(account, found);
    }
    return found;
  }

  #prune(now: number): void {
    this.#prunedAt = now;
    this.#statements()?.prune.run(now - QUOTA_WINDOW_MS, now + QUOTA_WINDOW_MS);
  }

  /** Over tables that may not be there yet. */
  #statements(): Statements | undefined {
    if (this.#known !== undefined) return this.#known;
    if (this.#db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(LAST_PART) === undefined) return undefined;
    this.#known = prepare(this.#db);
    return this.#known;
  }
}

/** What is running in a process that is gone runs nowhere; what it started was started. */
function addUse(
  { running, started }: SharedUse,
  owner: string,
  more: number,
  begun: number,
  windowStart: number,
  now: number,
): SharedUse {
  return {
    running: running + (more > 0 && !isLeftover(owner, windowStart, now) ? more : 0),
    started: started + (isWithin(windowStart, QUOTA_WINDOW_MS, now) ? begun : 0),
  };
}

function readCircuit(row: Record<string, unknown>): Circuit {
  const { opened_at, probe_owner: owner, probe_instance: instance, probe_at } = row;
  const isProbed = typeof owner === 'string' && typeof instance === 'string';
  const probe = isProbed ? { owner, instance, at: Number(probe_at) } : undefined;
  return {
    failures: Number(row['failures']),
    failedAt: Number(row['failed_at']),
    openedAt: opened_at === null ? undefined : Number(opened_at),
    probe,
  };
}

type StatementName =
  | 'circuit'
  | 'writeCircuit'
  | 'closeCircuit'
  | 'others'
  | 'all'
  | 'writeAccount'
  | 'writePair'
  | 'version'
  | 'bury'
  | 'leave'
  | 'leaveProbes'
  | 'prune';
type Statements = Record<StatementName, StatementSync>;

function prepare(db: DatabaseSync): Statements {
  return {
    circuit: db.prepare('SELECT * FROM engine_circuits WHERE engine_id = ?'),
    writeCircuit: db.prepare('INSERT OR REPLACE INTO engine_circuits VALUES (?, ?, ?, ?, ?, ?, ?)'),
    closeCircuit: db.prepare('DELETE FROM engine_circuits WHERE engine_id = ?'),
    others: db.prepare(
      'SELECT owner, running, window_start, started FROM quota_accounts WHERE account = ? AND instance <> ?',
    ),
    all: db.prepare('SELECT account, owner, running, window_start, started FROM quota_accounts'),
    writeAccount: db.prepare('INSERT OR REPLACE INTO quota_accounts VALUES (?, ?, ?, ?, ?, ?)'),
    writePair: db.prepare('INSERT OR REPLACE INTO quota_accounts VALUES (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?)'),
    version: db.prepare('PRAGMA data_version'),
    bury: db.prepare('UPDATE quota_accounts SET running = 0 WHERE owner = ?'),
    leave: db.prepare('UPDATE quota_accounts SET running = 0 WHERE instance = ?'),
    leaveProbes: db.prepare(
      'UPDATE engine_circuits SET probe_owner = NULL, probe_instance = NULL, probe_at = NULL WHERE probe_instance = ?',
    ),
    prune: db.prepare('DELETE FROM quota_accounts WHERE running = 0 AND (window_start <= ? OR window_start >= ?)'),
  };
}
