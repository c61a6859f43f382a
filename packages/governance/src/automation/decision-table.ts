import type { AutomationLevel } from './level.ts';

/** Who decides: a person; a model; or a model that is sure enough, from `auto_at` on (0 to 1), and else a person. */
export type DecisionRule = 'human' | 'auto' | { readonly auto_at: number };
/** LOCKED has no column: it is not a choice (CONTRACT §12). */
export type DecidingLevel = Exclude<AutomationLevel, 'LOCKED'>;
export type DecisionRow = Readonly<Record<DecidingLevel, DecisionRule>>;
/** Gate type → who decides at each level. Data of the operator's policy. */
export type DecisionTable = Readonly<Record<string, DecisionRow>>;

const ALWAYS_HUMAN: DecisionRow = { FULL_HUMAN: 'human', HYBRID: 'human', AUTONOMOUS: 'human' };

/** The table of CONTRACT §12. A policy may be stricter, never looser. */
export const CONTRACT_TABLE: DecisionTable = {
  SpecApproval: { FULL_HUMAN: 'human', HYBRID: { auto_at: 0.8 }, AUTONOMOUS: 'auto' },
  RefinementSign: { FULL_HUMAN: 'human', HYBRID: { auto_at: 0.9 }, AUTONOMOUS: 'auto' },
  ScopeChange: { FULL_HUMAN: 'human', HYBRID: 'human', AUTONOMOUS: { auto_at: 0.95 } },
  CloudEscalation: ALWAYS_HUMAN,
  PolicyViolation: ALWAYS_HUMAN,
};

/** Gate types beyond the contract's; what policy does not say, a person decides. */
const OTHER_GATES: DecisionTable = {
  CapabilityUse: ALWAYS_HUMAN,
  EngineInstall: ALWAYS_HUMAN,
  ReleasePromotion: ALWAYS_HUMAN,
  ChangeBudgetOverride: ALWAYS_HUMAN,
};

/** In force without a policy. */
export const DEFAULT_TABLE: DecisionTable = { ...CONTRACT_TABLE, ...OTHER_GATES };

/** Gate types that no signature but a person's ever passes (CONTRACT §12). */
export const NEVER_AUTO: ReadonlySet<string> = new Set(['CloudEscalation', 'PolicyViolation']);

const LEVELS: readonly DecidingLevel[] = ['FULL_HUMAN', 'HYBRID', 'AUTONOMOUS'];

/** Least confidence with which a model decides; nothing is enough where a person does. */
function thresholdOf(rule: DecisionRule): number {
  if (rule === 'human') return Number.POSITIVE_INFINITY;
  return rule === 'auto' ? 0 : rule.auto_at;
}

/** What is wrong with a table, in words; empty when it may be used. */
export function checkDecisionTable(table: DecisionTable): string[] {
  return Object.entries(table).flatMap(([gate, row]) => LEVELS.flatMap((level) => checkRule(gate, level, row[level])));
}

function checkRule(gate: string, level: DecidingLevel, rule: DecisionRule): string[] {
  const place = `${gate} at ${level}`;
  if (typeof rule === 'object' && !(rule.auto_at >= 0 && rule.auto_at <= 1)) {
    return [`${place}: auto_at is from 0 to 1.`];
  }
  if (level === 'FULL_HUMAN' && rule !== 'human') return [`${place}: a person decides everything at this level.`];
  const contract = Object.hasOwn(CONTRACT_TABLE, gate) ? CONTRACT_TABLE[gate]?.[level] : undefined;
  if (contract === undefined || thresholdOf(rule) >= thresholdOf(contract)) return [];
  const least = contract === 'human' ? 'a person' : `a confidence of ${thresholdOf(contract)}`;
  return [`${place}: the contract asks for ${least}; a policy may be stricter, not looser.`];
}
