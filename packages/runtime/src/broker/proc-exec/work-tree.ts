import { lstatSync, type Stats } from 'node:fs';
import { chmod, lstat, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { systemCode } from './errors.ts';

/** What a tool may put into its working directory. */
export interface TreeLimits {
  readonly bytes: number;
  readonly entries: number;
}

/** Deeper than this, paths near what the system can name; no tool needs it. */
const MAX_DEPTH = 100;
const BATCH = 64;
const SLASH = Buffer.from('/');
const BLOCK_BYTES = 512;

/** Names are bytes: a name that is no UTF-8 would otherwise hide what is below it. */
function below(dir: Buffer, name: Buffer | string): Buffer {
  return Buffer.concat([dir, SLASH, typeof name === 'string' ? Buffer.from(name) : name]);
}

/**
 * Whether a tree that is being written is still within its limits. Stops counting at the first one passed, so that
 * it costs no more than what is allowed. What vanishes meanwhile does not count.
 */
export async function isWithin(dir: string, limits: TreeLimits): Promise<boolean> {
  let level: Buffer[] = [Buffer.from(dir)];
  let bytes = 0;
  let entries = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return false;
    const next: Buffer[] = [];
    for (const directory of level) {
      const names = await namesIn(directory);
      // A directory nobody may read hides what is in it.
      if (names === undefined) return false;
      entries += names.length;
      if (entries > limits.entries) return false;
      for (let from = 0; from < names.length; from += BATCH) {
        const paths = names.slice(from, from + BATCH).map((name) => below(directory, name));
        const stats = await Promise.all(paths.map(statOf));
        for (const [index, stat] of stats.entries()) {
          // Blocks, not size: a sparse file takes what it takes.
          bytes += (stat?.blocks ?? 0) * BLOCK_BYTES;
          const path = paths[index];
          if (stat?.isDirectory() && path !== undefined) next.push(path);
        }
        if (bytes > limits.bytes) return false;
      }
    }
    level = next;
  }
  return true;
}

async function namesIn(directory: Buffer): Promise<Buffer[] | undefined> {
  try {
    return await readdir(directory, { encoding: 'buffer' });
  } catch (error) {
    return systemCode(error) === 'EACCES' ? undefined : [];
  }
}

async function statOf(path: Buffer): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch {
    return undefined;
  }
}

/**
 * Empties a directory that hostile code has written, whatever its depth, names and modes: directories are moved up
 * before they are emptied, so that no path gets longer than two names. Nobody else may be writing.
 */
export async function clearTree(dir: string): Promise<void> {
  const root = Buffer.from(dir);
  let moved = 0;
  for (;;) {
    const names = await readdir(root, { encoding: 'buffer' });
    if (names.length === 0) return;
    for (const name of names) {
      const path = below(root, name);
      if (!lstatSync(path).isDirectory()) {
        await unlink(path);
        continue;
      }
      await chmod(path, 0o700);
      const children = await readdir(path, { encoding: 'buffer' });
      for (let from = 0; from < children.length; from += BATCH) {
        await Promise.all(
          children.slice(from, from + BATCH).map(async (child) => {
            const inner = below(path, child);
            if (!(await lstat(inner)).isDirectory()) return unlink(inner);
            // Moving a directory writes into it.
            await chmod(inner, 0o700);
            moved += 1;
            return rename(inner, below(root, `mex-removed-${process.pid}-${moved}-${crypto.randomUUID()}`));
          }),
        );
      }
      await rmdir(path);
    }
  }
}
