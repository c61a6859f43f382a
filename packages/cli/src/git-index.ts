import { readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const LARGEST_INDEX_BYTES = 256 * 1024 * 1024;
/** Directories on the way up that are looked at. */
const MOST_LEVELS = 64;
/** Paths stand whole in these versions; version 4 shortens them, and is not read. */
const PLAIN_VERSIONS: ReadonlySet<number> = new Set([2, 3]);

/**
 * Whether git tracks files of a directory. Git itself is not asked: in a checkout of somebody else's it runs what its
 * configuration says. What cannot be read plainly (no repository, index version 4, a split index) counts as untracked.
 */
export function isTrackedByGit(directory: string): boolean {
  const found = findRepository(directory);
  if (found === undefined) return false;
  const index = readBounded(join(found.gitDirectory, 'index'));
  if (index === undefined || index.length < 12 || index.toString('latin1', 0, 4) !== 'DIRC') return false;
  if (!PLAIN_VERSIONS.has(index.readUInt32BE(4))) return false;
  const path = relative(found.root, directory).split(sep).join('/');
  return holdsEntryBelow(index, Buffer.from(`${path}/`));
}

/** The path has to begin where an entry has it: behind its flags, whose lower bits are the length of the whole path. */
function holdsEntryBelow(index: Buffer, prefix: Buffer): boolean {
  for (let at = index.indexOf(prefix, 12); at !== -1; at = index.indexOf(prefix, at + 1)) {
    const end = index.indexOf(0, at);
    const length = Math.min(end - at, 0xfff);
    if ((index.readUInt16BE(at - 2) & 0xfff) === length) return true;
    // An extended entry has two more bytes of flags between them.
    if ((index.readUInt16BE(at - 4) & 0xfff) === length) return true;
  }
  return false;
}

function findRepository(directory: string): { root: string; gitDirectory: string } | undefined {
  let root = dirname(directory);
  for (let level = 0; level < MOST_LEVELS; level += 1) {
    const git = join(root, '.git');
    const stat = statSync(git, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) return { root, gitDirectory: git };
    if (stat?.isFile() === true) return followFile(root, git);
    if (dirname(root) === root) return undefined;
    root = dirname(root);
  }
  return undefined;
}

/** A work tree of its own, or a submodule, names its git directory in a file. */
function followFile(root: string, file: string): { root: string; gitDirectory: string } | undefined {
  const named = /^gitdir: (.+)$/m.exec(readBounded(file)?.toString('utf8') ?? '')?.[1];
  return named === undefined ? undefined : { root, gitDirectory: resolve(root, named) };
}

function readBounded(file: string): Buffer | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.size > LARGEST_INDEX_BYTES) return undefined;
  return readFileSync(file);
}
