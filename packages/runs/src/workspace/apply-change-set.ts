import { randomUUID } from 'node:crypto';
import { MexError } from '@mex/envelope';
import type { ChangeSet } from '../change-set/change-set.ts';
import { changeSetDigest } from '../change-set/change-set.ts';
import { ChangeRefusal } from '../errors.ts';
import {
  type ChangeSubject,
  editEvents,
  endedEvent,
  eventBase,
  type RunActor,
  refusedEvent,
  startedEvent,
} from './change-events.ts';
import { type ChangePowers, timeOf } from './change-powers.ts';
import { changeProblem } from './change-problems.ts';
import { type Alongside, ChangeJournal } from './journal.ts';
import type { Move } from './path-state.ts';
import { type ChangeLimits, type PreparedChange, prepareChange } from './prepare-change.ts';
import { keepContents, keepSnapshot, type Snapshot } from './snapshot.ts';
import { runMoves, type TransitionOptions } from './transition.ts';
import { Tree } from './tree.ts';

/** One change set for one run. */
export interface ApplyRequest extends ChangeLimits {
  readonly set: ChangeSet;
  readonly runId: string;
  readonly actor: RunActor;
  /**
   * Asked when all checks have passed and nothing is written: whoever may refuse does so by throwing. What it answers
   * is recorded in the same transaction as the beginning of the change.
   */
  readonly authorize?: (prepared: PreparedChange, changeId: string) => Promise<Alongside | undefined>;
}

/** What was changed. */
export interface AppliedChange {
  readonly changeId: string;
  readonly changeSetSha256: string;
  readonly snapshotSha256: string;
  readonly files: number;
  readonly changedLines: number;
  readonly warnings: readonly ('POLICY_FORMATTING_ONLY_DIFF' | 'POLICY_CHANGE_BUDGET_EXCEEDED')[];
}

/**
 * Applies a change set: whole, or not at all. A snapshot of what it replaces is in the store, and its digest in the
 * log, before the first write; a process that dies half way is cleaned up after by `recoverChanges`.
 * @throws MexError the codes of `prepareChange`, `WORKSPACE_BUSY`, `CHANGE_FAILED`, and what `authorize` throws. The
 * workspace is then as it was, unless the message says otherwise.
 */
export async function applyChangeSet(powers: ChangePowers, request: ApplyRequest): Promise<AppliedChange> {
  const subject: ChangeSubject = {
    changeId: randomUUID(),
    runId: request.runId,
    direction: 'apply',
    actor: request.actor,
  };
  const { prepared, alongside } = await decide(powers, request, subject);
  const contents = await keepContents(powers.store, prepared.contents);
  const lines = new Map(prepared.files.map((file) => [file.path, file.lines.changed]));
  const snapshotSha256 = await writeChange(
    powers,
    subject,
    {
      workspace: prepared.workspace,
      changeSetSha256: prepared.changeSetSha256,
      moves: prepared.moves,
      contents,
      files: prepared.files.length,
      changedLines: prepared.changedLines,
      lines,
      bytes: prepared.after,
    },
    alongside,
  );
  return {
    changeId: subject.changeId,
    changeSetSha256: prepared.changeSetSha256,
    snapshotSha256,
    files: prepared.files.length,
    changedLines: prepared.changedLines,
    warnings: [
      ...(prepared.formattingOnly ? (['POLICY_FORMATTING_ONLY_DIFF'] as const) : []),
      ...(prepared.overBudget === undefined ? [] : (['POLICY_CHANGE_BUDGET_EXCEEDED'] as const)),
    ],
  };
}

/** A refusal is an event and a Problem (CONTRACT §1). */
async function decide(
  powers: ChangePowers,
  request: ApplyRequest,
  subject: ChangeSubject,
): Promise<{ prepared: PreparedChange; alongside: Alongside | undefined }> {
  try {
    // Nobody to ask is nobody who allows it.
    const limits = request.authorize === undefined ? { ...request, overBudget: 'deny' as const } : request;
    const prepared = await prepareChange(powers.store, request.set, limits, (workspace) =>
      new ChangeJournal(powers.recorder).verifyFree(workspace),
    );
    if (prepared.formattingOnly) await warnOfFormatting(powers, subject);
    const alongside = await request.authorize?.(prepared, subject.changeId);
    return { prepared, alongside };
  } catch (error) {
    if (error instanceof MexError) await recordRefusal(powers, subject, changeSetDigest(request.set), error);
    throw error;
  }
}

async function recordRefusal(
  { recorder, ...powers }: ChangePowers,
  subject: ChangeSubject,
  changeSetSha256: string,
  error: MexError,
): Promise<void> {
  const now = timeOf({ recorder, ...powers });
  const paths = error instanceof ChangeRefusal ? error.paths : [];
  // One that waits for a person is no fault of anybody.
  const severity = error.code === 'APPROVAL_REQUIRED' ? 'info' : 'error';
  const report = changeProblem('A change set was refused', error, paths, severity);
  const problem = recorder.problems.draft(report, eventBase(subject, now));
  const event = refusedEvent(subject, changeSetSha256, { code: error.code, paths }, now);
  await recorder.append([event, problem.event], (db) => void problem.write(db));
}

