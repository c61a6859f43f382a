import { chmodSync, lstatSync, readdirSync, renameSync, rmdirSync, type Stats, unlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemCode } from './errors.ts';

/** What a tool may put into its working directory. */
export interface TreeLimits {
  readonly bytes: number;
  readonly entries: number;
}

/** Deeper than this, paths near what the system can name; no tool needs it. */
const MAX_DEPTH = 100;
/** The system takes no longer ones: what is below could not be counted. */
const MAX_PATH_BYTES = 4_000;
/** A call each costs a tenth of a trip through the thread pool, so they are made in place, this long at a time. */
const TURN_MS = 4;
const SLASH = Buffer.from('/');
const BLOCK_BYTES = 512;

/** Names are bytes: a name that is no UTF-8 would otherwise hide what is below it. */
function below(dir: Buffer, name: Buffer | string): Buffer {
  return Buffer.concat([dir, SLASH, typeof name === 'string' ? Buffer.from(name) : name]);
}

/** Lets others have their turn, now and then. */
function pacer(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < TURN_MS) return undefined;
    return nextTurn().then(() => {
      since = performance.now();
    });
  };
}

/**
 * Whether a tree that is being written is still within its limits. Stops counting at the first one passed, so that
 * it costs no more than what is allowed. What vanishes meanwhile does not count.
 */
export async function isWithin(dir: string, limits: TreeLimits): Promise<boolean> {
  const pace = pacer();
  let level: Buffer[] = [Buffer.from(dir)];
  let bytes = 0;
  let entries = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return false;
    const next: Buffer[] = [];
    for (const directory of level) {
      const names = namesIn(directory);
      // A directory nobody may read hides what is in it.
      if (names === undefined) return false;
      entries += names.length;
      if (entries > limits.entries) return false;
      for (const name of names) {
        const path = below(directory, name);
        if (path.length > MAX_PATH_BYTES) return false;
        const stat = statOf(path);
        // Blocks, not size: a sparse file takes what it takes.
        bytes += (stat?.blocks ?? 0) * BLOCK_BYTES;
        if (stat?.isDirectory()) next.push(path);
        if (bytes > limits.bytes) return false;
        await pace();
      }
    }
    level = next;
  }
  return true;
}

function namesIn(directory: Buffer): Buffer[] | undefined {
  try {
    return readdirSync(directory, { encoding: 'buffer' });
  } catch (error) {
    return systemCode(error) === 'EACCES' ? undefined : [];
  }
}

function statOf(path: Buffer): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/**
 * Empties a directory that hostile code has written, whatever its depth, names and modes: directories are moved up
 * before they are emptied, so that no path gets longer than two names. Nobody else may be writing.
 */
export async function clearTree(dir: string): Promise<void> {
  const pace = pacer();
  const root = Buffer.from(dir);
  let moved = 0;
  for (let names = list(root); names.length > 0; names = list(root)) {
    for (const name of names) {
      const path = below(root, name);
      if (!lstatSync(path).isDirectory()) {
        unlinkSync(path);
        continue;
      }
      chmodSync(path, 0o700);
      for (const child of list(path)) {
        const inner = below(path, child);
        if (lstatSync(inner).isDirectory()) {
          // Moving a directory writes into it.
          chmodSync(inner, 0o700);
          moved += 1;
          renameSync(inner, below(root, `mex-removed-${moved}-${crypto.randomUUID()}`));
        } else unlinkSync(inner);
        await pace();
      }
      rmdirSync(path);
    }
    await pace();
  }
}

function list(directory: Buffer): Buffer[] {
  return readdirSync(directory, { encoding: 'buffer' });
}
