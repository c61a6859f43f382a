/**
 * Numbers of a column for its quantiles. Up to `capacity` all are kept; beyond, every second one is dropped and from
 * then on only every second one taken, and so on: the same for the same rows, but an estimate.
 */
export class Sample {
  private readonly kept: number[] = [];
  private readonly capacity: number;
  private stride = 1;
  private count = 0;

  constructor(capacity: number) {
    this.capacity = Math.max(2, capacity);
  }

  add(value: number): void {
    if (this.count % this.stride === 0) {
      if (this.kept.length >= this.capacity) this.halve();
      if (this.count % this.stride === 0) this.kept.push(value);
    }
    this.count += 1;
  }

  private halve(): void {
    let length = 0;
    for (let at = 0; at < this.kept.length; at += 2) {
      this.kept[length] = this.kept[at] ?? 0;
      length += 1;
    }
    this.kept.length = length;
    this.stride *= 2;
  }

  /** Nearest-rank quantiles: always a number that is there. Nothing for no numbers. */
  quantiles(shares: readonly number[]): { values: number[]; isExact: boolean; size: number } {
    const sorted = Float64Array.from(this.kept).sort();
    const values = shares.map((share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN);
    return { values: sorted.length === 0 ? [] : values, isExact: this.stride === 1, size: sorted.length };
  }
}
