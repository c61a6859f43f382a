import { constants, lstatSync, mkdirSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileState } from './path-state.ts';
import type { Tree } from './tree.ts';
import { STAGING_PREFIX } from './tree-path.ts';

/** Writes that wait for the disk at the same time: it commits them together. */
export const AT_ONCE = 16;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** The directory at the top of a workspace in which a change is prepared. Its name follows from the change's id. */
export function stagingName(changeId: string): string {
  return `${STAGING_PREFIX}${changeId}`;
}

/** Takes away what a change, also one that died, has prepared. A link of that name is taken away as a link. */
export function clearStaging(tree: Tree, changeId: string): void {
  const path = tree.root.entryPath(stagingName(changeId));
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (there.isDirectory()) rmSync(path, { recursive: true, force: true });
  else unlinkSync(path);
}

/** One file to prepare, and the number that names it. */
export interface StagedFile {
  readonly index: number;
  readonly state: FileState;
}

/** Content by its hash, verified. */
export type ReadContent = (sha256: string) => Promise<Uint8Array> | Uint8Array;

/**
 * Writes files into the staging directory, with their modes, and waits until they are on the disk.
 * @param onStep see `ChangePowers`
 */
export async function stageFiles(
  tree: Tree,
  changeId: string,
  files: readonly StagedFile[],
  read: ReadContent,
  onStep: (step: string) => void,
): Promise<void> {
  if (files.length === 0) return;
  const directory = tree.root.entryPath(stagingName(changeId));
  onStep('stage directory');
  mkdirSync(directory, { mode: 0o700 });
  const queue = files.values();
  const work = async (): Promise<void> => {
    for (const { index, state } of queue) {
      onStep('stage');
      await writeFile(`${directory}/${index}`, await read(state.sha256), state.mode);
    }
  };
  const done = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, files.length) }, work));
  // All have stopped before anybody cleans up behind them.
  for (const one of done) if (one.status === 'rejected') throw one.reason;
}

async function writeFile(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const file = await open(path, NEW_FILE, 0o600);
  try {
    await file.writeFile(bytes);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Puts directories' entries on the disk. */
export async function syncDirectories(tree: Tree, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const directory = tree.directory(path);
    // One that is gone has nothing to be put on the disk; its parent is on the list, too.
    if (typeof directory === 'string') continue;
    const handle = await open(directory.listPath, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

/** Ends a change: the prepared files are in their places. */
export function dropStaging(tree: Tree, changeId: string): void {
  try {
    rmdirSync(tree.root.entryPath(stagingName(changeId)));
  } catch {
    clearStaging(tree, changeId);
  }
}
