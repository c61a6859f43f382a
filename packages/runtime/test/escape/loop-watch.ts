const TICK_MS = 5;
const MIB = 1024 * 1024;
/** On a busy machine a loop is late through no fault of its own; so late, it waited for something. */
const CERTAINLY_LATE_MS = 5_000;

/** Watches this process while something runs in it: how long its event loop was busy with one thing, and how much it grows. */
export class LoopWatch {
  private readonly baseline: number | undefined;
  private last = performance.now();
  private lastCpuMs = cpuMs();
  private lag = 0;
  private before = 0;
  private highest = 0;

  /**
   * @param baseline bytes from which growth counts; without it, from where an attempt began. What a process took once
   *   it may keep, so that only a process that takes little is judged that way.
   */
  constructor(baseline?: number) {
    this.baseline = baseline;
    setInterval(() => this.tick(), TICK_MS);
  }

  begin(): void {
    this.last = performance.now();
    this.lastCpuMs = cpuMs();
    this.lag = 0;
    this.highest = process.memoryUsage.rss();
    this.before = this.baseline ?? this.highest;
  }

  end(): { lagMs: number; growthMiB: number } {
    this.tick();
    return { lagMs: Math.round(this.lag), growthMiB: Math.round((this.highest - this.before) / MIB) };
  }

  private tick(): void {
    const now = performance.now();
    const late = now - this.last - TICK_MS;
    const busyMs = cpuMs();
    this.lag = Math.max(this.lag, late > CERTAINLY_LATE_MS ? late : Math.min(late, busyMs - this.lastCpuMs));
    this.last = now;
    this.lastCpuMs = busyMs;
    this.highest = Math.max(this.highest, process.memoryUsage.rss());
  }
}

/** CPU time of this thread, in ms. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
