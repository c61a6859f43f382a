import { statfsSync } from 'node:fs';
import { isAlive, type ProcessId } from './process-id.ts';

/** Where a program may put files that are kept in memory: each a file system of its own, of `scratchBytes`. */
export const SCRATCH = { temporary: '/tmp', shared: '/dev/shm' } as const;

/**
 * Memory that files in a jail take. They belong to no process, and outlive the one that wrote them.
 * @param first the first process of a jail that stands: before, its root is still the host's
 */
export function measureScratch(first: ProcessId): number {
  let bytes = 0;
  for (const place of Object.values(SCRATCH)) {
    try {
      const { blocks, bfree, bsize } = statfsSync(`/proc/${first.pid}/root${place}`);
      // With another process under this number, it was another one's root.
      if (isAlive(first)) bytes += (blocks - bfree) * bsize;
    } catch {
      // The jail is gone, or has no such place.
    }
  }
  return bytes;
}
