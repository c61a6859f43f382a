import { ChangeRefusal, namePaths } from '../errors.ts';
import type { LineChanges } from './line-changes.ts';

/** How much one change set may change (CONTRACT §12, §14 G). */
export interface ChangeBudget {
  readonly max_files_changed: number;
  /** Lines taken out plus lines put in, of one file. */
  readonly max_lines_per_file: number;
}

export const DEFAULT_CHANGE_BUDGET: ChangeBudget = { max_files_changed: 100, max_lines_per_file: 500 };

/** From this share of changed lines on, a change is about white space and little else. */
const FORMATTING_SHARE = 0.8;

/** One file that would change. */
export interface MeasuredChange {
  readonly path: string;
  readonly lines: LineChanges;
}

/** What is too much about a change, as the refusal it is unless somebody may allow it; nothing when it is within the budget. */
export function findOverBudget(changes: readonly MeasuredChange[], budget: ChangeBudget): ChangeRefusal | undefined {
  if (changes.length > budget.max_files_changed) {
    return new ChangeRefusal(
      'POLICY_CHANGE_BUDGET_EXCEEDED',
      `The change touches ${changes.length} files; the change budget is ${budget.max_files_changed}.`,
    );
  }
  const above = changes.filter(({ lines }) => lines.changed > budget.max_lines_per_file);
  const [first] = above;
  if (first === undefined) return undefined;
  const paths = above.map(({ path }) => path);
  return new ChangeRefusal(
    'POLICY_CHANGE_BUDGET_EXCEEDED',
    `More than ${budget.max_lines_per_file} lines change in ${namePaths(paths)} (${first.lines.changed} in the first).`,
    paths,
  );
}

/** Whether more than 80 % of the changed lines are equal after white space is normalised. */
export function isFormattingOnly(changes: readonly MeasuredChange[]): boolean {
  const changed = sum(changes, ({ lines }) => lines.changed);
  return changed > 0 && sum(changes, ({ lines }) => lines.formatting) > FORMATTING_SHARE * changed;
}

export function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
