import { createHash, hash } from 'node:crypto';
import { closeSync, fstatSync } from 'node:fs';
import { toStoreError } from './errors.ts';
import type { ObjectStore } from './object-store.ts';
import { identityOf } from './quarantine.ts';
import { readBlock } from './verified-file.ts';
import { readWithRetry } from './write-queue.ts';

/** Objects up to this size are verified in memory; larger ones are read twice. */
const IN_MEMORY_BYTES = 16 * 1024 * 1024;
const BLOCK_BYTES = 1024 * 1024;

/**
 * The bytes of an object, piece by piece, none before the whole was verified.
 *
 * A large file is read twice through one descriptor. The first pass hashes the whole and notes a hash of each block;
 * only if the whole is right does the second pass begin, and it checks each block against the first pass before
 * giving it out. So a file that is changed between the passes, or during the second, is noticed before its bytes leave.
 * Memory: 16 MiB, or one block and 32 bytes for each MiB.
 * @throws MexError `ARTIFACT_NOT_FOUND`, `ARTIFACT_CORRUPT`
 */
export async function* streamObject(objects: ObjectStore, sha256: string): AsyncGenerator<Uint8Array, void, undefined> {
  const facts = await readWithRetry(() => objects.find(sha256));
  if (facts === undefined || facts.place === 'pack' || facts.size <= IN_MEMORY_BYTES) {
    const bytes = await objects.read(sha256);
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) yield bytes.subarray(at, at + BLOCK_BYTES);
    return;
  }
  const fd = objects.openFile(sha256);
  if (fd === undefined) throw objects.refusal(sha256, { state: 'missing' });
  try {
    const identity = identityOf(fstatSync(fd, { bigint: true }));
    const blocks = await hashBlocks(fd, facts.size, sha256);
    for (const [index, expected] of (blocks ?? []).entries()) {
      const block = await readWholeBlock(fd, index, facts.size);
      if (hash('sha256', block, 'base64') !== expected) throw await corrupt(objects, sha256, identity);
      yield block;
    }
    if (blocks === undefined) throw await corrupt(objects, sha256, identity);
  } catch (error) {
    throw toStoreError(error, `Reading object ${sha256}`);
  } finally {
    closeSync(fd);
  }
}

async function corrupt(objects: ObjectStore, sha256: string, identity: { dev: bigint; ino: bigint }): Promise<Error> {
  const reason = 'its file has another content';
  await objects.isolate(sha256, reason, identity);
  return objects.refusal(sha256, { state: 'corrupt', reason });
}

/** Hashes of the blocks, or `undefined` when the whole is not what it should be. */
async function hashBlocks(fd: number, size: number, sha256: string): Promise<string[] | undefined> {
  if (fstatSync(fd).size !== size) return undefined;
  const whole = createHash('sha256');
  const blocks: string[] = [];
  for (let index = 0; index * BLOCK_BYTES < size; index += 1) {
    const block = await readWholeBlock(fd, index, size);
    whole.update(block);
    blocks.push(hash('sha256', block, 'base64'));
  }
  return whole.digest('hex') === sha256 ? blocks : undefined;
}

/** One block; shorter than expected only if the file was cut. */
async function readWholeBlock(fd: number, index: number, size: number): Promise<Uint8Array> {
  const start = index * BLOCK_BYTES;
  const block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, size - start));
  let filled = 0;
  while (filled < block.length) {
    const got = await readBlock(fd, block, filled, start + filled);
    if (got === 0) break;
    filled += got;
  }
  return block.subarray(0, filled);
}
