import type { PlannedOperation } from '@mex/envelope';
import type { PolicyFacts } from '@mex/gates';
import type { Consents } from '@mex/governance';
import { isCertified, type RegisteredEngine } from '@mex/registry';
import type { PolicySource } from '@mex/runtime';
import type { LoadedPolicy, Policy, TierName, TierPolicy } from './policy.ts';

/**
 * The operator's policy as the runtime asks for it. The envelope may choose among the profiles the operator gave
 * its caller; it can never name one beyond them (CONTRACT §2, §7).
 */
export function createPolicySource(
  { policy, sha256 }: LoadedPolicy,
  consents: Pick<Consents, 'facts' | 'findFor' | 'isLive'>,
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
      const found = facts(wanted, allowed.includes(wanted) ? profileOf(wanted) : undefined);
      const unnamed = caller === undefined ? [] : findUnnamed(operation, caller.id, consents);
      return unnamed.length === 0 ? found : { ...found, unnamedConsents: unnamed };
    },
    tierFor: (engine, now) => chooseTier(policy.tiers, engine, now).tier,
    implementationFor: (engineId) => chooseImplementation(policy, engineId),
    consents: consents.facts,
    isConsentLive: consents.isLive,
  };
}

/** Consents that would do, were they named. Costs a look only where a capability needs one. */
function findUnnamed(
  { capabilities_requested, context }: PlannedOperation,
  actorId: string,
  consents: Pick<Consents, 'facts' | 'findFor'>,
): string[] {
  const named = context?.consent_refs ?? [];
  const found = consents.findFor(actorId, capabilities_requested).filter((id) => !named.includes(id));
  // What the log does not prove would not help.
  return found.length === 0 ? found : consents.facts(found).map(({ consentId }) => consentId);
}

/** The implementation that policy names for an engine; `undefined`: its own. */
export function chooseImplementation({ implementations = {} }: Policy, engineId: string): string | undefined {
  return Object.hasOwn(implementations, engineId) ? implementations[engineId] : undefined;
}

/** The tier of an engine, and by what right. */
export interface TierChoice {
  readonly tier: TierName;
  /** Which line of the policy says so, and why it applies to this engine. */
  readonly why: string;
}

/**
 * Which tier the policy gives an engine (CONTRACT §9). It is trusted when the application brought it along, or when a
 * certificate is in force that was made in that tier; never when its certificate is refused or over.
 * @param now ms since 1970
 */
export function chooseTier(
  { engines, trusted, untrusted }: TierPolicy,
  { manifest, origin, certificate }: Pick<RegisteredEngine, 'manifest' | 'origin' | 'certificate'>,
  now: number = Date.now(),
): TierChoice {
  const named = Object.hasOwn(engines, manifest.engine_id) ? engines[manifest.engine_id] : undefined;
  if (named !== undefined) return { tier: named, why: 'named in engine_tiers of the policy' };
  if (manifest.webassembly !== undefined)
    return { tier: 'process', why: 'it runs WebAssembly, which only the process tier serves' };
  if (certificate.state !== 'absent' && !isCertified(certificate, now))
    return { tier: untrusted, why: 'its certificate does not count: tiers.untrusted' };
  if (origin === 'shipped') return { tier: trusted, why: 'shipped with MEX: tiers.trusted' };
  if (certificate.state === 'absent')
    return { tier: untrusted, why: 'added, and nobody vouches for it: tiers.untrusted' };
  if (trusted !== untrusted && !certificate.tiers.includes(trusted))
    return { tier: untrusted, why: `certified, but not in the ${trusted} tier: tiers.untrusted` };
  return { tier: trusted, why: 'certified: tiers.trusted' };
}

/**
 * Whether code of an engine may be loaded before any operation of it was checked. What G-INTEGRITY would deny is never
 * started, not even to be ready.
 */
export function mayStart(
  { allowUncertified }: Pick<Policy, 'allowUncertified'>,
  { certificate }: Pick<RegisteredEngine, 'certificate'>,
  now: number = Date.now(),
): boolean {
  return certificate.state === 'absent' ? allowUncertified : isCertified(certificate, now);
}
