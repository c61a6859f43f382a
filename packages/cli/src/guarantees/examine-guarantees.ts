import { readPolicyState } from '../doctor/policy-state.ts';
import { changeBudget, rollback } from './change-checks.ts';
import { allHold, type Check, type Guarantee, runCheck } from './guarantee.ts';
import { openProofHome, type ProofHome } from './proof-home.ts';
import { frozenWork, secretHygiene, versionsInRecords } from './record-checks.ts';
import { budgetsAndBreakers, hermeticPaths, networkAllowList, noUntrustedExecution } from './sandbox-checks.ts';
import { pinnedInputs, pinnedSupplyChain, sharedCommands } from './workspace-checks.ts';

/** What `mex guarantees` found. */
export interface GuaranteeReport {
  /** Nothing failed, and nothing was left unchecked. */
  readonly ok: boolean;
  readonly workspace: string;
  readonly home: string;
  readonly policy: { readonly source: string; readonly sha256?: string };
  /** The tier in which it was tried: the policy's, for engines that somebody vouches for. `mex doctor` tries all of them. */
  readonly tier: string;
  readonly guarantees: readonly Guarantee[];
}

/**
 * Checks A to L (CONTRACT §14) on the spot: with the real host and the tiers of the home's policy, in a home of its own
 * that is gone afterwards, and by looking at the workspace. The home itself is only read.
 */
export async function examineGuarantees(home: string, workspace: string): Promise<GuaranteeReport> {
  const state = await readPolicyState(home);
  const guarantees: Guarantee[] = [];
  const proof = await openProofHome(state.policy.tiers);
  try {
    // One after another: what is measured is not disturbed.
    for (const check of allChecks(proof, workspace)) guarantees.push(await runCheck(check));
  } finally {
    await proof.close();
  }
  guarantees.sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    ok: allHold(guarantees) && state.valid,
    workspace,
    home,
    policy: { source: state.source, ...(state.sha256 === undefined ? {} : { sha256: state.sha256 }) },
    tier: state.policy.tiers.trusted,
    guarantees,
  };
}

function allChecks(proof: ProofHome, workspace: string): Check[] {
  return [
    pinnedInputs(proof, workspace),
    hermeticPaths(proof),
    pinnedSupplyChain(workspace),
    networkAllowList(proof),
    secretHygiene(proof),
    budgetsAndBreakers(proof),
    changeBudget(proof),
    rollback(proof),
    sharedCommands(workspace),
    frozenWork(proof),
    noUntrustedExecution(proof),
    versionsInRecords(proof),
  ];
}
