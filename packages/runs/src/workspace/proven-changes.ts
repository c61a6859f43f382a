import { ChangeRefusal } from '../errors.ts';
import type { ChangePowers } from './change-powers.ts';
import { ChangeJournal, type ChangeRow } from './journal.ts';

/** Changes of one run that are looked at; one with more is refused rather than put back in part. */
const MAX_CHANGES = 10_000;

/**
 * The changes of a run that are to be put back, in the order in which they were made. A row only says where to look: one
 * that was taken away, or turned, would leave a change in the workspace that nobody is told of.
 * @throws MexError `CHANGE_SNAPSHOT_TAMPERED`
 */
export function provenChanges({ recorder }: Pick<ChangePowers, 'recorder'>, runId: string): ChangeRow[] {
  const rows = appliedRows(new ChangeJournal(recorder), runId);
  const proven = appliedByLog(recorder, runId);
  const stray = rows.find(({ changeId }) => !proven.delete(changeId))?.changeId ?? [...proven][0];
  if (stray === undefined) return rows;
  throw new ChangeRefusal(
    'CHANGE_SNAPSHOT_TAMPERED',
    `Change ${stray} of run ${runId} does not stand in the database as it stands in the log.`,
  );
}

/** As the database has them. */
export function appliedRows(journal: ChangeJournal, runId: string): ChangeRow[] {
  return journal.ofRun(runId).filter(({ state }) => state === 'applied');
}

/** A rollback takes everything back that was applied before it. */
function appliedByLog(recorder: ChangePowers['recorder'], runId: string): Set<string> {
  const query = { run: runId, type: 'system', subject: 'change_set.ended', limit: MAX_CHANGES + 1 } as const;
  const events = recorder.list(query);
  if (events.length > MAX_CHANGES) {
    throw new ChangeRefusal('CHANGE_SET_TOO_LARGE', `Run ${runId} has more than ${MAX_CHANGES} changes.`);
  }
  const applied = new Set<string>();
  for (const { event } of events) {
    if (event.type !== 'system' || event.subject !== 'change_set.ended' || event.body.outcome !== 'done') continue;
    if (event.body.direction === 'apply') applied.add(event.body.change_id);
    else applied.clear();
  }
  return applied;
}
