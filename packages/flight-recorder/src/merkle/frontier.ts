import { emptyRoot, HASH_BYTES, nodeHash } from './hash.ts';

/**
 * The right edge of a growing RFC 6962 tree: one hash per complete subtree, largest first (as many as the size has
 * one-bits). Enough to add leaves and to compute the root; about one node hash per leaf, at most 53 hashes kept.
 */
export class Frontier {
  #size: number;
  readonly #nodes: Uint8Array[];

  private constructor(size: number, nodes: Uint8Array[]) {
    this.#size = size;
    this.#nodes = nodes;
  }

  static empty(): Frontier {
    return new Frontier(0, []);
  }

  /**
   * Restores what `toBytes` gave.
   * @throws RangeError when `size` and the number of hashes do not belong together.
   */
  static fromBytes(size: number, bytes: Uint8Array): Frontier {
    if (!Number.isSafeInteger(size) || size < 0 || bytes.length !== onesIn(size) * HASH_BYTES) {
      throw new RangeError(`a tree of ${size} leaves has no frontier of ${bytes.length} bytes`);
    }
    const nodes: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += HASH_BYTES) nodes.push(bytes.slice(at, at + HASH_BYTES));
    return new Frontier(size, nodes);
  }

  get size(): number {
    return this.#size;
  }

  clone(): Frontier {
    return new Frontier(this.#size, [...this.#nodes]);
  }

  /** Adds the leaf with this leaf hash at position `size`. */
  push(leaf: Uint8Array): void {
    let node = leaf;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      const left = this.#nodes.pop();
      if (left === undefined) throw new RangeError('the frontier lost a subtree');
      node = nodeHash(left, node);
    }
    this.#nodes.push(node);
    this.#size += 1;
  }

  root(): Uint8Array {
    let root: Uint8Array | undefined;
    for (const node of this.#nodes.toReversed()) root = root === undefined ? node : nodeHash(node, root);
    return root ?? emptyRoot();
  }

  /** The hashes, largest subtree first, 32 bytes each. */
  toBytes(): Uint8Array {
    return Buffer.concat(this.#nodes);
  }

  /** The subtree over leaves `start` to `end` when it is one of the kept ones. */
  subtree(start: number, end: number): Uint8Array | undefined {
    let at = 0;
    for (const [index, width] of widthsOf(this.#size).entries()) {
      if (at === start && at + width === end) return this.#nodes[index];
      at += width;
    }
    return undefined;
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

function onesIn(size: number): number {
  return widthsOf(size).length;
}
