import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadedVector } from '@mex/engine-sdk/testing';
import { BUDGET_FIELDS, type BudgetField } from '@mex/envelope';
import { budgetExceededCode } from '@mex/gates';
import { operationOf } from '../engine-under-test.ts';
import { codeOf, type Observation, outcomeOf } from '../lab/observation.ts';
import { undeclaredEnd } from './fair-end.ts';
import {
  implementedRepresentatives,
  numberOf,
  placeOf,
  representatives,
  type TierBench,
  textOf,
  tierProbe,
} from './probe.ts';

/** A vector with a budget that cannot hold it. */
interface Squeeze {
  readonly vector: LoadedVector;
  readonly limit: number;
  /** How long every call is held up, in ms, to make time pass. */
  readonly delayMs: number;
}

/** Too little of one field ends the operation with the code of exactly that field, and keeps nothing (CONTRACT §9). */
export const budgetEnforced = tierProbe(async (bench) => {
  const { lab, log, case: one } = bench;
  const field = fieldOf(textOf(one.with, 'field'));
  const code = budgetExceededCode(field);
  const found = await squeeze(bench, field);
  if (typeof found === 'string') return log.notApplicable(found);
  const { vector, limit, delayMs } = found;
  const observed = await lab.run(vector, {
    ...(field === 'cpu_time_ms' ? { caller: lab.newcomer() } : {}),
    budget: { [field]: limit },
    ...(delayMs === 0 ? {} : { intercept: (_call, serve) => sleep(delayMs).then(serve) }),
  });
  const { outputs, evidence } = observed.result;
  log.check(codeOf(observed) === code || isProgramStarved(bench, field, vector, observed), () => ({
    what: `With ${field} of ${limit} it was not ended with ${code}: ${outcomeOf(observed)}.`,
    where: placeOf(bench, vector, `budget.${field}`),
  }));
  log.check(outputs.length + evidence.length === 0, () => ({
    what: `Outputs of an operation that was ended for ${field} were kept.`,
    where: placeOf(bench, vector, `budget.${field}`),
  }));
});

/** A program that cannot even start for want of memory is seen by the engine first, which says so in its own words. */
function isProgramStarved(
  { engine }: TierBench,
  field: BudgetField,
  vector: LoadedVector,
  observed: Observation,
): boolean {
  const operation = operationOf(engine, vector);
  const isRun = observed.sighting.calls.some(({ call }) => call === 'tool.exec');
  const isEnded = observed.result.status === 'failed' && operation !== undefined;
  return field === 'memory_bytes' && isRun && isEnded && undeclaredEnd(observed, operation) === undefined;
}

function fieldOf(name: string): BudgetField {
  const field = BUDGET_FIELDS.find((known) => known === name);
  if (field === undefined) throw new Error(`there is no budget field ${name}`);
  return field;
}

/** The vector that spends most of a field, and a limit below that; or why there is none. */
async function squeeze(bench: TierBench, field: BudgetField): Promise<Squeeze | string> {
  const measured = await (field === 'exec_count' ? implementedRepresentatives(bench) : representatives(bench));
  if (field === 'wall_time_ms') {
    const calling = measured.find(({ baseline }) => baseline.sighting.calls.length > 0);
    if (calling === undefined) return 'No golden vector calls the broker, so nothing can be held up.';
    return { vector: calling.vector, limit: numberOf(bench, 'limit'), delayMs: numberOf(bench, 'delay_ms') };
  }
  const spent = measured.map(({ vector, baseline }) => ({ vector, amount: baseline.result.usage[field] }));
  const most = spent.toSorted((a, b) => b.amount - a.amount)[0];
  const least = numberOf(bench, 'least');
  if (most === undefined || most.amount < least)
    return `No golden vector spends ${least} of ${field}; the most is ${most?.amount ?? 0}.`;
  const share = numberOf(bench, 'share');
  return {
    vector: most.vector,
    limit: Math.max(0, Math.min(most.amount - 1, Math.floor(most.amount * share))),
    delayMs: 0,
  };
}
