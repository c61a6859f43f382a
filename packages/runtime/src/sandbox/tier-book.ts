import { clipText } from '@mex/envelope';
import { type Jailed, type JailSpec, launchJailed } from './jail/launch.ts';
import { findJailTools } from './jail/requirements.ts';
import type { TierProof } from './proof/proof.ts';
import type { SandboxTier } from './tier.ts';

/** Why a tier may not be used here. */
export interface TierRefusal {
  readonly reason: string;
  readonly remedy: string;
}

/**
 * The tiers of a runtime and whether they may be used. One that rests on the machine is proven live, once, before
 * anything runs in it: what does not hold is not available, and never replaced by a weaker one (CONTRACT §9).
 */
export class TierBook {
  private readonly tiers: ReadonlyMap<string, SandboxTier>;
  private readonly onProof: (proof: TierProof) => void;
  private readonly proofs = new Map<string, Promise<TierProof>>();

  constructor(tiers: readonly SandboxTier[], onProof: (proof: TierProof) => void) {
    this.tiers = new Map(tiers.map((tier) => [tier.name, tier]));
    this.onProof = onProof;
  }

  get all(): Iterable<SandboxTier> {
    return this.tiers.values();
  }

  /** The tier, if it may be used now. @param memoryBytes of the operation that asks: a sandbox is started meanwhile */
  async find(name: string, memoryBytes?: number): Promise<SandboxTier | TierRefusal> {
    const tier = this.tiers.get(name);
    if (tier === undefined) return this.missing(name);
    if (memoryBytes !== undefined && !this.proofs.has(name)) tier.spare?.(memoryBytes);
    const proof = await this.prove(tier);
    if (proof === undefined || proof.held) return tier;
    const escaped = proof.attempts.filter((attempt) => !attempt.stopped).map((attempt) => attempt.name);
    // What failed in the host may name its files: that is for the event and for `mex doctor`.
    const why =
      proof.failure === undefined
        ? `it did not stop: ${escaped.join('; ') || 'attempts that were not made'}`
        : 'it could not be tried';
    return {
      reason: clipText(`The ${name} tier does not hold on this machine: ${why}.`, 1_000),
      remedy: 'Run `mex doctor`: it says what is missing and how to get it.',
    };
  }

  /** Starts jails for external programs, where the process tier holds. */
  readonly jail = async (): Promise<((spec: JailSpec) => Jailed) | undefined> => {
    const tools = findJailTools();
    const found = 'missing' in tools ? undefined : await this.find('process');
    return found === undefined || 'missing' in tools || 'reason' in found
      ? undefined
      : (spec) => launchJailed(tools, spec);
  };

  private prove(tier: SandboxTier): Promise<TierProof> | undefined {
    if (tier.prove === undefined) return undefined;
    let proof = this.proofs.get(tier.name);
    if (proof === undefined) {
      proof = tier.prove();
      this.proofs.set(tier.name, proof);
      void proof.then((made) => {
        // What could not be tried is no answer for ever.
        if (made.failure !== undefined) this.proofs.delete(tier.name);
        this.onProof(made);
      });
    }
    return proof;
  }

  private missing(name: string): TierRefusal {
    const available = `Available: ${[...this.tiers.keys()].join(', ') || 'none'}.`;
    const tools = name === 'process' ? findJailTools() : undefined;
    if (tools !== undefined && 'missing' in tools) {
      return { reason: `The process tier is not available here: ${tools.missing}`, remedy: tools.remedy };
    }
    return {
      reason: `Policy asks for the ${name} tier, which is not available here.`,
      remedy: `${available} Change the policy, or run where the tier is available.`,
    };
  }
}
