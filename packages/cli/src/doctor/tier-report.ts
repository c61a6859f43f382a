import {
  createProcessTier,
  createThreadTier,
  findJailTools,
  type ProofControl,
  runProofControl,
  type SandboxTier,
  TIER_PROMISES,
  type TierProof,
} from '@mex/runtime';
import { sandboxFiles } from '../sandbox-files.ts';
import { jailRemedy } from './machine.ts';
import type { TierName } from './tier-choice.ts';

/** One attempt to get out of a tier, and what became of it. */
export interface AttemptReport {
  readonly name: string;
  readonly stopped: boolean;
  /** An error code from inside, or what was seen. */
  readonly by: string;
  /** What the same attempt does in an ordinary process of this machine. */
  readonly without_sandbox: 'gets through' | 'fails too' | 'not tried' | 'seen from outside';
}

/** A wall that was tried. `jail`: what the kernel holds, around a bare Node. `realm`: the disarmed JavaScript world. */
export interface WallReport {
  readonly wall: 'jail' | 'realm';
  readonly held: boolean;
  readonly attempts: readonly AttemptReport[];
  readonly failure?: string;
  readonly ms: number;
}

export interface TierReport {
  readonly tier: TierName;
  /** Every wall was tried just now, and stopped every attempt. */
  readonly proven: boolean;
  readonly walls: readonly WallReport[];
  /** Why it is not available, where it is not. */
  readonly missing?: string;
  readonly remedy?: string;
  readonly promises: readonly string[];
}

export interface TierReports {
  readonly tiers: readonly TierReport[];
  readonly control: { readonly ran: boolean; readonly failure?: string; readonly ms: number };
}

/** What makes the tiers; tests put others in. */
export interface TierPowers {
  readonly createThread: () => SandboxTier;
  readonly createProcess: () => SandboxTier | undefined;
  readonly findTools: typeof findJailTools;
  readonly control: () => Promise<ProofControl>;
}

const OWN: TierPowers = {
  createThread: () => {
    const { threadEntry: entry } = sandboxFiles();
    return createThreadTier(entry === undefined ? {} : { entry });
  },
  createProcess: () => {
    const { processProgram: program } = sandboxFiles();
    return createProcessTier(program === undefined ? {} : { program });
  },
  findTools: findJailTools,
  control: runProofControl,
};

/** Tries every tier on this machine, one after another, and the same attempts without any. Never rejects. */
export async function proveTiers(powers: TierPowers = OWN): Promise<TierReports> {
  const control = await powers.control();
  const thread = await proveThread(powers.createThread(), control);
  const sandboxed = await proveProcess(powers, control);
  const wasm: TierReport = {
    tier: 'wasm',
    proven: false,
    walls: [],
    missing: 'This version of MEX has no wasm tier.',
    remedy: 'Name "process" or "thread" in the policy.',
    promises: [],
  };
  const { failure, ms } = control;
  return {
    tiers: [thread, sandboxed, wasm],
    control: { ran: failure === undefined, ms: Math.round(ms), ...(failure === undefined ? {} : { failure }) },
  };
}

async function proveThread(tier: SandboxTier, control: ProofControl): Promise<TierReport> {
  try {
    return concludeTier('thread', [wallOf('realm', await tier.proveRealm(), control)]);
  } finally {
    await tier.close();
  }
}

async function proveProcess(powers: TierPowers, control: ProofControl): Promise<TierReport> {
  const tools = powers.findTools();
  if ('missing' in tools) return unavailable(tools.missing, tools.remedy);
  const tier = powers.createProcess();
  if (tier === undefined) return unavailable('The process tier could not be made.', jailRemedy());
  try {
    const proof = await tier.prove?.();
    if (proof === undefined) return unavailable('The process tier has no proof of its jail.', jailRemedy());
    const jail = wallOf('jail', proof, control);
    // In a jail that does not come to be nothing can be tried.
    if (!jail.held) return concludeTier('process', [jail]);
    return concludeTier('process', [jail, wallOf('realm', await tier.proveRealm(), control)]);
  } finally {
    await tier.close();
  }
}

function unavailable(missing: string, remedy: string): TierReport {
  return { tier: 'process', proven: false, walls: [], missing, remedy, promises: TIER_PROMISES.process };
}

function concludeTier(tier: 'thread' | 'process', walls: readonly WallReport[]): TierReport {
  const broken = walls.find((wall) => !wall.held);
  const report = { tier, walls, promises: TIER_PROMISES[tier] };
  if (broken === undefined) return { ...report, proven: true };
  const escaped = broken.attempts.filter((attempt) => !attempt.stopped).map((attempt) => attempt.name);
  const missing =
    broken.failure === undefined
      ? `Its ${broken.wall} does not hold: it did not stop: ${escaped.join('; ') || 'attempts that were not made'}.`
      : `Its ${broken.wall} could not be tried: ${broken.failure}.`;
  const remedy =
    broken.wall === 'jail'
      ? jailRemedy()
      : 'Do not run engines in it, and report this with the output of: mex doctor --format json';
  return { ...report, proven: false, missing, remedy };
}

function wallOf(wall: WallReport['wall'], proof: TierProof, control: ProofControl): WallReport {
  const plain = new Map(control[wall].map((attempt) => [attempt.name, attempt.worked]));
  const { held, attempts, failure, ms } = proof;
  return {
    wall,
    held,
    attempts: attempts.map(({ name, stopped, detail }) => ({
      name,
      stopped,
      by: detail === '' ? 'nothing seen' : detail,
      without_sandbox: withoutSandbox(name, plain.get(name)),
    })),
    ...(failure === undefined ? {} : { failure }),
    ms: Math.round(ms),
  };
}

function withoutSandbox(name: string, worked: boolean | undefined): AttemptReport['without_sandbox'] {
  if (name.startsWith('outside: ')) return 'seen from outside';
  if (worked === undefined) return 'not tried';
  return worked ? 'gets through' : 'fails too';
}
