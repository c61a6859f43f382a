import { chooseTier, type Policy } from '@mex/host';
import type { Registry } from '@mex/registry';
import type { TierName } from './tier-choice.ts';

/** An engine, the tier that policy gives it, and by what right. */
export interface EngineTier {
  readonly engine_id: string;
  readonly engine_version: string;
  readonly tier: TierName;
  readonly why: string;
}

export function engineTiers(registry: Registry, policy: Policy): EngineTier[] {
  return registry.engines.map((engine) => ({
    engine_id: engine.manifest.engine_id,
    engine_version: engine.manifest.engine_version,
    ...chooseTier(policy.tiers, engine),
  }));
}

/** Who asks for each tier: lines of the policy, whether or not an engine needs them today. */
export function tiersAskedFor(policy: Policy): ReadonlyMap<TierName, readonly string[]> {
  const asked = new Map<TierName, string[]>();
  const ask = (tier: TierName, by: string): void => {
    asked.set(tier, [...(asked.get(tier) ?? []), by]);
  };
  ask(policy.tiers.trusted, 'tiers.trusted: engines shipped with MEX, or certified');
  ask(policy.tiers.untrusted, 'tiers.untrusted: all other engines');
  for (const [engineId, tier] of Object.entries(policy.tiers.engines)) ask(tier, `engine_tiers: ${engineId}`);
  // External programs have no other tier (CONTRACT §9).
  if (Object.keys(policy.tools).length > 0) ask('process', 'tools: external programs');
  return asked;
}
