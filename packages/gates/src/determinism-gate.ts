import type { DeterminismLevel } from '@mex/envelope';
import { denier, type Gate, type Verdict } from './gate.ts';

const deny = denier('G-DET', 'determinism');
const RANK: Readonly<Record<DeterminismLevel, number>> = { D0: 0, D1: 1, D2: 2, D3: 3 };

/** Level and evidence policy before; evidence and outside influences after. */
export const determinismGate: Gate = {
  id: 'G-DET',
  pre(operation, facts): Verdict {
    const level = operation.determinism;
    const ceiling = facts.engine.found ? facts.engine.operation?.determinism_ceiling : undefined;
    if (ceiling !== undefined && RANK[level] > RANK[ceiling]) {
      return deny(
        'DETERMINISM_OVER_CEILING',
        `${operation.operation} promises at most ${ceiling}; ${level} was asked for.`,
        `Ask for ${ceiling}.`,
      );
    }
    if (RANK[level] >= RANK.D2 || operation.evidence_policy !== undefined) return undefined;
    return deny(
      'EVIDENCE_POLICY_MISSING',
      `${level} operations need an evidence_policy.`,
      'Add e.g. "evidence_policy": {"min_items": 1}.',
    );
  },

  post(operation, result, facts): Verdict {
    const level = operation.determinism;
    if (RANK[level] < RANK.D2) {
      const least = Math.max(1, operation.evidence_policy?.min_items ?? 1);
      if (result.evidence.length >= least) return undefined;
      return deny(
        'EVIDENCE_MISSING',
        `${level} needs ${least} evidence artifacts; the engine left ${result.evidence.length}.`,
        'This is a fault of the engine: report it to its author.',
      );
    }
    const influence = facts.nondeterminism[0];
    if (influence === undefined) return undefined;
    return deny(
      'DETERMINISM_BROKEN',
      `A ${level} operation touched the ${influence}.`,
      'Ask for D1 with evidence, or have the engine corrected.',
    );
  },
};
