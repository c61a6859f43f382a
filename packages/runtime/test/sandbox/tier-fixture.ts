import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findJailTools } from '../../src/sandbox/jail/requirements.ts';
import { createProcessTier } from '../../src/sandbox/process/host.ts';
import { createThreadTier } from '../../src/sandbox/thread/host.ts';
import type { Job, JobOutcome, SandboxTier, TierLimits } from '../../src/sandbox/tier.ts';
import { buildProgram } from '../escape/program-build.ts';

export const MIB = 1024 * 1024;
const LIMITS: TierLimits = { wall_time_ms: 10_000, cpu_time_ms: 10_000, memory_bytes: 128 * MIB };

let lastSession = 0;

/** A bundle with these operations: name → the body of `async (context, params) => { … }`. */
export function bundle(bodies: Readonly<Record<string, string>>, before = ''): string {
  const operations = Object.entries(bodies).map(
    ([name, body]) => `${JSON.stringify(name)}: { run: async (context, params) => { ${body} } }`,
  );
  return `${before}; __mex_register__({ operations: { ${operations.join(',')} } });`;
}

export interface JobOptions {
  readonly limits?: Partial<TierLimits>;
  readonly signal?: AbortSignal;
  readonly onCall?: Job['onCall'];
  readonly engineId?: string;
  readonly tenant?: string;
  readonly determinism?: string;
  readonly inputs?: readonly object[];
}

export function makeJob(text: string, operation: string, options: JobOptions = {}): Job {
  lastSession += 1;
  const session = lastSession;
  return {
    opId: `op-${session}`,
    session,
    tenant: options.tenant ?? 'me',
    code: { engineId: options.engineId ?? 'engine.test.lane', sha256: text, text },
    request: JSON.stringify({
      session,
      op_id: `op-${session}`,
      operation,
      determinism: options.determinism ?? 'D3',
      now_ms: 0,
      seed: '0'.repeat(64),
      params: {},
      inputs: options.inputs ?? [],
    }),
    limits: { ...LIMITS, ...options.limits },
    onCall: options.onCall ?? answerNothing,
    signal: options.signal,
  };
}

const answerNothing: Job['onCall'] = ({ text }) => {
  const { session, id } = readCall(text);
  return Promise.resolve({ text: JSON.stringify({ session, id, ok: true }) });
};

export function readCall(text: string): { session: number; id: number } {
  const call: unknown = JSON.parse(text);
  const { session, id } = Object(call) as Record<string, unknown>;
  return { session: Number(session), id: Number(id) };
}

/** `replied`, or why it was killed. */
export function endOf(outcome: JobOutcome): string {
  return outcome.kind === 'replied' ? 'replied' : outcome.reason;
}

/** The reply, parsed. @throws when the job was killed */
export function replyOf(outcome: JobOutcome): Record<string, unknown> {
  if (outcome.kind !== 'replied') throw new Error(`killed: ${outcome.reason} ${outcome.detail}`);
  return Object(JSON.parse(outcome.text) as unknown) as Record<string, unknown>;
}

export type Kind = 'thread' | 'process';

const jail = findJailTools();
/** The tiers this machine can have. */
export const KINDS: readonly Kind[] = 'missing' in jail ? ['thread'] : ['thread', 'process'];
/** For the name of a test that cannot run here. */
export const NO_JAIL = 'missing' in jail ? jail.missing : undefined;

export interface TierOptions {
  readonly max?: number;
  /** First file of the engine's side, in place of MEX's own. */
  readonly entry?: URL;
}

let program: Promise<URL> | undefined;

/** The process tier is built from the sources of today. */
export async function createTier(kind: Kind, { max = 2, entry }: TierOptions = {}): Promise<SandboxTier> {
  if (kind === 'thread') return createThreadTier({ maxThreads: max, ...(entry === undefined ? {} : { entry }) });
  program ??= buildProgram('src/sandbox/process/entry.ts', mkdtempSync(join(tmpdir(), 'mex-tier-')));
  const tier = createProcessTier({ maxProcesses: max, program: entry ?? (await program) });
  if (tier === undefined) throw new Error('this machine has no jail');
  return tier;
}

export async function withTier<T>(
  kind: Kind,
  use: (tier: SandboxTier) => Promise<T>,
  options: TierOptions = {},
): Promise<T> {
  const tier = await createTier(kind, options);
  try {
    return await use(tier);
  } finally {
    await tier.close();
  }
}

/** How long something takes, in ms. */
export async function timed<T>(work: Promise<T>): Promise<{ value: T; ms: number }> {
  const before = performance.now();
  return { value: await work, ms: performance.now() - before };
}
