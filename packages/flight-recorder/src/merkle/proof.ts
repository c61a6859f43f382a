import { emptyRoot, nodeHash } from './hash.ts';

/** Where a prover reads the tree from. */
export interface LeafSource {
  /** Number of leaves. */
  readonly size: number;
  /** Leaf hash at a position below `size`. */
  readonly leaf: (index: number) => Uint8Array;
  /** A subtree whose leaves are gone; asked first, for every range the proof touches. */
  readonly subtree?: (start: number, end: number) => Uint8Array | undefined;
}

/** The largest power of two below `n` (RFC 6962 §2.1: `k`). `n` is at least 2. */
function splitOf(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** Merkle tree hash over the leaves `start` up to but not including `end` (RFC 6962 §2.1, MTH). */
export function rangeHash(source: LeafSource, start: number, end: number): Uint8Array {
  if (start === end) return emptyRoot();
  const kept = source.subtree?.(start, end);
  if (kept !== undefined) return kept;
  if (end - start === 1) return source.leaf(start);
  const middle = start + splitOf(end - start);
  return nodeHash(rangeHash(source, start, middle), rangeHash(source, middle, end));
}

/**
 * Audit path for the leaf at `index` in the tree of the first `size` leaves (RFC 6962 §2.1.1), leaf end first.
 * @throws RangeError when `index` is not below `size` or the source is smaller than `size`.
 */
export function inclusionProof(source: LeafSource, index: number, size = source.size): Uint8Array[] {
  if (!isPosition(index) || index >= size || !isPosition(size) || size > source.size) {
    throw new RangeError(`no leaf ${index} in a tree of ${size} leaves`);
  }
  const path: Uint8Array[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      path.push(rangeHash(source, middle, end));
      end = middle;
    } else {
      path.push(rangeHash(source, start, middle));
      start = middle;
    }
  }
  return path.reverse();
}

/**
 * Proof that the tree of the first `oldSize` leaves is a prefix of the tree of the first `size` leaves
 * (RFC 6962 §2.1.2). Empty when the sizes are equal or `oldSize` is 0.
 * @throws RangeError when `oldSize` exceeds `size` or the source is smaller than `size`.
 */
export function consistencyProof(source: LeafSource, oldSize: number, size = source.size): Uint8Array[] {
  if (!isPosition(oldSize) || oldSize > size || !isPosition(size) || size > source.size) {
    throw new RangeError(`no consistency proof from ${oldSize} to ${size} leaves`);
  }
  if (oldSize === 0 || oldSize === size) return [];
  const path: Uint8Array[] = [];
  let start = 0;
  let end = size;
  // Walks to the subtree that ends at the old edge, noting the other half at each step.
  while (end > oldSize) {
    const middle = start + splitOf(end - start);
    if (oldSize <= middle) {
      path.push(rangeHash(source, middle, end));
      end = middle;
    } else {
      path.push(rangeHash(source, start, middle));
      start = middle;
    }
  }
  // The verifier knows the old root already when that subtree is the whole old tree.
  if (start !== 0) path.push(rangeHash(source, start, end));
  return path.reverse();
}

function isPosition(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
