import { emptyRoot, foldPair, HASH_BYTES } from './hash.ts';

/** A tree of 2^53 - 1 leaves has this many complete subtrees at its edge, and while a leaf is added one more. */
const MAX_NODES = 54;

/**
 * The right edge of a growing RFC 6962 tree: one hash per complete subtree, largest first (as many as the size has
 * one-bits). Enough to add leaves and to compute the root; about one node hash per leaf, at most 53 hashes kept.
 */
export class Frontier {
  #size: number;
  #count: number;
  readonly #nodes: Buffer;

  private constructor(size: number, nodes: Uint8Array) {
    this.#size = size;
    this.#count = nodes.length / HASH_BYTES;
    this.#nodes = Buffer.allocUnsafe(MAX_NODES * HASH_BYTES);
    this.#nodes.set(nodes);
  }

  static empty(): Frontier {
    return new Frontier(0, new Uint8Array());
  }

  /**
   * Restores what `toBytes` gave.
   * @throws RangeError when `size` and the number of hashes do not belong together.
   */
  static fromBytes(size: number, bytes: Uint8Array): Frontier {
    if (!Number.isSafeInteger(size) || size < 0 || bytes.length !== widthsOf(size).length * HASH_BYTES) {
      throw new RangeError(`a tree of ${size} leaves has no frontier of ${bytes.length} bytes`);
    }
    return new Frontier(size, bytes);
  }

  get size(): number {
    return this.#size;
  }

  clone(): Frontier {
    return new Frontier(this.#size, this.#kept());
  }

  /** Adds the leaf with this leaf hash at position `size`: 32 bytes, or as `leafHashString` gave them. */
  push(leaf: Uint8Array | string): void {
    let top = this.#count * HASH_BYTES;
    if (typeof leaf === 'string') this.#nodes.write(leaf, top, 'latin1');
    else this.#nodes.set(leaf, top);
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      top -= HASH_BYTES;
      foldPair(this.#nodes, top);
    }
    this.#count = top / HASH_BYTES + 1;
    this.#size += 1;
  }

  root(): Uint8Array {
    if (this.#count === 0) return emptyRoot();
    const nodes = Buffer.from(this.#kept());
    for (let at = nodes.length - 2 * HASH_BYTES; at >= 0; at -= HASH_BYTES) foldPair(nodes, at);
    return nodes.subarray(0, HASH_BYTES);
  }

  /** The hashes, largest subtree first, 32 bytes each. */
  toBytes(): Uint8Array {
    return Buffer.from(this.#kept());
  }

  /** The subtree over leaves `start` to `end` when it is one of the kept ones. */
  subtree(start: number, end: number): Uint8Array | undefined {
    let at = 0;
    for (const [index, width] of widthsOf(this.#size).entries()) {
      if (at === start && at + width === end)
        return this.toBytes().subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
      at += width;
    }
    return undefined;
  }

  #kept(): Buffer {
    return this.#nodes.subarray(0, this.#count * HASH_BYTES);
  }
}

/** The powers of two that `size` is the sum of, largest first. */
function widthsOf(size: number): number[] {
  const widths: number[] = [];
  for (let rest = size, width = 1; rest > 0; rest = Math.floor(rest / 2), width *= 2) {
    if (rest % 2 === 1) widths.unshift(width);
  }
  return widths;
}
