import { isLeftover } from '@mex/artifacts';
import { MexError } from '@mex/envelope';
import { noStep, reverse } from './apply-change-set.ts';
import { type ChangeSubject, editEvents, endedEvent, eventBase, recoveryEvent } from './change-events.ts';
import { type ChangePowers, timeOf } from './change-powers.ts';
import { changeProblem } from './change-problems.ts';
import { ChangeJournal, type ChangeRow } from './journal.ts';
import { provenSnapshot } from './proven-snapshot.ts';
import { runMoves } from './transition.ts';
import { Tree } from './tree.ts';

const RECOVERER = { id: 'mex', kind: 'system' } as const;

/** What became of changes whose processes died. */
export interface RecoveredChanges {
  readonly undone: number;
  readonly finished: number;
  /** Changes that could not be cleaned up after; the next start tries again. */
  readonly failed: readonly string[];
}

/**
 * Ends what dead processes left half done (CONTRACT §9 crash safety): a change set is undone, because nobody was told
 * that it was applied; a rollback is finished. Files that somebody else changed meanwhile are left and named. Changes of
 * processes that still run are left alone.
 */
export async function recoverChanges(powers: ChangePowers): Promise<RecoveredChanges> {
  const journal = new ChangeJournal(powers.recorder);
  const failed: string[] = [];
  const ended = { undone: 0, finished: 0 };
  for (const row of journal.active()) {
    if (!isLeftover(row.owner, row.startedAt, timeOf(powers)) || !(await journal.claim(row))) continue;
    try {
      await recoverChange(powers, journal, row);
      ended[row.direction === 'apply' ? 'undone' : 'finished'] += 1;
    } catch (error) {
      failed.push(row.changeId);
      await reportFailure(powers, row, error);
    }
  }
  return { ...ended, failed };
}

function subjectOf({ changeId, runId, direction }: ChangeRow): ChangeSubject {
  return { changeId, runId, direction, actor: RECOVERER };
}

async function recoverChange(powers: ChangePowers, journal: ChangeJournal, row: ChangeRow): Promise<void> {
  const { workspace, moves } = await provenSnapshot(powers, row);
  const isApply = row.direction === 'apply';
  const way = isApply ? moves.map(reverse) : moves;
  const tree = Tree.openReal(workspace);
  let left: string[];
  try {
    const read = (sha256: string): Promise<Uint8Array> => powers.store.get(sha256);
    const options = { changeId: row.changeId, read, resumed: true, onStep: powers.onStep ?? noStep };
    left = await runMoves(tree, way, options);
  } finally {
    tree.close();
  }
  const subject = subjectOf(row);
  const now = timeOf(powers);
  const outcome = isApply ? 'undone' : 'done';
  const events = [
    recoveryEvent(subject, outcome, row.startedAt, now),
    ...(isApply ? [] : editEvents(subject, moves, new Map(), now)),
    endedEvent(subject, { outcome, recovered: true, conflicts: left }, now),
  ];
  const failure = {
    code: left.length > 0 ? 'CHANGE_CONFLICT' : 'CHANGE_FAILED',
    message: describe(isApply, left.length),
  };
  const title = isApply ? 'A change set was interrupted' : 'A rollback was interrupted';
  const problem = powers.recorder.problems.draft(changeProblem(title, failure, left), eventBase(subject, now));
  const rolledBack = isApply
    ? []
    : journal.ofRun(row.runId).flatMap(({ changeId, state }) => (state === 'applied' ? [changeId] : []));
  await journal.end(row.changeId, outcome, [...events, problem.event], rolledBack, (db) => void problem.write(db));
}

function describe(isApply: boolean, left: number): string {
  const what = isApply ? 'It was undone' : 'It was finished';
  const rest = left === 0 ? '.' : `, but for ${left} files that were changed meanwhile and left as they are.`;
  return `The process that changed the workspace ended before it was done. ${what}${rest}`;
}

async function reportFailure(powers: ChangePowers, row: ChangeRow, error: unknown): Promise<void> {
  const message = error instanceof Error ? error.message : 'unknown cause';
  const code = error instanceof MexError ? error.code : 'CHANGE_FAILED';
  const failure = { code, message: `Change ${row.changeId} could not be cleaned up after: ${message}` };
  const report = changeProblem('A workspace is half changed', failure, []);
  await powers.recorder.problems.report(report, eventBase(subjectOf(row), timeOf(powers)));
}
