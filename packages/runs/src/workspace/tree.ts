import { closeSync, fstatSync, lstatSync, readdirSync, readSync, realpathSync } from 'node:fs';
import { openRoot, type SafeDirectory } from '@mex/artifacts';
import { sha256Hex } from '@mex/envelope/digest';
import { CHANGE_SET_BOUNDS } from '../change-set/change-set.ts';
import { ChangeRefusal, errnoOf } from '../errors.ts';
import type { FileState, PathState } from './path-state.ts';
import { nameOf, parentOf } from './tree-path.ts';

/** What is on the disk at a path. */
export type Observed =
  | { readonly state: null | Extract<PathState, { kind: 'directory' }> }
  | { readonly state: FileState; readonly identity: string; readonly bytes: Uint8Array };

/** What a directory on the way is, when it is none that can be entered. */
export type Way = SafeDirectory | 'absent' | 'file';

/**
 * A workspace, looked at and changed through open directories only: however its paths are bent meanwhile, nothing
 * outside is read or written (CONTRACT §14 B). Work on it in the order of paths; the last directory stays open.
 */
export class Tree {
  readonly root: SafeDirectory;
  #last: { readonly path: string; readonly directory: SafeDirectory } | undefined;

  /** @throws MexError `WORKSPACE_INVALID` */
  constructor(workspace: string) {
    try {
      this.root = openRoot(workspace);
    } catch (error) {
      throw new ChangeRefusal('WORKSPACE_INVALID', `${workspace} cannot be opened as a directory.`, [], error);
    }
  }

  /**
   * A workspace as it was recorded, by its real path. Whoever put a link in its place, or in the place of a directory
   * above, would have something else changed. @throws MexError `WORKSPACE_INVALID`
   */
  static openReal(workspace: string): Tree {
    const tree = new Tree(workspace);
    if (realpathSync(tree.root.listPath) === workspace) return tree;
    tree.close();
    throw new ChangeRefusal('WORKSPACE_INVALID', `${workspace} leads to another directory than when it was changed.`);
  }

  /** The directory of a path. @throws MexError `POLICY_PATH_ESCAPE` for a link or a device on the way */
  parent(path: string): Way {
    return this.directory(parentOf(path));
  }

  directory(path: string): Way {
    if (path === '') return this.root;
    if (this.#last?.path === path) return this.#last.directory;
    this.forget();
    let current = this.root;
    for (const name of path.split('/')) {
      const next = enter(current, name, path);
      if (current !== this.root) current.close();
      if (typeof next === 'string') return next;
      current = next;
    }
    this.#last = { path, directory: current };
    return current;
  }

  /** Call after directories were removed or made. */
  forget(): void {
    this.#last?.directory.close();
    this.#last = undefined;
  }

  /** @throws MexError `POLICY_PATH_ESCAPE` for a link or a device; NodeJS.ErrnoException */
  observe(path: string): Observed {
    const parent = this.parent(path);
    return typeof parent === 'string' ? { state: null } : observeEntry(parent, nameOf(path), path);
  }

  /** Whether a file is the one that was observed, without reading it. */
  isSame(path: string, identity: string): boolean {
    const parent = this.parent(path);
    if (typeof parent === 'string') return false;
    const stat = lstatSync(parent.entryPath(nameOf(path)), { bigint: true, throwIfNoEntry: false });
    return stat !== undefined && identityOf(stat) === identity;
  }

  /** Names in a directory; none when there is none. */
  names(path: string): string[] {
    const directory = this.directory(path);
    return typeof directory === 'string' ? [] : readdirSync(directory.listPath);
  }

  close(): void {
    this.forget();
    this.root.close();
  }
}

function enter(current: SafeDirectory, name: string, path: string): Way {
  try {
    return current.enter(name);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return 'absent';
    const stat = lstatSync(current.entryPath(name), { throwIfNoEntry: false });
    if (stat?.isFile()) return 'file';
    if (errno === 'EACCES' || errno === 'EPERM') throw error;
    throw notPlain(path, error);
  }
}

function observeEntry(parent: SafeDirectory, name: string, path: string): Observed {
  const stat = lstatSync(parent.entryPath(name), { throwIfNoEntry: false });
  if (stat === undefined) return { state: null };
  if (stat.isDirectory()) return { state: { kind: 'directory', mode: stat.mode & 0o7777 } };
  if (!stat.isFile()) throw notPlain(path);
  const fd = parent.openFile(name);
  try {
    return readState(fd, path);
  } finally {
    closeSync(fd);
  }
}

function readState(fd: number, path: string): Observed {
  const stat = fstatSync(fd, { bigint: true });
  if (!stat.isFile()) throw notPlain(path);
  const size = Number(stat.size);
  if (size > CHANGE_SET_BOUNDS.maxFileBytes) {
    const message = `${JSON.stringify(path.slice(0, 200))} has ${size} bytes; ${CHANGE_SET_BOUNDS.maxFileBytes} is the most.`;
    throw new ChangeRefusal('CHANGE_SET_TOO_LARGE', message, [path]);
  }
  const bytes = Buffer.allocUnsafeSlow(size);
  let got = 0;
  while (got < size) {
    const more = readSync(fd, bytes, got, size - got, got);
    if (more === 0) break;
    got += more;
  }
  const content = bytes.subarray(0, got);
  const mode = Number(stat.mode) & 0o7777;
  const state: FileState = { kind: 'file', mode, sha256: sha256Hex(content), size_bytes: got };
  return { state, identity: identityOf(stat), bytes: content };
}

function identityOf(stat: Record<'dev' | 'ino' | 'size' | 'mode' | 'mtimeNs' | 'ctimeNs', bigint>): string {
  return [stat.dev, stat.ino, stat.size, stat.mode, stat.mtimeNs, stat.ctimeNs].join(':');
}

function notPlain(path: string, cause?: unknown): ChangeRefusal {
  return new ChangeRefusal(
    'POLICY_PATH_ESCAPE',
    `${JSON.stringify(path.slice(0, 200))} is, or leads through, a link or something that is no plain file or directory.`,
    [path],
    cause,
  );
}
