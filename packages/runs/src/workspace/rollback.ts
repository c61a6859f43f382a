import { randomUUID } from 'node:crypto';
import { MexError } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import { ChangeRefusal } from '../errors.ts';
import { type ChangeBody, writeChange } from './apply-change-set.ts';
import { type ChangeSubject, eventBase, type RunActor, refusedEvent } from './change-events.ts';
import { type ChangePowers, timeOf } from './change-powers.ts';
import { changeProblem } from './change-problems.ts';
import { ChangeJournal } from './journal.ts';
import { type Move, type PathState, sameState } from './path-state.ts';
import { compare, conflict } from './plan-moves.ts';
import { appliedRows, provenChanges } from './proven-changes.ts';
import { provenSnapshot } from './proven-snapshot.ts';
import { keepContents, type Snapshot } from './snapshot.ts';
import { surveyMoves } from './survey.ts';
import { Tree } from './tree.ts';

export interface RollbackRequest {
  readonly runId: string;
  readonly actor: RunActor;
  /** Only a person: what others changed since is overwritten, after it was kept in the store. */
  readonly force?: boolean;
}

/** What was put back. */
export interface RolledBack {
  /** Absent when the run had changed nothing that was left to put back. */
  readonly changeId?: string;
  readonly files: number;
  /** Paths that somebody had changed since and that were overwritten. */
  readonly overwritten: readonly string[];
}

/**
 * Puts a workspace back as it was before the first change of a run (CONTRACT §14 L), byte for byte, modes included. All
 * or nothing, as a change set; a process that dies half way is followed by one that finishes it.
 * @throws MexError `CHANGE_CONFLICT` naming what was changed since, `CHANGE_SNAPSHOT_TAMPERED`, `POLICY_PATH_ESCAPE`,
 * `WORKSPACE_BUSY`, `CHANGE_FAILED`
 */
export async function rollbackRun(powers: ChangePowers, request: RollbackRequest): Promise<RolledBack> {
  const subject: ChangeSubject = {
    changeId: randomUUID(),
    runId: request.runId,
    direction: 'rollback',
    actor: request.actor,
  };
  const body = await refuseAloud(powers, subject, () => planRollback(powers, request));
  if (body === undefined) return { files: 0, overwritten: [] };
  await writeChange(powers, subject, body, { events: [], companion: () => verifySame(powers, request.runId, body) });
  return { changeId: subject.changeId, files: body.files, overwritten: body.overwritten };
}

/** What was applied since it was planned would stay, although the run counts as rolled back. */
function verifySame({ recorder }: ChangePowers, runId: string, { rollsBack = [] }: RollbackBody): void {
  const now = appliedRows(new ChangeJournal(recorder), runId).map(({ changeId }) => changeId);
  if (now.join() === rollsBack.join()) return;
  throw new ChangeRefusal('WORKSPACE_BUSY', `A change set of run ${runId} was applied or taken back in this moment.`);
}

interface RollbackBody extends ChangeBody {
  readonly overwritten: readonly string[];
}

/** @returns nothing when there is nothing to put back */
async function planRollback(
  powers: ChangePowers,
  { runId, force = false }: RollbackRequest,
): Promise<RollbackBody | undefined> {
  const rows = provenChanges(powers, runId);
  if (rows.length === 0) return undefined;
  const snapshots: Snapshot[] = [];
  for (const row of rows) snapshots.push(await provenSnapshot(powers, row));
  const workspace = snapshots[0]?.workspace ?? '';
  // Half changed, everything would look like somebody else's doing.
  new ChangeJournal(powers.recorder).verifyFree(workspace);
  if (snapshots.some((one) => one.workspace !== workspace)) {
    throw new ChangeRefusal('WORKSPACE_INVALID', 'The changes of this run are not all of one workspace.');
  }
  const tree = Tree.openReal(workspace);
  try {
    const wanted = composeBack(snapshots);
    const { conflicts } = await surveyMoves(tree, wanted, false);
    if (conflicts.length > 0 && !force) throw conflict(conflicts);
    const changed = new Set(conflicts);
    const contents = new Map<string, Uint8Array>();
    const moves = wanted.flatMap((move) => (changed.has(move.path) ? overwrite(tree, move, contents) : [move]));
    return {
      workspace,
      changeSetSha256: digestJson(rows.map(({ changeSetSha256 }) => changeSetSha256)),
      moves,
      contents: await keepContents(powers.store, contents),
      files: moves.filter(({ from, to }) => from?.kind === 'file' || to?.kind === 'file').length,
      changedLines: 0,
      lines: new Map(),
      rollsBack: rows.map(({ changeId }) => changeId),
      overwritten: conflicts,
    };
  } finally {
    tree.close();
  }
}

/** From what the last change left to what the first one found, path by path. */
function composeBack(snapshots: readonly Snapshot[]): Move[] {
  const states = new Map<string, { found: PathState; left: PathState }>();
  for (const { moves } of snapshots) {
    for (const { path, from, to } of moves) {
      const known = states.get(path);
      states.set(path, { found: known === undefined ? from : known.found, left: to });
    }
  }
  return [...states]
    .filter(([, { found, left }]) => !sameState(found, left) || found?.mode !== left?.mode)
    .map(([path, { found, left }]) => ({ path, from: left, to: found }))
    .toSorted((a, b) => compare(a.path, b.path));
}

/** What somebody else made of a path goes, but is kept. @throws MexError `POLICY_PATH_ESCAPE` for a link */
function overwrite(tree: Tree, { path, to }: Move, contents: Map<string, Uint8Array>): Move[] {
  const observed = tree.observe(path);
  if (sameState(observed.state, to)) return [];
  if ('bytes' in observed) contents.set(observed.state.sha256, observed.bytes);
  return [{ path, from: observed.state, to }];
}

async function refuseAloud<T>(powers: ChangePowers, subject: ChangeSubject, plan: () => Promise<T>): Promise<T> {
  try {
    return await plan();
  } catch (error) {
    if (!(error instanceof MexError)) throw error;
    const now = timeOf(powers);
    const paths = error instanceof ChangeRefusal ? error.paths : [];
    const report = changeProblem('A run was not rolled back', error, paths);
    const problem = powers.recorder.problems.draft(report, eventBase(subject, now));
    const rows = appliedRows(new ChangeJournal(powers.recorder), subject.runId);
    const digest = digestJson(rows.map(({ changeSetSha256 }) => changeSetSha256));
    const event = refusedEvent(subject, digest, { code: error.code, paths }, now);
    await powers.recorder.append([event, problem.event], (db) => void problem.write(db));
    throw error;
  }
}
