import type { RunView } from '@mex/runs';
import { green, type Piece, red, yellow } from './output/style.ts';
import type { Terminal } from './output/terminal.ts';

/** A run as a document. */
export function runDocument({ definition, state, usage }: RunView): object {
  return { ...definition, state, usage };
}

/** One line of the list. */
export function runRow({ definition, state, usage }: RunView): Piece[] {
  const { run_id, actor, opened_at, workspace } = definition;
  const spent = `${usage.operations} operations, ${usage.patch_attempts} change sets`;
  return [run_id.slice(0, 8), statePiece(state), actor.id, opened_at, spent, workspace ?? ''];
}

function statePiece(state: RunView['state']): Piece {
  if (state === 'open') return green(state);
  return state === 'paused' ? yellow(state) : red(state);
}

/** What each limit is, and what is left of it. */
export function printBudget(terminal: Terminal, { definition, usage }: RunView, now: number): void {
  const { budget, change_budget, opened_at } = definition;
  const seconds = Math.round((now - Date.parse(opened_at)) / 1_000);
  const spent = { runtime_s: seconds, ...usage };
  const limits = new Map(Object.entries(budget));
  const rows = Object.entries(spent).map(([field, value]) => [
    `  ${field}`,
    String(value),
    limits.has(`max_${field}`) ? `of ${limits.get(`max_${field}`)}` : 'no limit',
  ]);
  terminal.table(rows, { right: [1] });
  terminal.line(
    `  a change: ${change_budget.max_files_changed} files, ${change_budget.max_lines_per_file} lines a file`,
  );
}
