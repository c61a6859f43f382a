import type { PolicyFacts } from '@mex/gates';
import type { Consents } from '@mex/governance';
import type { RegisteredEngine } from '@mex/registry';
import type { PolicySource } from '@mex/runtime';
import type { LoadedPolicy, TierName, TierPolicy } from './policy.ts';

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
    tierFor: (engine) => chooseTier(policy.tiers, engine),
    consents: consents.facts,
    isConsentLive: consents.isLive,
  };
}

/** An engine is trusted when the application brought it along, or when its certificate was checked. */
export function chooseTier(
  { engines, trusted, untrusted }: TierPolicy,
  engine: Pick<RegisteredEngine, 'manifest' | 'origin' | 'certificate'>,
): TierName {
  const { engine_id } = engine.manifest;
  const named = Object.hasOwn(engines, engine_id) ? engines[engine_id] : undefined;
  return named ?? (engine.origin === 'shipped' || engine.certificate !== 'absent' ? trusted : untrusted);
}
