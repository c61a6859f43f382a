import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import type { EngineCode, Job, JobOutcome, SandboxTier } from '../tier.ts';
import { Lane } from './lane.ts';

export interface ThreadTierOptions {
  /** Worker threads at once; default twice the cores, at least 4. A thread serves one engine. */
  readonly maxThreads?: number;
  /** The worker's first file. Only a bundled application needs to say where it put it. */
  readonly entry?: URL;
}

interface Waiting {
  readonly job: Job;
  readonly key: string;
  readonly start: (lane: Lane) => void;
  readonly abandon: () => void;
}

/** `thread`: piscina workers with a disarmed realm. For engines one trusts not to attack V8 itself. */
export function createThreadTier(options: ThreadTierOptions = {}): SandboxTier {
  const entry = options.entry ?? new URL(`./entry${extname(import.meta.url)}`, import.meta.url);
  const maxLanes = options.maxThreads ?? Math.max(4, availableParallelism() * 2);
  const perEngine = Math.max(2, availableParallelism());
  const lanes = new Set<Lane>();
  const waiting: Waiting[] = [];
  let closed = false;

  const keyOf = (code: EngineCode, memoryBytes: number): string => `${code.sha256}:${memoryBytes}`;

  const open = (code: EngineCode, memoryBytes: number): Lane => {
    const lane = new Lane(keyOf(code, memoryBytes), entry, code, memoryBytes);
    lanes.add(lane);
    return lane;
  };

  /** An idle lane of the engine, a new one, or one in the place of another engine's idle lane. */
  const claim = (job: Job): Lane | undefined => {
    const key = keyOf(job.code, job.limits.memory_bytes);
    let idle: Lane | undefined;
    let same = 0;
    for (const lane of lanes) {
      if (lane.dead) lanes.delete(lane);
      else if (lane.key === key) {
        if (!lane.busy) return lane;
        same += 1;
      } else if (!lane.busy) idle = lane;
    }
    if (same >= perEngine) return undefined;
    if (lanes.size < maxLanes) return open(job.code, job.limits.memory_bytes);
    if (idle === undefined) return undefined;
    lanes.delete(idle);
    void idle.destroy();
    return open(job.code, job.limits.memory_bytes);
  };

  /** Starts what can start, in order of arrival; a job that finds no lane does not hold up other engines. */
  const dispatch = (): void => {
    const stuck = new Set<string>();
    for (let i = 0; i < waiting.length; i += 1) {
      const next = waiting[i];
      if (next === undefined || stuck.has(next.key)) continue;
      const lane = claim(next.job);
      if (lane === undefined) {
        stuck.add(next.key);
        if (stuck.size > maxLanes) return;
        continue;
      }
      waiting.splice(i, 1);
      i -= 1;
      lane.busy = true;
      next.start(lane);
    }
  };

  const enqueue = (job: Job): Promise<JobOutcome> =>
    new Promise((resolve) => {
      const leave = (detail: string): void => {
        const at = waiting.indexOf(entryOf);
        if (at < 0) return;
        waiting.splice(at, 1);
        resolve(gone(detail));
      };
      const onAbort = (): void => leave('The caller cancelled the operation.');
      const entryOf: Waiting = {
        job,
        key: keyOf(job.code, job.limits.memory_bytes),
        start: (lane) => {
          job.signal?.removeEventListener('abort', onAbort);
          void runOn(lane, job).then(resolve);
        },
        abandon: () => leave('The host is shutting down.'),
      };
      waiting.push(entryOf);
      job.signal?.addEventListener('abort', onAbort, { once: true });
      dispatch();
    });

  const runOn = async (lane: Lane, job: Job): Promise<JobOutcome> => {
    const outcome = await lane.run(job);
    if (lane.dead) lanes.delete(lane);
    if (waiting.length > 0) dispatch();
    return outcome;
  };

  return {
    name: 'thread',
    async run(job) {
      if (closed) return gone('The host is shutting down.');
      if (job.signal?.aborted) return gone('The caller cancelled the operation.');
      const lane = waiting.length === 0 ? claim(job) : undefined;
      if (lane === undefined) return enqueue(job);
      lane.busy = true;
      return runOn(lane, job);
    },
    prewarm(code, memoryBytes) {
      if (!closed && lanes.size < maxLanes) open(code, memoryBytes);
    },
    async close() {
      closed = true;
      for (const entryOf of [...waiting]) entryOf.abandon();
      await Promise.all(Array.from(lanes, (lane) => lane.destroy()));
      lanes.clear();
    },
  };
}

function gone(detail: string): JobOutcome {
  return { kind: 'killed', reason: 'cancelled', detail, usage: { wallMs: 0, cpuMs: 0, memoryBytes: 0 } };
}
