import { extname } from 'node:path';
import { DEFAULT_LANES, LanePool } from '../lane-pool.ts';
import { proveRealm } from '../proof/prove-realm.ts';
import type { Job, JobOutcome, SandboxTier } from '../tier.ts';
import { openThread } from './vessel.ts';

export interface ThreadTierOptions {
  /** Worker threads at once; default twice the cores, at least 4. A thread serves one engine. */
  readonly maxThreads?: number;
  /** The worker's first file. Only a bundled application needs to say where it put it. */
  readonly entry?: URL;
}

/** `thread`: piscina workers with a disarmed realm. For engines one trusts not to attack V8 itself. */
export function createThreadTier({ entry, maxThreads = DEFAULT_LANES }: ThreadTierOptions = {}): SandboxTier {
  const file = entry ?? new URL(`./entry${extname(import.meta.url)}`, import.meta.url);
  const lanes = new LanePool((options) => openThread(file, options), maxThreads);
  const run = (job: Job): Promise<JobOutcome> => lanes.run(job);
  return {
    name: 'thread',
    run,
    prove: undefined,
    proveRealm: () => proveRealm('thread', { run }),
    prewarm: (code, memoryBytes) => lanes.prewarm(code, memoryBytes),
    close: () => lanes.close(),
  };
}
