import type { DatabaseSync } from 'node:sqlite';
import type { ChangeSet } from '../change-set/change-set.ts';
import { ChangeRefusal } from '../errors.ts';
import { type AppliedChange, applyChangeSet } from '../workspace/apply-change-set.ts';
import type { RunActor } from '../workspace/change-events.ts';
import type { ChangePowers } from '../workspace/change-powers.ts';
import type { Alongside } from '../workspace/journal.ts';
import type { PreparedChange } from '../workspace/prepare-change.ts';
import { type RolledBack, rollbackRun } from '../workspace/rollback.ts';
import type { RunView } from './run-standing.ts';
import { addUsage, readUsage } from './run-tables.ts';
import { notOpen, type Runs } from './runs.ts';

/** One operation more, in the transaction of its grant. @returns the field that is used up, when it is not to be granted */
export function beginOperation(db: DatabaseSync, { definition }: RunView): 'max_operations' | undefined {
  const { run_id, budget } = definition;
  const spent = readUsage(db, run_id)?.operations ?? 0;
  if (budget.max_operations !== undefined && spent >= budget.max_operations) return 'max_operations';
  addUsage(db, run_id, { operations: 1 });
  return undefined;
}

/** Where and on whose behalf change sets of a run are applied. */
export interface RunWork {
  readonly runs: Runs;
  readonly powers: ChangePowers;
  readonly formattingOnly: 'warn' | 'deny';
  readonly forbidden: readonly string[];
  /** Whether `authorize` decides about change sets of this run that are over its change budget. Default: they are denied. */
  readonly asksOverBudget?: (run: RunView) => boolean;
  /** Asked when all checks have passed, see `ApplyRequest`; refuses by throwing. */
  readonly authorize: (run: RunView, set: ChangeSet, prepared: PreparedChange, changeId: string) => Promise<Alongside>;
}

/**
 * Applies a change set in a run: its workspace, its change budget, its run budget.
 * @throws MexError as `applyChangeSet`; `RUN_NOT_FOUND`, `RUN_FOREIGN`, `RUN_NOT_OPEN`, `RUN_BUDGET_EXHAUSTED`
 */
export async function applyInRun(work: RunWork, id: string, set: ChangeSet, actor: RunActor): Promise<AppliedChange> {
  const run = work.runs.show(id);
  const { run_id: runId, workspace, change_budget, budget } = run.definition;
  const refusal = work.runs.refusal(runId, actor.id);
  if (refusal !== undefined) throw new ChangeRefusal(refusal.code, refusal.reason);
  const standing = work.runs.standing(runId);
  if (typeof standing === 'object') throw exhausted(runId, standing.exhausted);
  await countAttempt(work.powers, runId, budget.max_patch_attempts);
  return applyChangeSet(work.powers, {
    set,
    runId,
    actor,
    workspace: workspaceOf(workspace, runId),
    budget: change_budget,
    overBudget: work.asksOverBudget?.(run) === true ? 'ask' : 'deny',
    formattingOnly: work.formattingOnly,
    forbidden: work.forbidden,
    authorize: async (prepared, changeId) => {
      verifyWrites(run, prepared.files.length);
      const alongside = await work.authorize(run, set, prepared, changeId);
      const spend = (db: DatabaseSync): void => {
        alongside.companion(db);
        // Somebody may have cancelled it since it was looked at.
        const state = work.runs.state(runId);
        if (state !== 'open') throw notOpen(runId, state);
        const spent = readUsage(db, runId)?.file_writes ?? 0;
        verifyWrites({ ...run, usage: { ...run.usage, file_writes: spent } }, prepared.files.length);
        addUsage(db, runId, { file_writes: prepared.files.length });
      };
      return { events: alongside.events, companion: spend };
    },
  });
}

/** @throws MexError `WORKSPACE_INVALID` */
export function workspaceOf(workspace: string | null, runId: string): string {
  if (workspace !== null) return workspace;
  throw new ChangeRefusal('WORKSPACE_INVALID', `Run ${runId} was opened without a workspace.`);
}

/** An attempt counts when it is made, whatever becomes of it. */
async function countAttempt({ recorder }: ChangePowers, runId: string, limit: number | undefined): Promise<void> {
  await recorder.append([], (db) => {
    const spent = readUsage(db, runId)?.patch_attempts ?? 0;
    if (limit !== undefined && spent >= limit) throw exhausted(runId, 'max_patch_attempts');
    addUsage(db, runId, { patch_attempts: 1 });
  });
}

function verifyWrites({ definition, usage }: RunView, more: number): void {
  const limit = definition.budget.max_file_writes;
  if (limit !== undefined && usage.file_writes + more > limit) throw exhausted(definition.run_id, 'max_file_writes');
}

function exhausted(runId: string, field: string): ChangeRefusal {
  return new ChangeRefusal('RUN_BUDGET_EXHAUSTED', `The ${field} of run ${runId} is used up.`);
}

/**
 * Puts the workspace of a run back, also of one that is paused or ended.
 * @param force only for a person
 * @throws MexError as `rollbackRun`; `RUN_NOT_FOUND`, `RUN_FOREIGN` for anybody but its actor and people
 */
export async function rollbackInRun(work: RunWork, id: string, actor: RunActor, force: boolean): Promise<RolledBack> {
  const { definition } = work.runs.show(id);
  const isPerson = actor.kind === 'human';
  if (definition.actor.id !== actor.id && !isPerson) {
    throw new ChangeRefusal('RUN_FOREIGN', `Run ${definition.run_id} belongs to another actor.`);
  }
  if (force && !isPerson) {
    throw new ChangeRefusal('RUN_FOREIGN', 'Only a person may roll back over what others have changed since.');
  }
  return rollbackRun(work.powers, { runId: definition.run_id, actor, force });
}
