import { HistoryFault } from './history-fault.ts';
import { ID_BYTES } from './object-id.ts';

/** Names of objects, one after the other in ascending order. */
export class SortedIds {
  readonly count: number;
  readonly #bytes: Uint8Array;
  /** By first byte: how many names begin with it or a lower one. */
  readonly #fanout = new Uint32Array(256);

  /** @throws HistoryFault `malformed` when they are not in order, or one is there twice */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.count = bytes.length / ID_BYTES;
    for (let at = 0; at < this.count; at++) {
      if (at > 0 && this.#compare(at - 1, bytes, at * ID_BYTES) <= 0)
        throw new HistoryFault('malformed', 'the names of an index are not in order');
      const first = bytes[at * ID_BYTES] ?? 0;
      this.#fanout[first] = at + 1;
    }
    for (let first = 1; first < 256; first++)
      this.#fanout[first] = Math.max(this.#fanout[first] ?? 0, this.#fanout[first - 1] ?? 0);
  }

  /** Place of the name that stands in `bytes` at `from`, or -1. */
  find(bytes: Uint8Array, from: number): number {
    const first = bytes[from] ?? 0;
    let low = first === 0 ? 0 : (this.#fanout[first - 1] ?? 0);
    let high = this.#fanout[first] ?? 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.#compare(middle, bytes, from);
      if (order === 0) return middle;
      if (order > 0) low = middle + 1;
      else high = middle;
    }
    return -1;
  }

  /** A view on the name at a place. */
  at(place: number): Uint8Array {
    return this.#bytes.subarray(place * ID_BYTES, (place + 1) * ID_BYTES);
  }

  /** Positive when the name at `from` comes after the one at `place`. */
  #compare(place: number, bytes: Uint8Array, from: number): number {
    const start = place * ID_BYTES;
    for (let at = 0; at < ID_BYTES; at++) {
      const order = (bytes[from + at] ?? 0) - (this.#bytes[start + at] ?? 0);
      if (order !== 0) return order;
    }
    return 0;
  }
}
