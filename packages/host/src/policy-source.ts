import type { PolicyFacts } from '@mex/gates';
import type { Consents } from '@mex/governance';
import type { PolicySource } from '@mex/runtime';
import type { LoadedPolicy } from './policy.ts';

/**
 * The operator's policy as the runtime asks for it. The envelope may choose among the profiles the operator gave
 * its caller; it can never name one beyond them (CONTRACT §2, §7).
 */
export function createPolicySource(
  { policy, sha256 }: LoadedPolicy,
  consents: Pick<Consents, 'facts' | 'isLive'>,
): PolicySource {
  const facts = (profileId: string, profile: readonly string[] | undefined): PolicyFacts => ({
    profile,
    profileId,
    denied: policy.deniedCapabilities,
    allowUncertified: policy.allowUncertified,
    requireRunBudget: policy.requireRunBudget,
    ceilings: policy.ceilings,
    sha256,
  });
  const profileOf = (id: string): readonly string[] | undefined =>
    Object.hasOwn(policy.profiles, id) ? policy.profiles[id] : undefined;
  return {
    policyFor(operation, caller) {
      const own =
        caller !== undefined && Object.hasOwn(policy.callers, caller.id) ? policy.callers[caller.id] : undefined;
      const allowed = own ?? [policy.defaultProfile];
      const wanted = operation.context?.capability_profile_id ?? allowed[0] ?? policy.defaultProfile;
      return facts(wanted, allowed.includes(wanted) ? profileOf(wanted) : undefined);
    },
    tierFor: () => policy.tier,
    consents: consents.facts,
    isConsentLive: consents.isLive,
  };
}
