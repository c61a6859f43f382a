const TICK_MS = 5;
const MIB = 1024 * 1024;

/** Watches this process while something runs in it: how late its event loop is at worst, and how much it grows. */
export class LoopWatch {
  private readonly baseline: number | undefined;
  private last = performance.now();
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
    this.lag = Math.max(this.lag, now - this.last - TICK_MS);
    this.last = now;
    this.highest = Math.max(this.highest, process.memoryUsage.rss());
  }
}
