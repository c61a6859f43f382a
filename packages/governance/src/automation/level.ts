import { MexError, quoteText } from '@mex/envelope';
import type { GovernanceErrorCode } from '../errors.ts';

/** How much is left to a model (CONTRACT §12). */
export type AutomationLevel = 'FULL_HUMAN' | 'HYBRID' | 'AUTONOMOUS' | 'LOCKED';

const READ_AS: ReadonlyMap<string, AutomationLevel> = new Map([
  ['FULL_HUMAN', 'FULL_HUMAN'],
  ['HYBRID', 'HYBRID'],
  ['AUTONOMOUS', 'AUTONOMOUS'],
  ['LOCKED', 'LOCKED'],
  // Older names (CONTRACT §12).
  ['ASSISTED', 'HYBRID'],
  ['SUPERVISED', 'HYBRID'],
]);

const STRICTEST_FIRST: readonly AutomationLevel[] = ['LOCKED', 'FULL_HUMAN', 'HYBRID', 'AUTONOMOUS'];

/** Of two levels the one that leaves less to a model: what is opened inside of something may be stricter, never looser. */
export function strictestLevel(one: AutomationLevel, other: AutomationLevel): AutomationLevel {
  return STRICTEST_FIRST.find((level) => level === one || level === other) ?? 'LOCKED';
}

/** Reads a level exactly as it is written. @throws MexError `GOVERNANCE_LEVEL_UNKNOWN` */
export function parseAutomationLevel(text: unknown): AutomationLevel {
  const level = typeof text === 'string' ? READ_AS.get(text) : undefined;
  if (level !== undefined) return level;
  throw new MexError<GovernanceErrorCode>({
    code: 'GOVERNANCE_LEVEL_UNKNOWN',
    kind: 'policy',
    message: `There is no automation level ${quoteText(String(text))}.`,
    remedy: 'Use FULL_HUMAN, HYBRID, AUTONOMOUS or LOCKED.',
  });
}
