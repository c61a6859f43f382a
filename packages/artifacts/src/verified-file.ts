import { createHash, hash } from 'node:crypto';
import { constants, fstatSync, read, readSync } from 'node:fs';

/** What a file must be to be read: both come from an index or the store, never from the file. */
export interface Expected {
  readonly sha256: string;
  readonly size: number;
}

/** Why bytes were refused. */
export type Deviation = 'not-a-file' | 'size' | 'content';

export type VerifiedRead =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly deviation: Deviation; readonly found?: number };

/** Never waits for the other end of a pipe, never becomes the terminal's owner, never follows a final link. */
export const SAFE_READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Up to here one synchronous read is faster than a trip through the thread pool. */
const SYNC_READ_BYTES = 256 * 1024;
const BLOCK_BYTES = 1024 * 1024;

/**
 * Reads an open file whole and returns its bytes only if size and hash are as expected. The size is checked before
 * anything is read, so a file that grew costs nothing. Memory: `expected.size`.
 */
export async function readVerified(fd: number, expected: Expected): Promise<VerifiedRead> {
  const stat = fstatSync(fd);
  if (!stat.isFile()) return { deviation: 'not-a-file' };
  if (stat.size !== expected.size) return { deviation: 'size', found: stat.size };
  const bytes = Buffer.allocUnsafeSlow(expected.size);
  if (expected.size <= SYNC_READ_BYTES) {
    const got = readFully(fd, bytes);
    if (got !== expected.size) return { deviation: 'size', found: got };
    return hash('sha256', bytes, 'hex') === expected.sha256 ? { bytes: bytes } : { deviation: 'content' };
  }
  const sha = createHash('sha256');
  let pending = readBlock(fd, bytes, 0);
  for (let at = 0; at < bytes.length; ) {
    const got = await pending;
    if (got === 0) return { deviation: 'size', found: at };
    // The pool reads the next block while this thread hashes this one.
    if (at + got < bytes.length) pending = readBlock(fd, bytes, at + got);
    sha.update(bytes.subarray(at, at + got));
    at += got;
  }
  return sha.digest('hex') === expected.sha256 ? { bytes: bytes } : { deviation: 'content' };
}

/** Reads until `target` is full or the file ends; returns the number of bytes. */
export function readFully(fd: number, target: Uint8Array): number {
  let at = 0;
  while (at < target.length) {
    const got = readSync(fd, target, at, target.length - at, at);
    if (got === 0) break;
    at += got;
  }
  return at;
}

/** Reads up to one block into `target` from `at`, in the thread pool. `position` is the offset in the file. */
export function readBlock(fd: number, target: Uint8Array, at: number, position = at): Promise<number> {
  const length = Math.min(BLOCK_BYTES, target.length - at);
  return new Promise((resolve, reject) => {
    read(fd, target, at, length, position, (error, got) => (error ? reject(error) : resolve(got)));
  });
}
