export {
  type ChangeBudget,
  DEFAULT_CHANGE_BUDGET,
  isFormattingOnly,
  type MeasuredChange,
} from './change-set/change-budget.ts';
export {
  CHANGE_SET_BOUNDS,
  ChangeSet,
  changeSetDigest,
  type DirectoryChange,
  type FileChange,
  parseChangeSet,
} from './change-set/change-set.ts';
export { countLineChanges, type LineChanges } from './change-set/line-changes.ts';
export { showChange } from './change-set/show-change.ts';
export { ChangeRefusal, type RunErrorCode } from './errors.ts';
export { RUN_BUDGET_FIELDS, type RunBudget, type RunDefinition } from './run/run-definition.ts';
export type { RunRefusal, RunState, RunView } from './run/run-standing.ts';
export { addUsage, type RunUsage } from './run/run-tables.ts';
export { applyInRun, beginOperation, type RunWork, rollbackInRun, workspaceOf } from './run/run-work.ts';
export { createRuns, type ModelCharge, type RunRequest, type Runs, type RunsOptions } from './run/runs.ts';
export { type AppliedChange, type ApplyRequest, applyChangeSet } from './workspace/apply-change-set.ts';
export type { RunActor } from './workspace/change-events.ts';
export type { ChangePowers } from './workspace/change-powers.ts';
export { diffToChangeSet } from './workspace/diff-to-change-set.ts';
export type { Alongside, ChangeRow, ChangeState } from './workspace/journal.ts';
export type { Move, PathState } from './workspace/path-state.ts';
export { type ChangeLimits, type PreparedChange, prepareChange } from './workspace/prepare-change.ts';
export { type RecoveredChanges, recoverChanges } from './workspace/recover-changes.ts';
export { type RollbackRequest, type RolledBack, rollbackRun } from './workspace/rollback.ts';
