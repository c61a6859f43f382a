import { hash } from 'node:crypto';

/** Bytes of every hash in the tree (SHA-256). */
export const HASH_BYTES = 32;

/*
 * Hashes are taken as one-character-per-byte strings and written where they belong: a small string costs the garbage
 * collector next to nothing, a Buffer of its own more than the hashing.
 */
const pair = Buffer.alloc(1 + 2 * HASH_BYTES, 0x01);

/**
 * Hash of one leaf, RFC 6962 §2.1: SHA-256 of 0x00 and the leaf's bytes. A text stands for its UTF-8 bytes
 * and must be well-formed: the 0x00 keeps a leaf from ever being read as an inner node.
 */
export function leafHash(leaf: string | Uint8Array): Uint8Array {
  if (typeof leaf === 'string') return hash('sha256', `\0${leaf}`, 'buffer');
  const bytes = Buffer.allocUnsafe(1 + leaf.length);
  bytes[0] = 0x00;
  bytes.set(leaf, 1);
  return hash('sha256', bytes, 'buffer');
}

/** {@link leafHash} of a text as a string of 32 characters, one per byte. */
export function leafHashString(leaf: string): string {
  return hash('sha256', `\0${leaf}`, 'latin1');
}

/** Hash of an inner node, RFC 6962 §2.1: SHA-256 of 0x01, left and right (32 bytes each). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return hash('sha256', pair, 'buffer');
}

/** Replaces two neighbouring hashes in `nodes`, from byte `at` on, by the hash of their parent. */
export function foldPair(nodes: Buffer, at: number): void {
  nodes.copy(pair, 1, at, at + 2 * HASH_BYTES);
  nodes.write(hash('sha256', pair, 'latin1'), at, 'latin1');
}

/** Root of the tree with no leaves: SHA-256 of nothing. */
export function emptyRoot(): Uint8Array {
  return hash('sha256', '', 'buffer');
}

/** Whether two hashes are the same bytes. Hashes here are public, so timing tells nothing. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
