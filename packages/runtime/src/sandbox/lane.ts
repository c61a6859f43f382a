import { CallChannel } from './call-channel.ts';
import { REALM_SPOILT } from './protocol.ts';
import type { EngineCode, Job, JobOutcome, KillReason, TierUsage } from './tier.ts';
import { type JobBase, type OpenVessel, type Vessel, VesselBroken } from './vessel.ts';

/** A job younger than this is not sampled; most are over by then. */
const SAMPLE_MS = 20;
/** For a bundle that nobody waits for yet. */
const LOAD_TIMEOUT_MS = 10_000;
/** A vessel that answers no sample for so long is busy, in code that V8 does not interrupt: the time counts as CPU time. */
const UNANSWERED_MS = 1_000;
/** The least that the engine's side itself takes for a job, texts aside; a collection meanwhile may hide it. */
const LEAST_JOB_BYTES = 16 * 1024;
/** While an engine is loaded, the vessel itself is in its figures: realm, engine's side, and Node in a process. */
const EMPTY_VESSEL_BYTES = 64 * 1024 * 1024;
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Running extends JobBase {
  readonly job: Job;
  readonly startedAt: number;
  /** When the engine's own code began; later than `startedAt` where the bundle had to be loaded first. */
  ranAt: number;
  kill: { readonly reason: KillReason; readonly detail: string; readonly cause?: unknown } | undefined;
  cpuMs: number;
  memoryBytes: number;
  wasSampled: boolean;
  /** When the sample that was not answered yet was asked for. */
  sampledAt: number | undefined;
  timer: NodeJS.Timeout | undefined;
}

/**
 * One vessel that serves one engine, one job at a time. Engines never share one (CONTRACT §9).
 * A lane that lost its vessel, or had to end it, is dead; the tier drops it.
 */
export class Lane {
  readonly code: EngineCode;
  readonly memoryBytes: number;
  /** Whom it serves; nobody yet, where it was started ahead. */
  tenant: string | undefined;
  dead = false;
  busy = false;
  private readonly vessel: Vessel;
  private readonly ready: Promise<void>;
  private readonly loading: NodeJS.Timeout;
  private loaded = false;
  private outOfMemory = false;
  private current: Running | undefined;
  private ending: Promise<void> | undefined;
  private giveUpLoading = (): void => {};

  constructor(openVessel: OpenVessel, code: EngineCode, memoryBytes: number) {
    this.code = code;
    this.memoryBytes = memoryBytes;
    this.vessel = openVessel({
      code,
      memoryBytes,
      createChannel: (sender) =>
        new CallChannel(sender, (job, reason, detail, cause) => {
          if (this.current?.job === job) this.kill(this.current, reason, detail, cause);
        }),
      onLost: () => void this.destroy(),
    });
    this.ready = new Promise((resolve, reject) => {
      this.giveUpLoading = (): void => reject(new Error('The sandbox was ended.'));
      this.load().then(resolve, reject);
    });
    this.ready.catch(() => void this.destroy());
    this.loading = setTimeout(() => void this.destroy(), LOAD_TIMEOUT_MS).unref();
  }

  /**
   * Runs a job to its end; settles at once when it is killed, whatever the engine does. Never rejects.
   * `undefined`: the job was not begun, and this lane is dead.
   */
  async run(job: Job): Promise<JobOutcome | undefined> {
    this.busy = true;
    this.tenant = job.tenant;
    const running = this.begin(job);
    try {
      if (!this.loaded) {
        await this.ready;
        // What loading took was measured against a vessel without an engine.
        Object.assign(running, { cpuBaseUs: undefined, sampledAt: undefined, cpuMs: 0, memoryBytes: 0 });
      }
      if (this.dead) throw new Error('The sandbox was ended.');
      running.ranAt = performance.now();
      this.vessel.channel.begin(job);
      const reply = await this.vessel.run(job.request);
      if (running.kill !== undefined) return ended(running, running.kill.reason, running.kill.detail);
      return reply === REALM_SPOILT ? this.spoilt(running) : this.replied(running, String(reply));
    } catch (thrown) {
      const { loaded } = this;
      void this.destroy();
      if (running.kill !== undefined) return ended(running, running.kill.reason, running.kill.detail);
      if (thrown instanceof VesselBroken) {
        running.kill = { reason: 'host_failed', detail: 'The sandbox could not be started.', cause: thrown };
        return ended(running, 'host_failed', running.kill.detail);
      }
      if (this.outOfMemory || this.vessel.isOutOfMemory(thrown)) return ended(running, 'memory', 'Memory is used up.');
      return ended(running, loaded ? 'crashed' : 'load_failed', 'The sandbox ended unexpectedly.');
    } finally {
      clearTimeout(running.timer);
      if (job.signal !== undefined) job.signal.removeEventListener('abort', this.onAbort);
      this.vessel.channel.end();
      if (job.isTainted?.() === true || (running.wasSampled && !this.dead && !this.vessel.isRested()))
        void this.destroy();
      this.current = undefined;
      this.busy = false;
    }
  }

  /** Ends the job that runs, and the vessel. */
  shutDown(): Promise<void> {
    if (this.current !== undefined) this.kill(this.current, 'cancelled', 'The host is shutting down.');
    return this.destroy();
  }

  /** Ends the vessel without asking it. Resolves when it is gone, which need never be. */
  destroy(): Promise<void> {
    this.ending ??= this.end();
    return this.ending;
  }

