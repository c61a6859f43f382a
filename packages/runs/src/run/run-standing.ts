import type { RunErrorCode } from '../errors.ts';
import type { RunBudgetField, RunDefinition } from './run-definition.ts';
import type { RunUsage } from './run-tables.ts';

export type RunState = 'open' | 'paused' | 'cancelled' | 'closed';

/** What is allowed next. */
export interface RunTransition {
  readonly from: readonly RunState[];
  readonly to: RunState;
}

export const TRANSITIONS = {
  pause: { from: ['open'], to: 'paused' },
  resume: { from: ['paused'], to: 'open' },
  cancel: { from: ['open', 'paused'], to: 'cancelled' },
  close: { from: ['open', 'paused'], to: 'closed' },
} as const satisfies Record<string, RunTransition>;

/** A run as the log proves it. */
export interface RunView {
  readonly definition: RunDefinition;
  readonly state: RunState;
  readonly usage: RunUsage;
}

/** Why a run is no place to work in, in words. */
export interface RunRefusal {
  readonly code: Extract<RunErrorCode, `RUN_${string}`>;
  readonly reason: string;
}

/** The first field that is used up, if any; a budget of 3 operations is used up by three. `now` in ms since 1970. */
export function findExhausted({ definition, usage }: RunView, now: number): RunBudgetField | undefined {
  const spent: Record<RunBudgetField, number> = {
    max_runtime_s: (now - Date.parse(definition.opened_at)) / 1_000,
    max_operations: usage.operations,
    max_llm_calls: usage.llm_calls,
    max_llm_tokens: usage.llm_tokens,
    max_file_writes: usage.file_writes,
    // Spent by change sets only, and asked for there.
    max_patch_attempts: Number.NEGATIVE_INFINITY,
  };
  const limits = Object.entries(definition.budget);
  return limits.flatMap(([field, limit]) =>
    isField(field, spent) && isUsedUp(field, spent[field], limit) ? [field] : [],
  )[0];
}

/** No model at all is a limit that an operation without a model keeps. */
function isUsedUp(field: RunBudgetField, spent: number, limit: number): boolean {
  const always = field === 'max_runtime_s' || field === 'max_operations';
  return spent >= limit && (always || spent > 0);
}

function isField(field: string, spent: Record<RunBudgetField, number>): field is RunBudgetField {
  return Object.hasOwn(spent, field);
}
