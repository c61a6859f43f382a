import { type Dir, type Dirent, opendirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Directories that hold what was installed or built, not what a project declares. Only a default: whoever knows what is
 * looked for passes a list of its own, and then that list alone counts.
 */
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

export interface FindOptions {
  /** Base names of directories that are not entered; default `IGNORED_DIRECTORIES`. */
  readonly ignored?: ReadonlySet<string>;
  /** Most directory entries looked at; default 2,000,000. */
  readonly maxEntries?: number;
}

/** A place that was not looked into, and why. */
export interface LeftOut {
  readonly path: string;
  readonly reason: string;
}

export interface FoundFiles {
  /** `/`-separated, relative to the root, sorted by code unit. */
  readonly files: readonly string[];
  /** Wanted names that cannot be an input: `symlink`, `special`, or `backslash` (a path that means another one elsewhere). Sorted by path. */
  readonly irregular: readonly LeftOut[];
  /** Directories that could not be listed, with the reason. */
  readonly unreadable: readonly LeftOut[];
  /** There are more than `maxEntries` entries: some were not looked at. */
  readonly truncated: boolean;
}

/** Lists the files below `root` whose base name is wanted. Never follows symbolic links, so loops cannot occur. */
export function findFiles(
  root: string,
  wanted: (baseName: string) => boolean,
  { ignored = IGNORED_DIRECTORIES, maxEntries = 2_000_000 }: FindOptions = {},
): FoundFiles {
  const files: string[] = [];
  const irregular: LeftOut[] = [];
  const unreadable: LeftOut[] = [];
  const found = { files, irregular, unreadable };
  const queue = [''];
  let seen = 0;
  for (let directory = queue.pop(); directory !== undefined; directory = queue.pop()) {
    for (const entry of list(root, directory, unreadable)) {
      seen += 1;
      if (seen > maxEntries) return sortFound({ ...found, truncated: true });
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!ignored.has(entry.name)) queue.push(path);
      } else if (wanted(entry.name)) {
        if (path.includes('\\')) irregular.push({ path, reason: 'backslash' });
        else if (entry.isFile()) files.push(path);
        else irregular.push({ path, reason: entry.isSymbolicLink() ? 'symlink' : 'special' });
      }
    }
  }
  return sortFound({ ...found, truncated: false });
}

function sortFound({ files, irregular, ...rest }: FoundFiles): FoundFiles {
  return { files: files.toSorted(), irregular: irregular.toSorted((a, b) => (a.path < b.path ? -1 : 1)), ...rest };
}

/** Entry by entry: a directory of millions is not read into memory before the bound is seen. */
function* list(root: string, directory: string, unreadable: LeftOut[]): Iterable<Dirent> {
  let open: Dir | undefined;
  try {
    open = opendirSync(join(root, directory), { bufferSize: 256 });
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) yield entry;
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    unreadable.push({ path: directory === '' ? '.' : directory, reason });
  } finally {
    open?.closeSync();
  }
}
