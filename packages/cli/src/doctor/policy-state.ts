import { join } from 'node:path';
import { DEFAULT_POLICY, loadPolicy, type Policy } from '@mex/host';
import { bad, type Finding, wordsOf } from './finding.ts';

export interface PolicyState {
  /** In force; the built-in one where the file cannot be used. */
  readonly policy: Policy;
  readonly valid: boolean;
  readonly source: string;
  readonly sha256: string | undefined;
  readonly problem: Finding | undefined;
}

/** Reads the policy of a home. A file that cannot be used is a finding: the tiers are proven all the same. */
export async function readPolicyState(home: string): Promise<PolicyState> {
  try {
    const { policy, source, sha256 } = await loadPolicy(join(home, 'policy.json'));
    return { policy, valid: true, source, sha256, problem: undefined };
  } catch (thrown) {
    const problem = bad('policy', wordsOf(thrown), 'Correct it, or move it away to use the built-in policy.');
    return { policy: DEFAULT_POLICY, valid: false, source: 'unusable', sha256: undefined, problem };
  }
}
