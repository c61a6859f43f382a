import { readFileSync } from 'node:fs';
import { PAGE_BYTES, TICKS_PER_SECOND } from '../jail/system-units.ts';
import type { JobBase, Usage } from '../vessel.ts';

/** CPU time and private memory of a sandboxed process, read from the kernel: the process itself is not asked. */
export class ProcessGauge {
  private readonly pid: number;
  private idleMemory = 0;
  /** What earlier jobs left that was not given back to the kernel; no later job is charged with it. */
  private leftOver = 0;

  constructor(pid: number) {
    this.pid = pid;
  }

  /** @throws Error when the process is gone */
  calibrate(): void {
    this.idleMemory = readMemory(this.pid);
  }

  /** @throws Error when the process is gone */
  sample(job: JobBase): Usage {
    const cpuUs = readCpuUs(this.pid);
    job.cpuBaseUs ??= cpuUs;
    return {
      cpuMs: (cpuUs - job.cpuBaseUs) / 1_000,
      memoryBytes: Math.max(0, readMemory(this.pid) - this.idleMemory - this.leftOver),
    };
  }

  /** After a job: measures what it left behind, in bytes beyond the idle process. @throws Error when the process is gone */
  rest(): number {
    this.leftOver = Math.max(0, readMemory(this.pid) - this.idleMemory);
    return this.leftOver;
  }
}

/** Time in user and kernel mode of all threads, `proc_pid_stat(5)` fields 14 and 15; exact to 10 ms. */
function readCpuUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name, field 2, is in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return (ticks / TICKS_PER_SECOND) * 1_000_000;
}

/** Resident memory that is no file's, `proc_pid_statm(5)`: heap, array buffers, stacks, compiled code. */
function readMemory(pid: number): number {
  const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ');
  return (Number(resident) - Number(shared)) * PAGE_BYTES;
}