  private async end(): Promise<void> {
    this.dead = true;
    clearTimeout(this.loading);
    this.vessel.channel.close();
    // After what the vessel has to say: its error tells why.
    setImmediate(this.giveUpLoading);
    await this.vessel.destroy();
  }

  private async load(): Promise<void> {
    this.outOfMemory = (await this.vessel.loaded) === 'memory';
    if (this.outOfMemory) throw new Error('The engine was not loaded.');
    await this.vessel.calibrate();
    clearTimeout(this.loading);
    this.loaded = true;
  }

  private begin(job: Job): Running {
    const startedAt = performance.now();
    const running: Running = {
      job,
      startedAt,
      ranAt: startedAt,
      kill: undefined,
      cpuMs: 0,
      memoryBytes: 0,
      cpuBaseUs: undefined,
      sampledAt: undefined,
      wasSampled: false,
      timer: undefined,
    };
    this.current = running;
    running.timer = setTimeout(this.tick, Math.min(SAMPLE_MS, job.limits.wall_time_ms), running);
    if (job.signal?.aborted) this.onAbort();
    else job.signal?.addEventListener('abort', this.onAbort, { once: true });
    return running;
  }

  private readonly onAbort = (): void => {
    if (this.current !== undefined) this.kill(this.current, 'cancelled', 'The caller cancelled the operation.');
  };

  /** The clock of a job; also while its engine is loaded. */
  private readonly tick = (running: Running): void => {
    if (this.current !== running) return;
    const { limits } = running.job;
    const now = performance.now();
    const left = limits.wall_time_ms - (now - running.startedAt);
    if (left <= 0) return this.kill(running, 'wall_time', 'Wall time is used up.');
    const silentMs = now - (running.sampledAt ?? now);
    if (silentMs > UNANSWERED_MS && running.cpuMs + silentMs > limits.cpu_time_ms)
      return this.kill(running, 'cpu_time', 'CPU time is used up.');
    if (running.sampledAt === undefined) void this.sample(running, now);
    running.timer = setTimeout(this.tick, Math.min(SAMPLE_MS, Math.ceil(left), MAX_TIMER_MS), running);
  };

  private async sample(running: Running, now: number): Promise<void> {
    running.sampledAt = now;
    running.wasSampled = true;
    const { loaded } = this;
    try {
      const used = await this.vessel.sample(running, () => performance.now() - running.ranAt);
      // Asked for before the engine was loaded: it counts from another point.
      if (loaded !== this.loaded) {
        running.cpuBaseUs = undefined;
        return;
      }
      running.cpuMs = used.cpuMs;
      running.memoryBytes = Math.max(running.memoryBytes, used.memoryBytes);
    } catch {
      // The vessel is gone, and the job's own promise tells; or it is not there yet.
      if (!this.loaded) running.sampledAt = undefined;
      return;
    }
    running.sampledAt = undefined;
    const { limits } = running.job;
    if (!this.loaded) {
      if (running.memoryBytes > limits.memory_bytes + EMPTY_VESSEL_BYTES)
        this.kill(running, 'memory', 'Memory is used up.');
      return;
    }
    if (running.cpuMs > limits.cpu_time_ms) this.kill(running, 'cpu_time', 'CPU time is used up.');
    else if (running.memoryBytes > limits.memory_bytes) this.kill(running, 'memory', 'Memory is used up.');
  }

  private kill(running: Running, reason: KillReason, detail: string, cause?: unknown): void {
    if (this.current !== running) return;
    running.kill ??= { reason, detail, ...(cause === undefined ? {} : { cause }) };
    void this.destroy();
  }

  /** The engine's side could not begin. Once a call came that is no longer believed. */
  private spoilt(running: Running): JobOutcome | undefined {
    void this.destroy();
    return this.vessel.channel.end() ? ended(running, 'crashed', 'The sandbox ended unexpectedly.') : undefined;
  }

  /** `<cpu µs> <memory bytes> <refused> <reply>`. The figures are advice: they may raise what the host measured, never lower it. */
  private replied(running: Running, reply: string): JobOutcome {
    const first = reply.indexOf(' ');
    const second = reply.indexOf(' ', first + 1);
    const third = reply.indexOf(' ', second + 1);
    const cpuMs = readFigure(reply.slice(0, Math.max(0, first))) / 1_000;
    const memory = readFigure(reply.slice(first + 1, Math.max(0, second)));
    const wallMs = performance.now() - running.startedAt;
    // One thread: it cannot have used more CPU time than time has passed.
    running.cpuMs = Math.max(running.cpuMs, Math.min(cpuMs, wallMs));
    const texts = running.job.request.length + reply.length;
    running.memoryBytes = Math.max(running.memoryBytes, memory, LEAST_JOB_BYTES + texts);
    if (reply.slice(second + 1, third) === '1') {
      // The ledger in the realm cannot forget: the next job would be blamed for this one.
      void this.destroy();
      return ended(running, 'memory', 'Memory is used up.');
    }
    return { kind: 'replied', text: reply.slice(third + 1), usage: { ...usageOf(running), wallMs } };
  }
}

function ended(running: Running, reason: KillReason, detail: string): JobOutcome {
  const cause = running.kill?.cause;
  return { kind: 'killed', reason, detail, usage: usageOf(running), ...(cause === undefined ? {} : { cause }) };
}

function usageOf({ startedAt, cpuMs, memoryBytes }: Running): TierUsage {
  return { wallMs: performance.now() - startedAt, cpuMs, memoryBytes };
}

function readFigure(text: string): number {
  const figure = Number(text);
  return Number.isSafeInteger(figure) && figure >= 0 ? figure : 0;
}
