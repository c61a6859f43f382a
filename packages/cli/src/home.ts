import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ArtifactStore } from '@mex/artifacts';
import type { FlightRecorder } from '@mex/flight-recorder';
import type { Host } from '@mex/host';
import type { Registry } from '@mex/registry';
import type { Invocation } from './command.ts';
import { sandboxFiles } from './sandbox-files.ts';
import { noteStuck } from './stuck-threads.ts';
import { usageError } from './usage-error.ts';

/** Path of the flight recorder of a home. */
export function logFile(invocation: Invocation): string {
  return join(resolve(invocation.home), 'log.db');
}

/** Folder of the log's signing key. */
export function keyFolder(invocation: Invocation): string {
  return join(resolve(invocation.home), 'keys');
}

/** Opens the recorder for reading: records nothing and makes nothing. @throws MexError `CLI_HOME_MISSING`, `LOG_…` */
export async function openLog(invocation: Invocation): Promise<FlightRecorder> {
  const file = logFile(invocation);
  requireHome(file, invocation);
  const { openRecorder } = await import('@mex/flight-recorder');
  return openRecorder({ file, readOnly: true });
}

/** Opens the store of a home that exists. @throws MexError `CLI_HOME_MISSING`, `ARTIFACT_…` */
export async function openStore(invocation: Invocation): Promise<ArtifactStore> {
  const dir = join(resolve(invocation.home), 'artifacts');
  requireHome(dir, invocation);
  const { openArtifactStore } = await import('@mex/artifacts');
  return openArtifactStore({ dir });
}

/**
 * The engines of a home, without opening anything else. A home need not exist: the shipped engines are always there. Where
 * the policy cannot be used, the built-in one says whose certificates count: nobody's but the home's own.
 */
export async function openRegistry(invocation: Invocation): Promise<Registry> {
  const [{ openHomeRegistry }, { readPolicyState }, shipped] = await Promise.all([
    import('@mex/host'),
    import('./doctor/policy-state.ts'),
    shippedEngines(),
  ]);
  const home = resolve(invocation.home);
  return openHomeRegistry(home, shipped, (await readPolicyState(home)).policy);
}

/** Everything wired, for commands that change or run something; makes the home when it is missing. `prewarm`: engines it will need. */
export async function openWiredHost(invocation: Invocation, prewarm: readonly string[] = []): Promise<Host> {
  const [{ openHost }, engines] = await Promise.all([import('@mex/host'), shippedEngines()]);
  return openHost({ home: invocation.home, engines, prewarm, ...sandboxFiles() });
}

/** Opens a host of a home that must exist, does something, and closes it whatever happens. */
export async function withHost<T>(invocation: Invocation, use: (host: Host) => Promise<T>): Promise<T> {
  requireHome(logFile(invocation), invocation);
  const host = await openWiredHost(invocation);
  try {
    return await use(host);
  } finally {
    await closeHost(host);
  }
}

/** Ends what runs and closes everything. */
export async function closeHost(host: Host): Promise<void> {
  try {
    const { stuck } = await host.close({ graceMs: 0 });
    noteStuck(stuck);
  } catch (error) {
    const stuck: unknown = error instanceof Error && 'stuck' in error ? error.stuck : [];
    if (Array.isArray(stuck)) noteStuck(stuck);
    throw error;
  }
}

async function shippedEngines() {
  const packages = await Promise.all([
    import('@mex/engine-sbom'),
    import('@mex/engine-vuln'),
    import('@mex/engine-license'),
    import('@mex/engine-secret-scan'),
    import('@mex/engine-context'),
    import('@mex/engine-janitor'),
    import('@mex/engine-wrangler'),
    import('@mex/engine-sandbox'),
  ]);
  return packages.map(({ engine }) => engine);
}

function requireHome(path: string, invocation: Invocation): void {
  if (existsSync(path)) return;
  throw usageError(
    `There is nothing recorded in ${resolve(invocation.home)} yet.`,
    'Run mex scan <path> first, or name another home with --home <dir>.',
    'CLI_HOME_MISSING',
  );
}
