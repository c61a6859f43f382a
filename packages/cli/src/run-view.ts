import type { FlightRecorder } from '@mex/flight-recorder';
import type { RunView } from '@mex/runs';
import { green, type Piece, red, yellow } from './output/style.ts';
import type { Terminal } from './output/terminal.ts';
import { plural } from './output/units.ts';

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

/** What one model was used for in a run, as callers reported it (FR-EVT-006). */
export interface ModelUse {
  readonly model_id: string;
  readonly calls: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
}

/** Calls that are looked at; a run that reported more shows its newest ones. */
const MAX_CALLS = 10_000;

/** By model, the one with the most calls first. */
export function modelUse(recorder: Pick<FlightRecorder, 'list'>, runId: string): ModelUse[] {
  const uses = new Map<string, ModelUse>();
  for (const { event } of recorder.list({ op: runId, type: 'llm_inference', order: 'newest', limit: MAX_CALLS })) {
    if (event.type !== 'llm_inference') continue;
    const { model_id = 'unknown', token_usage } = event;
    const { calls, input_tokens, output_tokens } = uses.get(model_id) ?? {
      calls: 0,
      input_tokens: 0,
      output_tokens: 0,
    };
    uses.set(model_id, {
      model_id,
      calls: calls + 1,
      input_tokens: input_tokens + token_usage.input,
      output_tokens: output_tokens + token_usage.output,
    });
  }
  return [...uses.values()].toSorted((a, b) => b.calls - a.calls);
}

export function printModels(terminal: Terminal, models: readonly ModelUse[]): void {
  terminal.table(
    models.map(({ model_id, calls, input_tokens, output_tokens }) => [
      `  ${model_id}`,
      plural(calls, 'call'),
      `${input_tokens} tokens in`,
      `${output_tokens} out`,
    ]),
  );
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
