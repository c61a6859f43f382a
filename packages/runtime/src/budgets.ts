import { BUDGET_FIELDS, type Budget, type BudgetField, type FullBudget } from '@mex/envelope';
import { budgetExceededCode } from '@mex/gates';
import { JobStop } from './sandbox/tier.ts';

/** Absent fields take the registry's defaults, never unlimited (CONTRACT §3, §9). */
export function completeBudget(requested: Budget, defaults: FullBudget): FullBudget {
  return { ...defaults, ...requested };
}

export function emptyUsage(): FullBudget {
  return {
    wall_time_ms: 0,
    cpu_time_ms: 0,
    memory_bytes: 0,
    output_bytes: 0,
    net_requests: 0,
    net_bytes: 0,
    exec_count: 0,
    file_writes: 0,
  };
}

/** Counts what one operation spends. */
export class Meter {
  readonly usage: FullBudget = emptyUsage();
  private readonly budget: FullBudget;

  constructor(budget: FullBudget) {
    this.budget = budget;
  }

  /** @throws JobStop `BUDGET_EXCEEDED_<FIELD>` when the budget does not hold this much more. */
  spend(field: BudgetField, amount: number): void {
    this.usage[field] += amount;
    if (this.usage[field] <= this.budget[field]) return;
    throw new JobStop(budgetExceededCode(field), `${field}: ${this.usage[field]} of ${this.budget[field]}`);
  }

  /** How much of a field may still be spent. */
  remaining(field: BudgetField): number {
    return Math.max(0, this.budget[field] - this.usage[field]);
  }

  /** Sets a measured figure. Whole units, rounded up, so that something spent is never reported as nothing. */
  measure(field: BudgetField, amount: number): void {
    this.usage[field] = Math.ceil(amount);
  }

  /** The first field that is over its budget. */
  overspent(): BudgetField | undefined {
    return BUDGET_FIELDS.find((field) => this.usage[field] > this.budget[field]);
  }
}
