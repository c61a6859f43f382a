import type { Policy } from '@mex/host';
import type { RegisteredEngine } from '@mex/registry';
import { findJailTools, TIER_PROMISES } from '@mex/runtime';

/** A tier by its name, as policy files have it. */
export type TierName = Policy['tiers']['trusted'];

export interface TierChoice {
  readonly tier: TierName;
  /** Which line of the policy says so, and why it applies to this engine. */
  readonly why: string;
}

/** Which tier the policy gives an engine, and by what right: as the host chooses, with the reason (CONTRACT §9). */
export function explainTier(
  { engines, trusted, untrusted }: Policy['tiers'],
  { manifest, origin, certificate }: Pick<RegisteredEngine, 'manifest' | 'origin' | 'certificate'>,
): TierChoice {
  const named = Object.hasOwn(engines, manifest.engine_id) ? engines[manifest.engine_id] : undefined;
  if (named !== undefined) return { tier: named, why: 'named in engine_tiers of the policy' };
  if (origin === 'shipped') return { tier: trusted, why: 'shipped with MEX: tiers.trusted' };
  // A certificate is only there when it was checked.
  if (certificate !== 'absent') return { tier: trusted, why: 'certified: tiers.trusted' };
  return { tier: untrusted, why: 'added, and nobody vouches for it: tiers.untrusted' };
}

/** The tier of an engine as lists and pages show it. */
export interface TierStanding extends TierChoice {
  /** What it promises, and what not. */
  readonly promises: readonly string[];
  /** What this machine obviously lacks for it. Whether the tier holds is for `mex doctor` to prove. */
  readonly missing?: string;
}

/** The tier an engine would run in here, without trying it. */
export function tierStanding(policy: Policy['tiers'], engine: Parameters<typeof explainTier>[1]): TierStanding {
  const choice = explainTier(policy, engine);
  const missing = lackingFor(choice.tier);
  return { ...choice, promises: TIER_PROMISES[choice.tier], ...(missing === undefined ? {} : { missing }) };
}

function lackingFor(tier: TierName): string | undefined {
  if (tier === 'wasm') return 'This version of MEX has no wasm tier.';
  const tools = tier === 'process' ? findJailTools() : undefined;
  return tools !== undefined && 'missing' in tools ? tools.missing : undefined;
}