async function warnOfFormatting(powers: ChangePowers, subject: ChangeSubject): Promise<void> {
  const code = 'POLICY_FORMATTING_ONLY_DIFF';
  const message = 'More than 80 % of the changed lines are equal when white space does not count.';
  const report = changeProblem('A change is about white space and little else', { code, message }, [], 'warning');
  await powers.recorder.problems.report(report, eventBase(subject, timeOf(powers)));
}

/** Everything that is known about a change when it begins. */
export interface ChangeBody {
  readonly workspace: string;
  readonly changeSetSha256: string;
  readonly moves: readonly Move[];
  readonly contents: Snapshot['contents'];
  readonly files: number;
  readonly changedLines: number;
  /** Changed lines by path. */
  readonly lines: ReadonlyMap<string, number>;
  /** Content that is at hand, by hash; the rest is read from the store. */
  readonly bytes?: ReadonlyMap<string, Uint8Array>;
  /** Changes that this one takes back. */
  readonly rollsBack?: readonly string[];
}

/** Snapshot, journal, moves, end: in this order. @returns the digest of the snapshot */
export async function writeChange(
  powers: ChangePowers,
  subject: ChangeSubject,
  body: ChangeBody,
  alongside: Alongside | undefined,
): Promise<string> {
  const { changeId, runId, direction } = subject;
  const { workspace, changeSetSha256, moves, contents } = body;
  const snapshotSha256 = await keepSnapshot(powers.store, {
    schema_version: 'mex.snapshot@1.0',
    change_id: changeId,
    run_id: runId,
    direction,
    workspace,
    change_set_sha256: changeSetSha256,
    contents,
    moves: [...moves],
  });
  const journal = new ChangeJournal(powers.recorder);
  const startedAt = timeOf(powers);
  const tree = Tree.openReal(workspace);
  const digests = { change_set_sha256: changeSetSha256, snapshot_sha256: snapshotSha256 };
  const size = { files: body.files, changed_lines: body.changedLines };
  try {
    await journal.begin(
      { changeId, runId, workspace, direction, startedAt, changeSetSha256, snapshotSha256 },
      startedEvent(subject, digests, size, startedAt),
      alongside,
    );
    await moveOrUndo(powers, journal, subject, tree, body);
  } finally {
    tree.close();
  }
  return snapshotSha256;
}

async function moveOrUndo(
  powers: ChangePowers,
  journal: ChangeJournal,
  subject: ChangeSubject,
  tree: Tree,
  { moves, lines, bytes, rollsBack = [] }: ChangeBody,
): Promise<void> {
  const read = (sha256: string) => bytes?.get(sha256) ?? powers.store.get(sha256);
  const options = { changeId: subject.changeId, read, onStep: powers.onStep ?? noStep };
  try {
    await runMoves(tree, moves, { ...options, resumed: false });
    const end = { outcome: 'done', recovered: false, conflicts: [] } as const;
    const now = timeOf(powers);
    const events = [...editEvents(subject, moves, lines, now), endedEvent(subject, end, now)];
    await journal.end(subject.changeId, subject.direction === 'apply' ? 'applied' : 'done', events, rollsBack);
  } catch (cause) {
    const left = await undo(tree, moves, { ...options, onStep: noStep, resumed: true }, cause);
    await recordUndone(powers, journal, subject, left, cause);
    throw describeFailure(cause, left);
  }
}

/** The journal still says that the change is under way: should the way back fail, the next start goes it. */
async function undo(
  tree: Tree,
  moves: readonly Move[],
  options: TransitionOptions,
  cause: unknown,
): Promise<readonly string[]> {
  try {
    return await runMoves(tree, moves.map(reverse), options);
  } catch (error) {
    const why = [cause, error].map(wordsOf).join('; ');
    const message = `The workspace is half changed, and could not be put back; the next start of a host does. ${why}`;
    throw new ChangeRefusal('CHANGE_FAILED', message, [], error);
  }
}

export function noStep(): void {}

/** The way back. */
export function reverse({ path, from, to }: Move): Move {
  return { path, from: to, to: from };
}

async function recordUndone(
  powers: ChangePowers,
  journal: ChangeJournal,
  subject: ChangeSubject,
  left: readonly string[],
  cause: unknown,
): Promise<void> {
  const now = timeOf(powers);
  const failure = describeFailure(cause, left);
  const paths = [...new Set([...failure.paths, ...left])];
  const title = subject.direction === 'apply' ? 'A change set was not applied' : 'A run was not rolled back';
  const problem = powers.recorder.problems.draft(changeProblem(title, failure, paths), eventBase(subject, now));
  const ended = endedEvent(subject, { outcome: 'undone', recovered: false, conflicts: paths }, now);
  await journal.end(subject.changeId, 'undone', [ended, problem.event], [], (db) => void problem.write(db));
}

function describeFailure(cause: unknown, left: readonly string[]): ChangeRefusal {
  if (cause instanceof ChangeRefusal) return cause;
  const state =
    left.length === 0 ? 'The workspace is as it was.' : 'Some files were changed by somebody else meanwhile.';
  return new ChangeRefusal(
    'CHANGE_FAILED',
    `The workspace could not be changed: ${wordsOf(cause)}. ${state}`,
    left,
    cause,
  );
}

/** Without the paths of open directories, which mean nothing to anybody. */
function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/\/proc\/self\/fd\/\d+\//g, '') : 'unknown cause';
}
