import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MexError } from '@mex/envelope';
import type { RegistryErrorCode } from '@mex/registry';

/** How long one command waits for another one that changes the same registry, in ms. */
const WAIT_MS = 15_000;

/**
 * Reads, changes and writes the registry file of a home while no other command does: of two that each write what they
 * read, one would be lost. The lock is the operating system's, taken through SQLite on a file that stays empty, so a
 * command that dies leaves none behind.
 * @throws MexError `REGISTRY_UNWRITABLE` when another command holds it for too long, and what `change` throws.
 */
export async function withRegistryLock<T>(home: string, change: () => Promise<T>): Promise<T> {
  const lock = takeLock(join(home, 'mechanical_engines.lock'));
  try {
    return await change();
  } finally {
    lock.close();
  }
}

function takeLock(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: WAIT_MS, allowExtension: false });
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (cause) {
    database?.close();
    throw new MexError<RegistryErrorCode>({
      code: 'REGISTRY_UNWRITABLE',
      kind: 'internal',
      message: `The registry of this home could not be locked (${path}): ${cause instanceof Error ? cause.message : 'unknown cause'}`,
      remedy: 'See that no other mex command is changing the engines of this home, and that the directory is yours.',
      retryable: true,
      cause,
    });
  }
}
