import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Where everything is measured that touches a disk: beside this package unless `MEX_BENCH_DIR` says otherwise. Not the
 * system's temporary directory, which on many machines is memory and makes durability look free.
 */
export const BENCH_ROOT = process.env['MEX_BENCH_DIR'] ?? fileURLToPath(new URL('../../.mex-bench', import.meta.url));

/** Runs `work` with a fresh directory, and removes it afterwards. */
export async function withDirectory<T>(name: string, work: (dir: string) => Promise<T>): Promise<T> {
  mkdirSync(BENCH_ROOT, { recursive: true });
  const dir = mkdtempSync(join(BENCH_ROOT, `${name}-`));
  try {
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
