import { type ErrorKind, MexError } from '@mex/envelope';

/** Every code this package throws. */
export type RunErrorCode =
  | 'CHANGE_SET_INVALID'
  | 'CHANGE_SET_TOO_LARGE'
  | 'CHANGE_SET_CASE_CLASH'
  | 'CHANGE_CONFLICT'
  | 'CHANGE_FAILED'
  | 'CHANGE_SNAPSHOT_TAMPERED'
  | 'POLICY_PATH_ESCAPE'
  | 'POLICY_CHANGE_BUDGET_EXCEEDED'
  | 'POLICY_FORMATTING_ONLY_DIFF'
  | 'WORKSPACE_BUSY'
  | 'WORKSPACE_INVALID'
  | 'POLICY_BUDGET_MISSING'
  | 'RUN_BUDGET_EXHAUSTED'
  | 'RUN_FOREIGN'
  | 'RUN_INVALID'
  | 'RUN_NOT_FOUND'
  | 'RUN_NOT_OPEN'
  | 'RUN_TAMPERED';

interface CodeFacts {
  readonly kind: ErrorKind;
  readonly remedy: string;
  readonly retryable?: true;
}

const FACTS: Record<RunErrorCode, CodeFacts> = {
  CHANGE_SET_INVALID: { kind: 'validation', remedy: 'Correct the named entry and plan the change anew.' },
  CHANGE_SET_TOO_LARGE: { kind: 'validation', remedy: 'Split the change into smaller ones.' },
  CHANGE_SET_CASE_CLASH: {
    kind: 'policy',
    remedy: 'Give it a name that also a file system without upper and lower case can hold.',
  },
  CHANGE_CONFLICT: {
    kind: 'policy',
    remedy: 'Look at the named files, and plan the change against what is there now.',
  },
  CHANGE_FAILED: { kind: 'internal', remedy: 'Check the disk and the permissions of the workspace.', retryable: true },
  CHANGE_SNAPSHOT_TAMPERED: { kind: 'integrity', remedy: 'Check the record: mex log verify' },
  POLICY_PATH_ESCAPE: { kind: 'policy', remedy: 'Change only plain files below the workspace, without links.' },
  POLICY_CHANGE_BUDGET_EXCEEDED: {
    kind: 'policy',
    remedy:
      'Split the change, or ask an operator for a run with a larger change budget, or for a rule with gate_type ChangeBudgetOverride in policy.json, under which a person may allow it.',
  },
  POLICY_FORMATTING_ONLY_DIFF: { kind: 'policy', remedy: 'Leave out what changes white space only.' },
  WORKSPACE_BUSY: {
    kind: 'policy',
    remedy: 'Wait for the other change to end; if its process died, the next start of a host ends it.',
    retryable: true,
  },
  POLICY_BUDGET_MISSING: { kind: 'policy', remedy: 'Open the run with all six fields of a run budget.' },
  RUN_BUDGET_EXHAUSTED: { kind: 'policy', remedy: 'Open a new run, or one with a larger budget.' },
  RUN_FOREIGN: { kind: 'policy', remedy: 'Work in a run of your own; the operator opens it.' },
  RUN_INVALID: { kind: 'validation', remedy: 'Correct the named member.' },
  RUN_NOT_FOUND: { kind: 'policy', remedy: 'Name a run that the operator opened: mex runs list' },
  RUN_NOT_OPEN: { kind: 'policy', remedy: 'Ask the operator to resume it, or to open another one.' },
  RUN_TAMPERED: { kind: 'integrity', remedy: 'Check the record: mex log verify' },
  WORKSPACE_INVALID: { kind: 'validation', remedy: 'Name a directory that exists and is not the MEX home.' },
};

/** A refusal that names places: paths in the workspace, sorted. */
export class ChangeRefusal extends MexError<RunErrorCode> {
  readonly paths: readonly string[];

  constructor(code: RunErrorCode, message: string, paths: readonly string[] = [], cause?: unknown) {
    const { kind, remedy, retryable } = FACTS[code];
    super({ code, kind, message, remedy, retryable: retryable ?? false, cause });
    this.paths = [...paths].toSorted();
  }
}

/** Up to three paths for a message, quoted, and how many more there are. */
export function namePaths(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).map((path) => JSON.stringify(path.slice(0, 200)));
  return paths.length > 3 ? `${shown.join(', ')} and ${paths.length - 3} more` : shown.join(', ');
}

export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
