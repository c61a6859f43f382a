import { BUDGET_FIELDS, type BudgetField } from '@mex/envelope';
import { denier, type Gate, type Verdict } from './gate.ts';

const deny = denier('G-BUDGET', 'budget');

/** `BUDGET_EXCEEDED_WALL_TIME_MS` and so on (CONTRACT §9). */
export function budgetExceededCode(field: BudgetField): `BUDGET_EXCEEDED_${Uppercase<BudgetField>}` {
  // Upper-casing a union member by member is beyond the type of toUpperCase.
  return `BUDGET_EXCEEDED_${field.toUpperCase() as Uppercase<BudgetField>}`;
}

/** Ceilings, quota, circuit and run budget before; what was spent after. */
export const budgetGate: Gate = {
  id: 'G-BUDGET',
  pre(operation, facts): Verdict {
    const { engine, policy, budget } = facts;
    for (const field of BUDGET_FIELDS) {
      const ceiling = Math.min(
        engine.found ? engine.manifest.budget_ceilings[field] : Number.POSITIVE_INFINITY,
        policy.ceilings?.[field] ?? Number.POSITIVE_INFINITY,
      );
      if (budget[field] <= ceiling) continue;
      return deny(
        'BUDGET_OVER_CEILING',
        `budget.${field} is ${budget[field]}; the ceiling is ${ceiling}.`,
        `Ask for at most ${ceiling}.`,
      );
    }
    if (facts.circuit === 'open') {
      return deny(
        'CIRCUIT_OPEN',
        `${operation.engine_id} failed too often in a row and is paused.`,
        'Wait for it to be tried again, or look at its Problems.',
        { retryable: true },
      );
    }
    if (facts.quota.exceeded)
      return deny('QUOTA_EXCEEDED', facts.quota.reason, 'Try again later.', { retryable: true });
    if (facts.runBudget === 'absent' && policy.requireRunBudget) {
      return deny(
        'POLICY_BUDGET_MISSING',
        'The policy requires a run budget, and this operation belongs to no run with one.',
        'Open a run with a budget.',
        { kind: 'policy' },
      );
    }
    if (typeof facts.runBudget === 'string') return undefined;
    return deny(
      'QUOTA_EXCEEDED',
      `The run's ${facts.runBudget.exhausted} is used up.`,
      'Open a new run, or raise its budget.',
    );
  },

  post(_operation, _result, facts): Verdict {
    for (const field of BUDGET_FIELDS) {
      if (facts.usage[field] <= facts.budget[field]) continue;
      return deny(
        budgetExceededCode(field),
        `${field}: spent ${facts.usage[field]} of ${facts.budget[field]}.`,
        'Raise the budget, or give the engine less to do.',
      );
    }
    return undefined;
  },
};
