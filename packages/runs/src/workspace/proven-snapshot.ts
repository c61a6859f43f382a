import { ChangeRefusal } from '../errors.ts';
import type { ChangePowers } from './change-powers.ts';
import type { ChangeRow } from './journal.ts';
import { readSnapshot, type Snapshot } from './snapshot.ts';

/**
 * The snapshot of a change, as the log names it: a row only says where to look, and what is written into a workspace
 * is never taken from a row.
 * @throws MexError `CHANGE_SNAPSHOT_TAMPERED`
 */
export async function provenSnapshot({ recorder, store }: ChangePowers, row: ChangeRow): Promise<Snapshot> {
  const found = recorder.list({ op: row.changeId, type: 'system', subject: 'change_set.started', limit: 1 })[0]?.event;
  const isStarted = found?.type === 'system' && found.subject === 'change_set.started';
  if (isStarted && found.body.snapshot_sha256 === row.snapshotSha256 && found.body.run_id === row.runId) {
    const snapshot = await readSnapshot(store, row.snapshotSha256);
    if (snapshot.change_id === row.changeId && snapshot.workspace === row.workspace) return snapshot;
  }
  throw new ChangeRefusal('CHANGE_SNAPSHOT_TAMPERED', `Change ${row.changeId} is not the one that the log names.`);
}
