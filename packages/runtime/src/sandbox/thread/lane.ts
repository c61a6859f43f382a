import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { PROTOCOL_LIMITS } from '../protocol.ts';
import { type CallFrame, type EngineCode, type Job, type JobOutcome, JobStop, type KillReason } from '../tier.ts';
import type { LoadTask } from './entry.ts';

type TransferList = NonNullable<NonNullable<Parameters<Piscina['run']>[1]>['transferList']>;

const MIB = 1024 * 1024;
/** A job younger than this is not sampled; most are over by then. */
const FIRST_SAMPLE_MS = 20;
const SAMPLE_MS = 20;

interface Running {
  readonly job: Job;
  readonly startedAt: number;
  kill: { reason: KillReason; detail: string } | undefined;
  peakMemory: number;
  cpuMs: number;
  calls: number;
}

/**
 * One worker thread that serves one engine, one job at a time. Engines never share a thread (CONTRACT §9).
 * A lane that had to kill its worker is dead; the tier drops it.
 */
export class Lane {
  readonly key: string;
  dead = false;
  busy = false;
  private readonly pool: Piscina<LoadTask | string, string>;
  private readonly port: MessagePort;
  private readonly ready: Promise<string>;
  private readonly memoryBytes: number;
  private current: Running | undefined;
  private cpuBaseUs = 0;

  constructor(key: string, entry: URL, code: EngineCode, memoryBytes: number) {
    this.key = key;
    this.memoryBytes = memoryBytes;
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.pool = new Piscina({
      filename: entry.href,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      workerHistogram: false,
      env: {},
      argv: [],
      resourceLimits: { maxOldGenerationSizeMb: Math.max(16, Math.ceil(memoryBytes / MIB)), stackSizeMb: 4 },
      trackUnmanagedFds: true,
    });
    // A worker that dies between jobs is noticed at the next one.
    this.pool.on('error', () => void this.destroy());
    port1.on('message', (frame: unknown) => void this.serve(frame));
    port1.unref();
    this.ready = this.pool.run(
      { load: code.text, port: port2, maxArrayBufferBytes: memoryBytes },
      // Piscina derives this type from an overload of postMessage that takes options; what it passes on is the list.
      { transferList: [port2] as unknown as TransferList },
    );
    this.ready.then(
      (cpu) => {
        this.cpuBaseUs = Number(cpu);
      },
      () => void this.destroy(),
    );
  }

  async run(job: Job): Promise<JobOutcome> {
    this.busy = true;
    try {
      await this.ready;
    } catch (thrown) {
      return this.ended(
        { job, startedAt: performance.now(), kill: undefined, peakMemory: 0, cpuMs: 0, calls: 0 },
        'load_failed',
        thrown,
      );
    }
    const running: Running = { job, startedAt: performance.now(), kill: undefined, peakMemory: 0, cpuMs: 0, calls: 0 };
    this.current = running;
    const stopWatching = this.watch(running);
    try {
      const reply = String(await this.pool.run(job.request));
      if (running.kill !== undefined) return this.ended(running, running.kill.reason, running.kill.detail);
      return this.replied(running, reply);
    } catch (thrown) {
      void this.destroy();
      if (running.kill !== undefined) return this.ended(running, running.kill.reason, running.kill.detail);
      return this.ended(running, isOutOfMemory(thrown) ? 'memory' : 'crashed', thrown);
    } finally {
      stopWatching();
      this.current = undefined;
      this.busy = false;
    }
  }

  /** Ends the worker without asking it. */
  async destroy(): Promise<void> {
    if (this.dead) return;
    this.dead = true;
    this.port.close();
    await this.pool.destroy();
  }

  private watch(running: Running): () => void {
    const { job } = running;
    const kill = (reason: KillReason, detail: string): void => {
      running.kill ??= { reason, detail };
      void this.destroy();
    };
    const onAbort = (): void => kill('cancelled', 'The caller cancelled the operation.');
    const wall = setTimeout(
      () => kill('wall_time', 'Wall time is used up.'),
      Math.min(job.limits.wall_time_ms, 2 ** 31 - 1),
    );
    let sampler: NodeJS.Timeout | undefined = setTimeout(() => {
      void this.sample(running, kill);
      sampler = setInterval(() => void this.sample(running, kill), SAMPLE_MS);
    }, FIRST_SAMPLE_MS);
    if (job.signal?.aborted) onAbort();
    else job.signal?.addEventListener('abort', onAbort, { once: true });
    return () => {
      clearTimeout(wall);
      clearTimeout(sampler);
      sampler = undefined;
      job.signal?.removeEventListener('abort', onAbort);
    };
  }

