import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { Gap } from './scan-target.ts';

/** Where the history of a project lies, or why it is not looked at. */
export type HistoryPlace = { readonly directory: string } | { readonly gap: Gap };

const GIT = '.git';
const MAX_LINK_BYTES = 65_536;

/**
 * Finds the repository of a scanned directory. A worktree or a submodule says in a file where its repository is; that is
 * followed when it leads into the scanned tree, and nowhere else. Nothing of git is run (CONTRACT §14 J).
 * @param root absolute path of the scanned directory
 */
export function findRepository(root: string): HistoryPlace {
  try {
    const path = join(root, GIT);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return gap('there is no repository of git in it, so there is no history to look at');
    if (stats.isSymbolicLink()) return gap('it is a symbolic link');
    const directory = stats.isDirectory() ? path : linkedDirectory(root, path, stats.size);
    if (directory === undefined) return gap('it leads to a repository outside of the scanned tree: scan that one');
    if (lstatSync(join(directory, 'commondir'), { throwIfNoEntry: false }) !== undefined)
      return gap('it is a worktree of another repository: scan that one');
    return { directory };
  } catch (error) {
    return gap(`it cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function gap(reason: string): HistoryPlace {
  return { gap: { path: GIT, reason: `the history was not looked at: ${reason}` } };
}

/** The directory that a `.git` file names; `undefined` when it is outside, or the file names none. */
function linkedDirectory(root: string, file: string, size: number): string | undefined {
  const text = size > MAX_LINK_BYTES ? '' : readFileSync(file, 'utf8');
  const [, target] = /^gitdir: ([^\n\0]+)\n?$/.exec(text) ?? [];
  if (target === undefined) return undefined;
  const directory = realpathSync(resolve(root, target));
  const inside = relative(realpathSync(root), directory);
  return inside === '' || inside === '..' || inside.startsWith(`..${sep}`) ? undefined : directory;
}

/** Of a repository what leads to its history: refs, packs, objects. No hooks, no configuration, no index. */
const LEADS_TO_HISTORY =
  /^(?:HEAD|packed-refs|shallow|refs(?:\/.*)?|objects|objects\/(?:pack|[0-9a-f]{2})|objects\/[0-9a-f]{2}\/[0-9a-f]{38,62}|objects\/pack\/[^/]+\.(?:pack|idx))$/;

/** For `pinDirectory` on a repository: whether an entry is left out. */
export function isNoHistory(path: string): boolean {
  return !LEADS_TO_HISTORY.test(path) || path.endsWith('.lock');
}

/** Bytes of a repository that are pinned: the engine reads no more. */
export const MAX_REPOSITORY_BYTES = 256 * 1024 * 1024;
