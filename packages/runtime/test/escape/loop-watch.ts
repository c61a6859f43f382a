const TICK_MS = 5;
const MIB = 1024 * 1024;

/** Watches this process while something runs in it: how late its event loop is at worst, and how much it grows. */
export class LoopWatch {
  private last = performance.now();
  private lag = 0;
  private before = 0;
  private highest = 0;

  constructor() {
    setInterval(() => this.tick(), TICK_MS);
  }

  begin(): void {
    this.last = performance.now();
    this.lag = 0;
    this.before = process.memoryUsage.rss();
    this.highest = this.before;
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
