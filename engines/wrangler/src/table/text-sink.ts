const FLUSH_CHARS = 256 * 1024;

/** Text that is written bit by bit, as the bytes of its UTF-8, in one buffer that grows. */
export class TextSink {
  private bytes = new Uint8Array(64 * 1024);
  private used = 0;
  private waiting = '';
  private readonly encoder = new TextEncoder();

  add(text: string): void {
    this.waiting += text;
    if (this.waiting.length >= FLUSH_CHARS) this.flush();
  }

  /** All that was written. The sink is not to be used afterwards. */
  finish(): Uint8Array {
    this.flush();
    return this.bytes.subarray(0, this.used);
  }

  private flush(): void {
    const text = this.waiting;
    this.waiting = '';
    // UTF-8 takes at most three bytes for a UTF-16 unit.
    const most = this.used + text.length * 3;
    if (most > this.bytes.length) {
      const larger = new Uint8Array(Math.max(most, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.used));
      this.bytes = larger;
    }
    this.used += this.encoder.encodeInto(text, this.bytes.subarray(this.used)).written;
  }
}
