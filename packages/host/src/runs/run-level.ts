import { type AutomationLevel, parseAutomationLevel, strictestLevel } from '@mex/governance';
import type { RunView } from '@mex/runs';
import type { GovernancePolicy } from '../governance/governance-policy.ts';

/**
 * The level a run is opened with: what was asked for, where it is stricter than policy.
 * @throws MexError `GOVERNANCE_LEVEL_UNKNOWN`
 */
export function levelFor({ automationLevel }: GovernancePolicy, asked: string | undefined): AutomationLevel {
  return asked === undefined ? automationLevel : strictestLevel(automationLevel, parseAutomationLevel(asked));
}

/** The level that counts in a run now: policy may have become stricter since it was opened. */
export function runLevel(policy: GovernancePolicy, run: Pick<RunView, 'definition'> | undefined): AutomationLevel {
  return levelFor(policy, run?.definition.automation_level);
}
