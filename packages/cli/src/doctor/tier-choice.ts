import { chooseTier, type Policy, type TierChoice } from '@mex/host';
import { findJailTools, TIER_PROMISES } from '@mex/runtime';

/** A tier by its name, as policy files have it. */
export type TierName = Policy['tiers']['trusted'];

/** The tier of an engine as lists and pages show it. */
export interface TierStanding extends TierChoice {
  /** What it promises, and what not. */
  readonly promises: readonly string[];
  /** What this machine obviously lacks for it. Whether the tier holds is for `mex doctor` to prove. */
  readonly missing?: string;
}

/** The tier an engine would run in here, without trying it. */
export function tierStanding(policy: Policy['tiers'], engine: Parameters<typeof chooseTier>[1]): TierStanding {
  const choice = chooseTier(policy, engine);
  const missing = lackingFor(choice.tier);
  return { ...choice, promises: TIER_PROMISES[choice.tier], ...(missing === undefined ? {} : { missing }) };
}

function lackingFor(tier: TierName): string | undefined {
  if (tier === 'wasm') return 'This version of MEX has no wasm tier.';
  const tools = tier === 'process' ? findJailTools() : undefined;
  return tools !== undefined && 'missing' in tools ? tools.missing : undefined;
}
