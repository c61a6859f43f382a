import { sep } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { ownOwnerToken } from '@mex/artifacts';
import type { FlightEvent } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import { ChangeRefusal } from '../errors.ts';

/*
 * Which workspaces are being changed, and what was changed, in the recorder's database: a row and its event are on the
 * disk together. Rows find things; what counts is the log and the snapshot whose digest is in it.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS run_changes (
  seq INTEGER PRIMARY KEY,
  change_id TEXT NOT NULL UNIQUE,
  run_id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  direction TEXT NOT NULL,
  state TEXT NOT NULL,
  owner TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  change_set_sha256 TEXT NOT NULL,
  snapshot_sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS run_changes_by_run ON run_changes (run_id);
CREATE UNIQUE INDEX IF NOT EXISTS run_changes_active ON run_changes (workspace) WHERE state = 'active';
`;

/** `active`: under way, or its process died. `applied`: can be rolled back. The others are history. */
export type ChangeState = 'active' | 'applied' | 'rolled_back' | 'undone' | 'done';

export interface ChangeRow {
  readonly changeId: string;
  readonly runId: string;
  readonly workspace: string;
  readonly direction: 'apply' | 'rollback';
  readonly state: ChangeState;
  readonly owner: string;
  /** Ms since 1970. */
  readonly startedAt: number;
  readonly changeSetSha256: string;
  readonly snapshotSha256: string;
}

/** What is recorded in the same transaction as the beginning of a change, e.g. the use of an approval. */
export interface Alongside {
  readonly events: readonly FlightEvent[];
  readonly companion: (db: DatabaseSync) => void;
}

export class ChangeJournal {
  readonly #recorder: FlightRecorder;

  constructor(recorder: FlightRecorder) {
    this.#recorder = recorder;
  }

  /** Nothing is written to a workspace before this is on the disk. @throws MexError `WORKSPACE_BUSY` */
  async begin(
    row: Omit<ChangeRow, 'owner' | 'state'>,
    event: FlightEvent,
    alongside: Alongside | undefined,
  ): Promise<void> {
    await this.#recorder.append([...(alongside?.events ?? []), event], (db) => {
      alongside?.companion(db);
      db.exec(SCHEMA);
      this.verifyFree(row.workspace);
      db.prepare(
        `INSERT INTO run_changes (change_id, run_id, workspace, direction, state, owner, started_at, change_set_sha256,
          snapshot_sha256) VALUES (?, ?, ?, ?, 'active', ?, ?, ?, ?)`,
      ).run(
        row.changeId,
        row.runId,
        row.workspace,
        row.direction,
        ownOwnerToken(),
        row.startedAt,
        row.changeSetSha256,
        row.snapshotSha256,
      );
    });
  }

  /**
   * Also inside a transaction of the recorder.
   * @param workspace real path
   * @throws MexError `WORKSPACE_BUSY` when it, a part of it, or what it is a part of is being changed
   */
  verifyFree(workspace: string): void {
    const other = this.active().find((row) => overlaps(row.workspace, workspace));
    if (other === undefined) return;
    const since = new Date(other.startedAt).toISOString();
    throw new ChangeRefusal(
      'WORKSPACE_BUSY',
      `${workspace} is being changed by another operation or process: change ${other.changeId}, since ${since}.`,
    );
  }

  /** @param rolledBack changes that are undone by this one */
  async end(
    changeId: string,
    state: ChangeState,
    events: readonly FlightEvent[],
    rolledBack: readonly string[] = [],
    write: (db: DatabaseSync) => void = () => undefined,
  ): Promise<void> {
    await this.#recorder.append(events, (db) => {
      const update = db.prepare('UPDATE run_changes SET state = ? WHERE change_id = ? AND state = ?');
      if (Number(update.run(state, changeId, 'active').changes) !== 1) {
        throw new ChangeRefusal('CHANGE_FAILED', `Change ${changeId} was ended by another process.`);
      }
      for (const id of rolledBack) update.run('rolled_back', id, 'applied');
      write(db);
    });
  }

  /** Takes over a change whose process died. `false`: somebody else was faster. */
  async claim(row: ChangeRow): Promise<boolean> {
    let claimed = false;
    await this.#recorder.append([], (db) => {
      const { changes } = db
        .prepare("UPDATE run_changes SET owner = ? WHERE change_id = ? AND owner = ? AND state = 'active'")
        .run(ownOwnerToken(), row.changeId, row.owner);
      claimed = Number(changes) === 1;
    });
    return claimed;
  }

  /** In the order in which they began. */
  ofRun(runId: string): ChangeRow[] {
    return this.#select('WHERE run_id = ? ORDER BY seq', runId);
  }

  active(): ChangeRow[] {
    return this.#select("WHERE state = 'active' ORDER BY seq");
  }

  #select(where: string, ...values: string[]): ChangeRow[] {
    const { database } = this.#recorder;
    const found = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'run_changes_active'").get();
    if (found === undefined) return [];
    return database
      .prepare(`SELECT * FROM run_changes ${where}`)
      .all(...values)
      .map(readRow);
  }
}

/** Two changes of one tree at once would see each other half done, also where one has only a part of it. */
function overlaps(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return long === short || long.startsWith(short.endsWith(sep) ? short : `${short}${sep}`);
}

const STATES: readonly ChangeState[] = ['active', 'applied', 'rolled_back', 'undone', 'done'];

function readRow(row: Record<string, unknown>): ChangeRow {
  return {
    changeId: String(row['change_id']),
    runId: String(row['run_id']),
    workspace: String(row['workspace']),
    direction: row['direction'] === 'rollback' ? 'rollback' : 'apply',
    state: STATES.find((state) => state === row['state']) ?? 'undone',
    owner: String(row['owner']),
    startedAt: Number(row['started_at']),
    changeSetSha256: String(row['change_set_sha256']),
    snapshotSha256: String(row['snapshot_sha256']),
  };
}
