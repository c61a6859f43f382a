import type { Worker } from 'node:worker_threads';
import type { JobBase, Usage } from '../vessel.ts';

/**
 * CPU time and memory of a worker, asked from the host: it answers while the worker spins (CONTRACT §9). Nothing that
 * the engine's side says enters here, so no job can make the figures of a later one smaller.
 */
export class WorkerGauge {
  private cpuTotalUs = 0;
  private idleMemory = 0;

  /** Taken when the engine is loaded: what a job uses is counted from there. */
  async calibrate(worker: Worker): Promise<void> {
    const { cpuUs, memory } = await measure(worker);
    this.cpuTotalUs = cpuUs;
    this.idleMemory = memory;
  }

  /**
   * The job's CPU time and memory now.
   * @param elapsedMs since the job began. Jobs too short to be sampled leave their CPU time in the total; the part
   *   that a job can have used itself before its first sample is no more than the time that has passed.
   */
  async sample(worker: Worker, job: JobBase, elapsedMs: () => number): Promise<Usage> {
    const { cpuUs, memory } = await measure(worker);
    job.cpuBaseUs ??= cpuUs - Math.min(Math.max(0, cpuUs - this.cpuTotalUs), elapsedMs() * 1_000);
    this.cpuTotalUs = Math.max(this.cpuTotalUs, cpuUs);
    return { cpuMs: (cpuUs - job.cpuBaseUs) / 1_000, memoryBytes: Math.max(0, memory - this.idleMemory) };
  }
}

async function measure(worker: Worker): Promise<{ cpuUs: number; memory: number }> {
  const [cpu, heap] = await Promise.all([worker.cpuUsage(), worker.getHeapStatistics()]);
  return { cpuUs: cpu.user + cpu.system, memory: heap.used_heap_size + heap.external_memory };
}
