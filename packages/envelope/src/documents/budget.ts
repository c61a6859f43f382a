import { type Static, Type } from '@sinclair/typebox';
import { CLOSED, Count } from './primitives.ts';

const fields = {
  /** Milliseconds of real time. */
  wall_time_ms: Count,
  /** Milliseconds of CPU time of the engine's worker. */
  cpu_time_ms: Count,
  /** Bytes of heap and array buffers of the engine's worker. */
  memory_bytes: Count,
  /** Bytes of all outputs, evidence and logs together. */
  output_bytes: Count,
  net_requests: Count,
  net_bytes: Count,
  exec_count: Count,
  /** Artifacts written. */
  file_writes: Count,
};

/** A complete budget (CONTRACT §9): what the registry's defaults give and what a Grant carries. */
export const FullBudget = Type.Object(fields, { ...CLOSED, $id: 'mex:full-budget' });
export type FullBudget = Static<typeof FullBudget>;

/** A requested budget: absent fields take the registry's defaults, never unlimited. */
export const Budget = Type.Partial(Type.Object(fields), { ...CLOSED, $id: 'mex:budget' });
export type Budget = Static<typeof Budget>;

/** What was spent, in the units of the budget. */
export type Usage = FullBudget;

export type BudgetField = keyof FullBudget;

/** Every budget field, in wire order. */
export const BUDGET_FIELDS: readonly BudgetField[] = [
  'wall_time_ms',
  'cpu_time_ms',
  'memory_bytes',
  'output_bytes',
  'net_requests',
  'net_bytes',
  'exec_count',
  'file_writes',
];
