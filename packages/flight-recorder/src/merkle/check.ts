import { HASH_BYTES, nodeHash, sameHash } from './hash.ts';

/** A claim that a leaf stands at a position of a tree. Everything but the root the checker trusts is a claim. */
export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** A claim that one tree is the beginning of another. */
export interface ConsistencyClaim {
  readonly oldSize: number;
  readonly oldRoot: Uint8Array;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Whether an audit path leads from the leaf to the root (RFC 9162 §2.1.3.2). Never throws on a hostile proof. */
export function checkInclusion(claim: InclusionClaim): boolean {
  const { index, size, proof } = claim;
  if (!isPosition(index) || !isPosition(size) || index >= size || !areHashes(proof)) return false;
  let at = index;
  let last = size - 1;
  let hash = claim.leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && sameHash(hash, claim.root);
}

/** Whether a proof shows the old tree to be a prefix of the new one (RFC 9162 §2.1.4.2). Never throws on a hostile proof. */
export function checkConsistency(claim: ConsistencyClaim): boolean {
  const { oldSize, size, proof } = claim;
  if (!isPosition(oldSize) || !isPosition(size) || oldSize > size || !areHashes(proof)) return false;
  if (oldSize === size) return proof.length === 0 && sameHash(claim.oldRoot, claim.root);
  if (oldSize === 0) return proof.length === 0;
  let at = oldSize - 1;
  let last = size - 1;
  while (at % 2 === 1) {
    at = half(at);
    last = half(last);
  }
  // An old tree that is one complete subtree is its own first proof node.
  const path = at === 0 ? [claim.oldRoot, ...proof] : proof;
  const first = path[0];
  if (first === undefined) return false;
  let oldHash = first;
  let hash = first;
  for (const sibling of path.slice(1)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      oldHash = nodeHash(sibling, oldHash);
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && sameHash(oldHash, claim.oldRoot) && sameHash(hash, claim.root);
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isPosition(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(proof: readonly Uint8Array[]): boolean {
  return proof.length <= 128 && proof.every((hash) => hash.length === HASH_BYTES);
}
