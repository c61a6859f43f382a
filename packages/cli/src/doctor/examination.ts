import { resolve } from 'node:path';
import type { Registry } from '@mex/registry';
import { certificateFindings } from './certificate-findings.ts';
import { type EngineTier, engineTiers, tiersAskedFor } from './engine-tiers.ts';
import type { Finding } from './finding.ts';
import { homeState } from './home-state.ts';
import { describeMachine, machineFindings } from './machine.ts';
import { policyFindings } from './policy-findings.ts';
import { readPolicyState } from './policy-state.ts';
import { proveTiers, type TierPowers, type TierReport, type TierReports } from './tier-report.ts';

export interface TierVerdict extends TierReport {
  /** Lines of the policy that ask for it. Empty: nothing does. */
  readonly asked_for_by: readonly string[];
}

interface EngineVerdict extends EngineTier {
  /** Its tier was proven just now: it would run. */
  readonly would_run: boolean;
}

/** Everything `mex doctor` found. */
export interface Examination {
  /** Every tier that policy asks for holds, the policy can be used, and the log is what was recorded. */
  readonly ok: boolean;
  readonly intact: boolean;
  readonly tiers: readonly TierVerdict[];
  readonly control: TierReports['control'];
  readonly engines: readonly EngineVerdict[];
  readonly disabled: readonly { readonly engine_id: string; readonly code: string; readonly message: string }[];
  readonly findings: Readonly<Record<'machine' | 'policy' | 'home', readonly Finding[]>>;
}

/** Looks at machine, policy, home and engines, and tries the tiers. Records nothing, and changes nothing. */
export async function examine(homeOption: string, registry: Registry, powers?: TierPowers): Promise<Examination> {
  const home = resolve(homeOption);
  const state = await readPolicyState(home);
  const { tiers, control } = await proveTiers(powers);
  const asked = tiersAskedFor(state.policy);
  const verdicts = tiers.map((tier): TierVerdict => ({ ...tier, asked_for_by: asked.get(tier.tier) ?? [] }));
  const proven = new Set(tiers.filter((tier) => tier.proven).map(({ tier }) => tier));
  const { findings: homeFindings, intact } = await homeState(home);
  const findings = {
    machine: machineFindings(describeMachine()),
    policy: [...(await policyFindings(state, home)), ...certificateFindings(registry, state.policy)],
    home: homeFindings,
  };
  const holds = verdicts.every((tier) => tier.proven || tier.asked_for_by.length === 0);
  const clean = Object.values(findings).every((group) => group.every((finding) => finding.state !== 'bad'));
  return {
    ok: holds && clean && intact,
    intact,
    tiers: verdicts,
    control,
    engines: engineTiers(registry, state.policy).map((engine) => ({ ...engine, would_run: proven.has(engine.tier) })),
    disabled: registry.disabled.map(({ engineId, error }) => ({
      engine_id: engineId,
      code: error.code,
      message: error.message,
    })),
    findings,
  };
}
