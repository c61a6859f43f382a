import { availableParallelism } from 'node:os';
import { Lane } from './lane.ts';
import type { EngineCode, Job, JobOutcome, TierClosed } from './tier.ts';
import type { OpenVessel } from './vessel.ts';

/** How long closing waits for vessels to end. V8 cannot interrupt every loop of a thread. */
const CLOSE_TIMEOUT_MS = 2_000;
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Waiting {
  readonly job: Job;
  readonly start: (lane: Lane) => void;
  /** Ends the wait with an outcome; the entry is out of the queue. */
  readonly settle: (outcome: JobOutcome) => void;
  readonly abandon: () => void;
}

/** Lanes at once, where nobody says otherwise. */
export const DEFAULT_LANES = Math.max(4, availableParallelism() * 2);

/** The lanes of a tier: which engine has which, and who waits for one. */
export class LanePool {
  private readonly openVessel: OpenVessel;
  private readonly maxLanes: number;
  private readonly perEngine = Math.max(2, availableParallelism());
  private readonly lanes = new Set<Lane>();
  /** Lanes that were told to end and have not ended yet. */
  private readonly ending = new Set<Lane>();
  private readonly waiting: Waiting[] = [];
  private closed = false;

  constructor(openVessel: OpenVessel, maxLanes: number) {
    this.openVessel = openVessel;
    this.maxLanes = maxLanes;
  }

  async run(job: Job): Promise<JobOutcome> {
    const lane = this.start(job);
    if (lane === undefined) return this.enqueue(job);
    return lane instanceof Lane ? this.runOn(lane, job, true) : lane;
  }

  prewarm(code: EngineCode, memoryBytes: number): void {
    if (this.closed || this.lanes.size >= this.maxLanes) return;
    try {
      this.open(code, memoryBytes);
    } catch {
      // A sandbox that cannot be started shows at `run`.
    }
  }

