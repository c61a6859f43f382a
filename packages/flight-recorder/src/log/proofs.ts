import type { DatabaseSync } from 'node:sqlite';
import type { ConsistencyClaim, InclusionClaim } from '../merkle/check.ts';
import type { Frontier } from '../merkle/frontier.ts';
import { HASH_BYTES } from '../merkle/hash.ts';
import { consistencyProof, inclusionProof, type LeafSource, rangeHash } from '../merkle/proof.ts';
import { readHead } from './head.ts';

/**
 * Proves that the event at `seq` is in the log of the first `size` events. Takes time in proportion to the log.
 * @throws RangeError for positions outside the log, or before what retention has kept.
 */
export function proveInclusion(db: DatabaseSync, seq: number, size?: number): InclusionClaim {
  const source = leavesOf(db);
  const of = size ?? source.size;
  const proof = inclusionProof(source, seq, of);
  return { index: seq, size: of, leaf: source.leaf(seq), proof, root: rangeHash(source, 0, of) };
}

/**
 * Proves that the log of the first `oldSize` events is the beginning of that of the first `size` events.
 * @throws RangeError for sizes outside the log, or before what retention has kept.
 */
export function proveConsistency(db: DatabaseSync, oldSize: number, size?: number): ConsistencyClaim {
  const source = leavesOf(db);
  const of = size ?? source.size;
  const proof = consistencyProof(source, oldSize, of);
  return { oldSize, oldRoot: rangeHash(source, 0, oldSize), size: of, root: rangeHash(source, 0, of), proof };
}

function leavesOf(db: DatabaseSync): LeafSource {
  const { base, tree } = readHead(db);
  const hashes = Buffer.alloc((tree.size - base.size) * HASH_BYTES);
  const rows = db.prepare('SELECT seq, leaf_hash FROM events WHERE seq < ? ORDER BY seq').iterate(tree.size);
  for (const { seq, leaf_hash: leaf } of rows) {
    if (leaf instanceof Uint8Array) hashes.set(leaf, (Number(seq) - base.size) * HASH_BYTES);
  }
  return {
    size: tree.size,
    leaf: (index) => leafAt(hashes, index, base),
    subtree: (from, to) => base.subtree(from, to),
  };
}

function leafAt(hashes: Buffer, index: number, base: Frontier): Uint8Array {
  const at = (index - base.size) * HASH_BYTES;
  if (at < 0) throw new RangeError(`event ${index} was removed by retention`);
  return hashes.subarray(at, at + HASH_BYTES);
}
