import { type EngineResult, MexError, type PlannedOperation } from '@mex/envelope';
import { askGate, type GateErrorCode, takeGate } from './added-gate.ts';
import { budgetGate } from './budget-gate.ts';
import { capabilityGate } from './capability-gate.ts';
import { determinismGate } from './determinism-gate.ts';
import type { PostFacts, PreFacts } from './facts.ts';
import { GATE_IDS, type Gate, type GateDenial, type Verdict } from './gate.ts';
import { integrityGate } from './integrity-gate.ts';
import { provenanceGate } from './provenance-gate.ts';
import { schemaGate } from './schema-gate.ts';

const SIX: readonly Gate[] = Object.freeze([
  schemaGate,
  capabilityGate,
  integrityGate,
  budgetGate,
  provenanceGate,
  determinismGate,
]);

export interface GateOutcome {
  readonly gate: string;
  readonly outcome: 'pass' | 'deny';
  readonly code?: string;
  readonly reason?: string;
}

export interface PipelineOutcome {
  /** In the order asked. Gates after the first denial were not asked and are not listed. */
  readonly outcomes: readonly GateOutcome[];
  readonly denial: GateDenial | undefined;
}

export interface Pipeline {
  /** Ids of all gates in their order: the six first, then the added ones. */
  readonly gates: readonly string[];
  readonly checkBefore: (operation: PlannedOperation, facts: PreFacts) => PipelineOutcome;
  readonly checkAfter: (operation: PlannedOperation, result: EngineResult, facts: PostFacts) => PipelineOutcome;
}

/**
 * The six gates in their fixed order, then `extra` ones (CONTRACT §8). The six cannot be removed or replaced.
 * A gate that throws denies: fail closed.
 * @throws MexError `GATE_ID_TAKEN` when an extra gate uses an id that is taken, `GATE_INVALID` when it is no gate.
 */
export function createPipeline(extra: readonly Gate[] = []): Pipeline {
  const added = extra.map(takeGate);
  const seen = new Set<string>(GATE_IDS);
  for (const { id } of added) {
    if (!seen.has(id)) {
      seen.add(id);
      continue;
    }
    throw new MexError<GateErrorCode>({
      code: 'GATE_ID_TAKEN',
      kind: 'validation',
      message: `A gate "${id}" exists already.`,
      remedy: 'Give the added gate another id.',
    });
  }
  const gates = [...SIX, ...added];
  return Object.freeze({
    gates: gates.map((gate) => gate.id),
    checkBefore: (operation: PlannedOperation, facts: PreFacts) => ask(gates, (gate) => gate.pre?.(operation, facts)),
    checkAfter: (operation: PlannedOperation, result: EngineResult, facts: PostFacts) =>
      ask(gates, (gate) => gate.post?.(operation, result, facts)),
  });
}

function ask(gates: readonly Gate[], check: (gate: Gate) => Verdict): PipelineOutcome {
  const outcomes: GateOutcome[] = [];
  for (const gate of gates) {
    const denial = askGate(gate, check);
    if (denial === undefined) {
      outcomes.push({ gate: gate.id, outcome: 'pass' });
      continue;
    }
    outcomes.push({ gate: gate.id, outcome: 'deny', code: denial.code, reason: denial.reason });
    return { outcomes, denial };
  }
  return { outcomes, denial: undefined };
}
