import { tmpdir } from 'node:os';
import { findJailTools } from '../../src/sandbox/jail/requirements.ts';
import { createProcessTier } from '../../src/sandbox/process/host.ts';
import { createThreadTier } from '../../src/sandbox/thread/host.ts';
import type { SandboxTier } from '../../src/sandbox/tier.ts';
import type { ProtectedTier } from './attempt.ts';
import { createPlainTier } from './plain-tier.ts';
import { buildProgram } from './program-build.ts';

/** `plain`: an unprotected worker, the control. `…-open`: the tier with its realm broken open; in a process, with none. */
export type TierUnderTest = 'plain' | 'thread' | 'thread-open' | 'process' | 'process-open';

const CREATE: Readonly<Record<TierUnderTest, () => SandboxTier | Promise<SandboxTier>>> = {
  plain: () => createPlainTier(),
  thread: () => createThreadTier({ maxThreads: 4 }),
  'thread-open': () => createThreadTier({ maxThreads: 4, entry: new URL('./open-entry.ts', import.meta.url) }),
  process: () => processTier('src/sandbox/process/entry.ts'),
  'process-open': () => processTier('test/escape/jailed-plain-entry.ts'),
};

async function processTier(entry: string): Promise<SandboxTier> {
  const tier = createProcessTier({ maxProcesses: 4, program: await buildProgram(entry, tmpdir()) });
  if (tier === undefined) throw new Error('this machine has no jail');
  return tier;
}

export async function createTier(name: string | undefined): Promise<SandboxTier> {
  for (const [known, create] of Object.entries(CREATE)) if (known === name) return create();
  throw new Error(`no tier ${name}`);
}

export interface Tested {
  readonly tier: ProtectedTier;
  readonly whole: TierUnderTest;
  readonly open: TierUnderTest;
}

/** The tiers whose promises are tested. */
export const TIERS_UNDER_TEST: Readonly<Record<ProtectedTier, Tested>> = {
  thread: { tier: 'thread', whole: 'thread', open: 'thread-open' },
  process: { tier: 'process', whole: 'process', open: 'process-open' },
};

const tools = findJailTools();
/** Why a tier cannot be tested on this machine; `undefined` where it can. */
export function missingFor(tier: ProtectedTier): string | undefined {
  return tier === 'process' && 'missing' in tools ? tools.missing : undefined;
}