  async close(): Promise<TierClosed> {
    this.closed = true;
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) next.abandon();
    for (const lane of this.lanes) this.retire(lane);
    const all = Promise.all(Array.from(this.ending, (lane) => lane.destroy()));
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    });
    await Promise.race([all, bound]);
    clearTimeout(timer);
    return { stuck: Array.from(this.ending, (lane) => lane.code.engineId) };
  }

  /** A lane for the job, the outcome where there will be none, or `undefined` where it has to wait. */
  private start(job: Job): Lane | JobOutcome | undefined {
    if (this.closed) return gone('The host is shutting down.');
    if (job.signal?.aborted) return gone('The caller cancelled the operation.');
    return this.waiting.length === 0 ? this.tryClaim(job) : undefined;
  }

  /** A lane that cannot be opened is the outcome of the job that asked for it, and of no other. */
  private tryClaim(job: Job): Lane | JobOutcome | undefined {
    try {
      const lane = this.claim(job);
      if (lane !== undefined) lane.busy = true;
      return lane;
    } catch (cause) {
      return { ...gone('The sandbox could not be started.'), reason: 'host_failed', cause };
    }
  }

  private async runOn(lane: Lane, job: Job, mayRetry: boolean): Promise<JobOutcome> {
    const outcome = await lane.run(job);
    if (lane.dead) this.retire(lane);
    if (this.waiting.length > 0) this.dispatch();
    if (outcome !== undefined) return outcome;
    // An earlier job left the realm beyond repair. This one was not begun, and begins again in a fresh lane.
    if (!mayRetry) return { ...gone('The sandbox cannot be used.'), reason: 'crashed' };
    const next = this.start(job);
    if (next === undefined) return this.enqueue(job, false);
    return next instanceof Lane ? this.runOn(next, job, false) : next;
  }

  private open(code: EngineCode, memoryBytes: number): Lane {
    const lane = new Lane(this.openVessel, code, memoryBytes);
    this.lanes.add(lane);
    return lane;
  }

  private retire(lane: Lane): void {
    this.lanes.delete(lane);
    this.ending.add(lane);
    void lane.shutDown().finally(() => this.ending.delete(lane));
  }

  /** An idle lane of the engine, a new one, or one in the place of an idle lane that nobody asks for. */
  private claim({ code, tenant, limits }: Job): Lane | undefined {
    let same = 0;
    let idleSame: Lane | undefined;
    let idleOther: Lane | undefined;
    for (const lane of this.lanes) {
      if (lane.dead) this.retire(lane);
      else if (lane.code.engineId !== code.engineId) {
        if (!lane.busy) idleOther = lane;
      } else {
        if (!lane.busy && fits(lane, code, tenant, limits.memory_bytes)) return lane;
        if (!lane.busy) idleSame = lane;
        same += 1;
      }
    }
    if (same < this.perEngine && this.lanes.size < this.maxLanes) return this.open(code, limits.memory_bytes);
    const victim = same < this.perEngine ? (idleOther ?? idleSame) : idleSame;
    if (victim === undefined) return undefined;
    this.retire(victim);
    return this.open(code, limits.memory_bytes);
  }

  /**
   * Starts what can start: those first whose caller has the fewest sandboxes now, then in order of arrival. A job that
   * finds no lane does not hold up other engines, and a caller who sends many does not hold up others.
   */
  private dispatch(): void {
    const stuck = new Set<string>();
    for (let next = this.fairest(stuck); next !== undefined; next = this.fairest(stuck)) {
      const lane = this.tryClaim(next.job);
      if (lane === undefined) {
        stuck.add(next.job.code.engineId);
        // Each has a busy lane, or all lanes are busy.
        if (stuck.size > this.maxLanes) return;
        continue;
      }
      this.waiting.splice(this.waiting.indexOf(next), 1);
      if (lane instanceof Lane) next.start(lane);
      else next.settle(lane);
    }
  }

  private fairest(stuck: ReadonlySet<string>): Waiting | undefined {
    const busy = new Map<string, number>();
    for (const { tenant, busy: isBusy } of this.lanes)
      if (isBusy && tenant !== undefined) busy.set(tenant, (busy.get(tenant) ?? 0) + 1);
    let found: Waiting | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const waiting of this.waiting) {
      if (stuck.has(waiting.job.code.engineId)) continue;
      const count = busy.get(waiting.job.tenant) ?? 0;
      if (count >= least) continue;
      found = waiting;
      least = count;
      if (count === 0) break;
    }
    return found;
  }

  private enqueue(job: Job, mayRetry = true): Promise<JobOutcome> {
    return new Promise((resolve) => {
      const settle = (outcome: JobOutcome): void => {
        stopWaiting();
        resolve(outcome);
      };
      const leave = (outcome: JobOutcome): void => {
        const at = this.waiting.indexOf(entry);
        if (at < 0) return;
        this.waiting.splice(at, 1);
        settle(outcome);
      };
      const onAbort = (): void => leave(gone('The caller cancelled the operation.'));
      const patience = setTimeout(
        () => leave({ ...gone('No sandbox became free in time.'), reason: 'busy' }),
        Math.min(job.limits.wall_time_ms, MAX_TIMER_MS),
      );
      const stopWaiting = (): void => {
        clearTimeout(patience);
        job.signal?.removeEventListener('abort', onAbort);
      };
      const entry: Waiting = {
        job,
        start: (lane) => {
          stopWaiting();
          void this.runOn(lane, job, mayRetry).then(resolve);
        },
        settle,
        abandon: () => leave(gone('The host is shutting down.')),
      };
      this.waiting.push(entry);
      job.signal?.addEventListener('abort', onAbort, { once: true });
      this.dispatch();
    });
  }
}

function fits(lane: Lane, code: EngineCode, tenant: string, memoryBytes: number): boolean {
  const isTheirs = lane.tenant === undefined || lane.tenant === tenant;
  return isTheirs && lane.code.sha256 === code.sha256 && lane.memoryBytes === memoryBytes;
}

function gone(detail: string): JobOutcome & { kind: 'killed' } {
  return { kind: 'killed', reason: 'cancelled', detail, usage: { wallMs: 0, cpuMs: 0, memoryBytes: 0 } };
}
