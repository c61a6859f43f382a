import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Directories that hold what was installed or built, not what a project declares. */
export const IGNORED_DIRECTORIES: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  '.mex',
  '.turbo',
  '__pycache__',
  '.venv',
]);

export interface FoundFiles {
  /** `/`-separated, relative to the root, sorted by code unit. */
  readonly files: readonly string[];
  /** Directories that could not be listed, with the reason. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
  /** The walk ended at `maxEntries`: there is more than was looked at. */
  readonly truncated: boolean;
}

/**
 * Lists the files below `root` whose base name is wanted. Never follows symbolic links, so loops cannot occur.
 * @param maxEntries most directory entries looked at; default 2,000,000.
 */
export function findFiles(root: string, wanted: (baseName: string) => boolean, maxEntries = 2_000_000): FoundFiles {
  const files: string[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  const queue = [''];
  let seen = 0;
  for (let directory = queue.pop(); directory !== undefined && seen < maxEntries; directory = queue.pop()) {
    for (const entry of list(root, directory, unreadable)) {
      seen += 1;
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!IGNORED_DIRECTORIES.has(entry.name)) queue.push(path);
      } else if (entry.isFile() && wanted(entry.name)) files.push(path);
    }
  }
  return { files: files.sort(), unreadable, truncated: seen >= maxEntries };
}

function list(root: string, directory: string, unreadable: { path: string; reason: string }[]): Dirent[] {
  try {
    return readdirSync(join(root, directory), { withFileTypes: true });
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    unreadable.push({ path: directory === '' ? '.' : directory, reason });
    return [];
  }
}
