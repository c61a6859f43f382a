import { closeSync, lstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { IgnoredPaths } from './ignored-paths.ts';

/** Files beyond this are not scanned for secrets, in bytes: the engine's own bound. */
const MAX_SECRET_FILE_BYTES = 16 * 1024 * 1024;

/** Data of the version control, and installed packages, which their authors scan. The engine leaves out the same. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  'bower_components',
  '.pnpm-store',
]);

/** Whether a path lies in something of which nothing is scanned, whether git tracks it or not. */
export function isNeverScanned(root: string, home: string, path: string): boolean {
  return join(root, path).startsWith(`${home}/`) || path.split('/').some((part) => LEFT_OUT.has(part));
}

const EXCLUDE_WAY: ReadonlySet<string> = new Set(['.git', '.git/info', '.git/info/exclude']);

/**
 * Decides what of a tree is pinned for the secret scan, while the tree is walked. Directories that git ignores are not
 * entered; ignored files are pinned, so that the engine leaves them out itself and its raw report names them.
 */
export class SecretCandidates {
  /** Large files that look like text: they are not scanned, and that must be told (CONTRACT §14 E). */
  readonly tooLarge: { readonly path: string; readonly bytes: number }[] = [];
  /** Directories that were not entered, and files that are not handed on, because git ignores them. */
  ignored = 0;
  /** Directories with a repository of their own: submodules, and checkouts that lie about. */
  readonly nested: string[] = [];
  readonly #root: string;
  readonly #home: string;
  readonly #rules: IgnoredPaths;

  /** @param home absolute path of the home, which may lie inside of the tree and is not part of it */
  constructor(root: string, home: string) {
    this.#root = root;
    this.#home = home;
    this.#rules = new IgnoredPaths(root);
  }

  /** For `pinDirectory`: whether an entry is left out. */
  readonly isLeftOut = (path: string, isDirectory: boolean): boolean => {
    // Of the version control's own data, the engine needs one more list of what is ignored.
    if (path.startsWith('.git/') || path === '.git') return !EXCLUDE_WAY.has(path);
    if (path.endsWith('/.git')) this.nested.push(path.slice(0, -'/.git'.length));
    if (!isDirectory) return this.#count(this.#rules.hasOutside(path)) || this.#isTooLarge(path);
    if (LEFT_OUT.has(path.slice(path.lastIndexOf('/') + 1)) || join(this.#root, path) === this.#home) return true;
    return this.#count(this.#rules.has(path, true));
  };

  #count(isIgnored: boolean): boolean {
    if (isIgnored) this.ignored += 1;
    return isIgnored;
  }

  /** A file of gigabytes is not even hashed; only its first bytes are looked at. */
  #isTooLarge(path: string): boolean {
    const full = join(this.#root, path);
    const stats = lstatSync(full, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile() || stats.size <= MAX_SECRET_FILE_BYTES) return false;
    if (!this.#rules.has(path, false) && !looksBinary(full)) this.tooLarge.push({ path, bytes: stats.size });
    return true;
  }
}

const SNIFFED_BYTES = 8_192;

/** As git decides it: a NUL near the beginning. UTF-16 says so with a mark, and is text. */
function looksBinary(file: string): boolean {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const bytes = Buffer.alloc(SNIFFED_BYTES);
    const start = bytes.subarray(0, readSync(descriptor, bytes, 0, SNIFFED_BYTES, 0));
    const mark = start.length >= 2 ? start.readUInt16BE(0) : 0;
    return mark !== 0xfeff && mark !== 0xfffe && start.includes(0);
  } catch {
    // What cannot be read is told as not scanned.
    return false;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
