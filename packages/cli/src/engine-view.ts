import { resolve } from 'node:path';
import type { RegisteredEngine } from '@mex/registry';
import { describeCapability } from './capability-words.ts';
import { certificateFacts } from './certificate-view.ts';
import type { Invocation } from './command.ts';
import { readPolicyState } from './doctor/policy-state.ts';
import { type TierStanding, tierStanding } from './doctor/tier-choice.ts';
import { hint } from './output/hint.ts';
import { bold, dim, type Piece, red } from './output/style.ts';
import type { Terminal } from './output/terminal.ts';

/** The facts of an engine as the JSON documents have them. */
export function engineFacts({ manifest, origin, certificate }: RegisteredEngine) {
  return {
    engine_id: manifest.engine_id,
    engine_version: manifest.engine_version,
    title: manifest.title,
    origin,
    certificate: certificateFacts(certificate),
    operations: Object.keys(manifest.operations),
    capabilities: capabilitiesOf(manifest),
    bundle_sha256: manifest.bundle.sha256,
  };
}

/** Which tier each engine would run in under the policy of this home, and what that promises (CONTRACT §9). */
export async function tierStandings(
  invocation: Invocation,
): Promise<{ of: (engine: RegisteredEngine) => TierStanding; problem: string | undefined }> {
  const { policy, problem } = await readPolicyState(resolve(invocation.home));
  return { of: (engine) => tierStanding(policy.tiers, engine), problem: problem?.text };
}

/** The tier's name, with a word where it is not there. */
export function tierPiece({ tier, missing }: TierStanding): Piece {
  return missing === undefined ? tier : red(`${tier}: not available`);
}

/** The tier of one engine, why it is that one, and what it promises. */
export function printTier(terminal: Terminal, invocation: Invocation, standing: TierStanding): void {
  const { tier, why, missing, promises } = standing;
  terminal.line(bold('It runs in'), ` the ${tier} tier  `, dim(why));
  if (missing !== undefined) terminal.line(red('  not available, so denied: '), missing);
  for (const promise of promises) terminal.line(dim('  · '), promise);
  terminal.line(dim('  Proven live by: '), hint(invocation, 'mex doctor'));
}

/** Every capability that an operation of the engine may ask for, each once. */
export function capabilitiesOf(manifest: RegisteredEngine['manifest']): string[] {
  return [...new Set(Object.values(manifest.operations).flatMap((operation) => operation.capabilities))].sort();
}

/** What an engine may do, in words. */
export function printCapabilities(terminal: Terminal, manifest: RegisteredEngine['manifest']): void {
  const capabilities = capabilitiesOf(manifest);
  terminal.line(
    bold('It may'),
    capabilities.length === 0 ? ' use nothing at all' : ', where policy and request allow it:',
  );
  terminal.table(
    capabilities.map((id): Piece[] => [id, dim(describeCapability(id))]),
    { indent: 2 },
  );
}
