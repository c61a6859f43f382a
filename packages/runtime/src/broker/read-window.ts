/** Bytes of one operation that may lie in the host's memory at once on their way to the engine. */
const WINDOW_BYTES = 64 * 1024 * 1024;
/** The engine's side leaves up to this much unacknowledged; it must never be what a read waits for. */
const RESIDUE_BYTES = 1024 * 1024;

interface Waiting {
  readonly size: number;
  readonly admit: () => void;
  readonly refuse: (reason: Error) => void;
}

/**
 * Bounds what reads of one operation hold in the host, where no limit of a sandbox counts it (CONTRACT §9
 * `memory_bytes`): a read starts when those before it were received, but for `WINDOW_BYTES`, or alone.
 */
export class ReadWindow {
  private held = 0;
  private readonly waiting: Waiting[] = [];
  private closedBy: Error | undefined;

  /** Returns at once where there is room. @throws what `close` was given */
  enter(size: number): Promise<void> | undefined {
    if (this.closedBy !== undefined) throw this.closedBy;
    if (this.waiting.length === 0 && this.fits(size)) {
      this.held += size;
      return undefined;
    }
    return new Promise((admit, refuse) => this.waiting.push({ size, admit, refuse }));
  }

  leave(size: number): void {
    this.held -= size;
    for (let next = this.waiting[0]; next !== undefined && this.fits(next.size); next = this.waiting[0]) {
      this.waiting.shift();
      this.held += next.size;
      next.admit();
    }
  }

  /** Refuses those who wait, and all who come. */
  close(reason: Error): void {
    this.closedBy = reason;
    for (const { refuse } of this.waiting.splice(0)) refuse(reason);
  }

  private fits(size: number): boolean {
    return this.held < RESIDUE_BYTES || this.held + size <= WINDOW_BYTES;
  }
}