  /** Measured from outside: answers also while the worker spins (CONTRACT §9). */
  private async sample(running: Running, kill: (reason: KillReason, detail: string) => void): Promise<void> {
    const worker: Worker | undefined = this.pool.threads[0];
    if (worker === undefined || this.current !== running) return;
    try {
      const [cpu, heap] = await Promise.all([worker.cpuUsage(), worker.getHeapStatistics()]);
      if (this.current !== running) return;
      running.cpuMs = (cpu.user + cpu.system - this.cpuBaseUs) / 1_000;
      running.peakMemory = Math.max(running.peakMemory, heap.used_heap_size + heap.external_memory);
    } catch {
      // The worker is gone; the job's own promise tells.
      return;
    }
    if (running.cpuMs > running.job.limits.cpu_time_ms) kill('cpu_time', 'CPU time is used up.');
    else if (running.peakMemory > running.job.limits.memory_bytes) kill('memory', 'Memory is used up.');
  }

  /** `<cpu µs> <memory bytes> <reply>`. The figures are advice: they may raise what was measured from outside, never lower it. */
  private replied(running: Running, reply: string): JobOutcome {
    const first = reply.indexOf(' ');
    const second = reply.indexOf(' ', first + 1);
    const total = readFigure(reply.slice(0, Math.max(0, first)));
    const memory = readFigure(reply.slice(first + 1, Math.max(0, second)));
    const cpuMs = Math.max(running.cpuMs, (total - this.cpuBaseUs) / 1_000, 0);
    if (total > this.cpuBaseUs) this.cpuBaseUs = total;
    const memoryBytes = Math.min(this.memoryBytes, Math.max(running.peakMemory, memory));
    const usage = { wallMs: performance.now() - running.startedAt, cpuMs, memoryBytes };
    return { kind: 'replied', text: reply.slice(second + 1), usage };
  }

  private ended(running: Running, reason: KillReason, why: unknown): JobOutcome {
    const detail = typeof why === 'string' ? why : 'The sandbox ended unexpectedly.';
    const usage = {
      wallMs: performance.now() - running.startedAt,
      cpuMs: running.cpuMs,
      memoryBytes: running.peakMemory,
    };
    return { kind: 'killed', reason, detail, usage };
  }

  /** Frames arrive from the engine's thread: hostile in shape, size, number and time. */
  private async serve(frame: unknown): Promise<void> {
    const running = this.current;
    if (running === undefined || running.kill !== undefined) return;
    const stop = (detail: string): void => {
      running.kill ??= { reason: 'broker', detail };
      void this.destroy();
    };
    running.calls += 1;
    const call = readFrame(frame);
    if (call === undefined || running.calls > PROTOCOL_LIMITS.maxCalls)
      return stop('SANDBOX_PROTOCOL: malformed or too many calls');
    try {
      const reply = await running.job.onCall(call);
      if (this.dead || this.current !== running) return;
      if (reply.bytes === undefined) this.port.postMessage([reply.text]);
      else this.port.postMessage([reply.text, reply.bytes]);
    } catch (thrown) {
      stop(thrown instanceof JobStop ? `${thrown.code}: ${thrown.message}` : 'INTERNAL: the broker failed');
    }
  }
}

function readFrame(frame: unknown): CallFrame | undefined {
  if (!Array.isArray(frame)) return undefined;
  const [text, bytes]: unknown[] = frame;
  if (typeof text !== 'string' || text.length > PROTOCOL_LIMITS.maxCallChars) return undefined;
  if (bytes === undefined) return { text };
  // A view on shared memory could change after it was checked.
  return bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer ? { text, bytes } : undefined;
}

function readFigure(text: string): number {
  const figure = Number(text);
  return Number.isSafeInteger(figure) && figure >= 0 ? figure : 0;
}

function isOutOfMemory(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
