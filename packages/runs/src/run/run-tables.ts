import type { DatabaseSync } from 'node:sqlite';
import { canonicalJson, type FlightEvent } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import type { RunDefinition } from './run-definition.ts';

/*
 * Runs in the recorder's database: a run and its event are on the disk together, and so is what an operation spends
 * with the grant it spends it on. The definition counts only as the log has its digest, the state only as the log has it.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS runs (
  seq INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE,
  actor_id TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  definition TEXT NOT NULL,
  operations INTEGER NOT NULL DEFAULT 0,
  llm_calls INTEGER NOT NULL DEFAULT 0,
  llm_tokens INTEGER NOT NULL DEFAULT 0,
  file_writes INTEGER NOT NULL DEFAULT 0,
  patch_attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
`;

/** What a run has spent. */
export interface RunUsage {
  readonly operations: number;
  readonly llm_calls: number;
  readonly llm_tokens: number;
  readonly file_writes: number;
  readonly patch_attempts: number;
}

export const NOTHING_SPENT: RunUsage = {
  operations: 0,
  llm_calls: 0,
  llm_tokens: 0,
  file_writes: 0,
  patch_attempts: 0,
};

export interface RunRow {
  readonly runId: string;
  readonly definition: string;
  readonly usage: RunUsage;
}

export class RunTables {
  readonly #recorder: FlightRecorder;

  constructor(recorder: FlightRecorder) {
    this.#recorder = recorder;
  }

  async insert(definition: RunDefinition, events: readonly FlightEvent[]): Promise<void> {
    await this.#recorder.append(events, (db) => {
      db.exec(SCHEMA);
      db.prepare('INSERT INTO runs (run_id, actor_id, opened_at, definition) VALUES (?, ?, ?, ?)').run(
        definition.run_id,
        definition.actor.id,
        Date.parse(definition.opened_at),
        canonicalJson(definition),
      );
    });
  }

  get(runId: string): RunRow | undefined {
    return this.#select('WHERE run_id = ?', runId)[0];
  }

  /** The newest first. */
  list(limit: number): RunRow[] {
    return this.#select('ORDER BY seq DESC LIMIT ?', limit);
  }

  /** Whole ids that begin so, at most two. */
  complete(prefix: string): string[] {
    return this.#select('WHERE run_id >= ? AND run_id < ? ORDER BY run_id LIMIT 2', prefix, `${prefix}~`).map(
      ({ runId }) => runId,
    );
  }

  #select(where: string, ...values: (string | number)[]): RunRow[] {
    const { database } = this.#recorder;
    if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'runs'").get() === undefined) return [];
    return database
      .prepare(`SELECT * FROM runs ${where}`)
      .all(...values)
      .map(readRow);
  }
}

/** Inside a recorder's transaction. */
export function readUsage(db: DatabaseSync, runId: string): RunUsage | undefined {
  const row = db.prepare('SELECT * FROM runs WHERE run_id = ?').get(runId);
  return row === undefined ? undefined : readRow(row).usage;
}

/** Inside a recorder's transaction. */
export function addUsage(db: DatabaseSync, runId: string, spent: Partial<RunUsage>): void {
  const known = readUsage(db, runId) ?? NOTHING_SPENT;
  const sum = (field: keyof RunUsage): number =>
    // More than this no budget allows, and no number says exactly.
    Math.min(known[field] + (spent[field] ?? 0), Number.MAX_SAFE_INTEGER);
  db.prepare(
    'UPDATE runs SET operations = ?, llm_calls = ?, llm_tokens = ?, file_writes = ?, patch_attempts = ? WHERE run_id = ?',
  ).run(sum('operations'), sum('llm_calls'), sum('llm_tokens'), sum('file_writes'), sum('patch_attempts'), runId);
}

function readRow(row: Record<string, unknown>): RunRow {
  return {
    runId: String(row['run_id']),
    definition: String(row['definition']),
    usage: {
      operations: Number(row['operations']),
      llm_calls: Number(row['llm_calls']),
      llm_tokens: Number(row['llm_tokens']),
      file_writes: Number(row['file_writes']),
      patch_attempts: Number(row['patch_attempts']),
    },
  };
}
