import { MexError, quoteText } from '@mex/envelope';
import type { GovernanceErrorCode } from '../errors.ts';
import { type DecisionTable, NEVER_AUTO } from './decision-table.ts';
import type { AutomationLevel } from './level.ts';

/** What the table says about one step. `rule` is the reason in words. */
export type Outcome =
  | { readonly kind: 'auto'; readonly rule: string }
  | { readonly kind: 'human'; readonly rule: string }
  /** LOCKED: nobody is asked. */
  | { readonly kind: 'halt'; readonly verdict: 'reject' | 'defer'; readonly rule: string };

/**
 * Who decides a gated step (CONTRACT §12).
 * @param confidence of the model that asks, 0 to 1
 * @throws MexError `GOVERNANCE_GATE_UNKNOWN`, `GOVERNANCE_CONFIDENCE_INVALID`
 */
export function decide(gateType: string, level: AutomationLevel, confidence: number, table: DecisionTable): Outcome {
  const row = Object.hasOwn(table, gateType) ? table[gateType] : undefined;
  if (row === undefined) throw unknownGate(gateType);
  if (!(confidence >= 0 && confidence <= 1)) throw invalidConfidence(confidence);
  if (level === 'LOCKED') {
    const verdict = NEVER_AUTO.has(gateType) ? 'reject' : 'defer';
    return { kind: 'halt', verdict, rule: 'LOCKED asks nobody, and nothing passes without a person' };
  }
  // Whatever a table says: these two are not a policy's to give away.
  if (level === 'FULL_HUMAN') return { kind: 'human', rule: 'FULL_HUMAN leaves every decision to a person' };
  if (NEVER_AUTO.has(gateType)) return { kind: 'human', rule: `${gateType} is always decided by a person` };
  const rule = row[level];
  if (rule === 'human') return { kind: 'human', rule: `${gateType} is decided by a person at ${level}` };
  if (rule === 'auto') return { kind: 'auto', rule: `${gateType} is automatic at ${level}` };
  const words = `${gateType} is automatic at ${level} from a confidence of ${rule.auto_at}; here it is ${confidence}`;
  return { kind: confidence >= rule.auto_at ? 'auto' : 'human', rule: words };
}

function unknownGate(gateType: string): MexError<GovernanceErrorCode> {
  return new MexError({
    code: 'GOVERNANCE_GATE_UNKNOWN',
    kind: 'policy',
    message: `There is no gate type ${quoteText(gateType)} in the decision table.`,
    remedy: 'Add it to governance.gates of policy.json, or use a gate type of CONTRACT §12.',
  });
}

function invalidConfidence(confidence: number): MexError<GovernanceErrorCode> {
  return new MexError({
    code: 'GOVERNANCE_CONFIDENCE_INVALID',
    kind: 'validation',
    message: `A confidence is a number from 0 to 1, not ${String(confidence)}.`,
    remedy: 'Pass 0 when nothing is known.',
  });
}
