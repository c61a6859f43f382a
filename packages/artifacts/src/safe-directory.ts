import {
  type BigIntStats,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
} from 'node:fs';
import { join } from 'node:path';
import { artifactError, codeOf } from './errors.ts';
import { isHome } from './mex-home.ts';
import { SAFE_READ_FLAGS } from './verified-file.ts';

const DIRECTORY_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * A directory that stays the same directory however its path is changed meanwhile (CONTRACT §14 B).
 *
 * On Linux it is an open descriptor, and entries are reached through `/proc/self/fd/<fd>/<name>`, which is `openat`:
 * the kernel starts at the directory that was opened, and `O_NOFOLLOW` refuses a link as the last (only) component.
 * There is no moment between a check and a use. Elsewhere the identity of every directory below the root is noted
 * on the way in and compared again after each opening, together with that of the opened file.
 */
export interface SafeDirectory {
  /** Path for a system call on one entry. Only while this directory is open. Never for display. */
  readonly entryPath: (name: string) => string;
  /** Enters a child directory; a link is refused. The caller closes it. @throws NodeJS.ErrnoException, MexError */
  readonly enter: (name: string) => SafeDirectory;
  /** Opens a child for reading; a link is refused. @throws NodeJS.ErrnoException, MexError */
  readonly openFile: (name: string) => number;
  /** Makes a child directory unless it exists, and enters it. @throws NodeJS.ErrnoException, MexError */
  readonly make: (name: string) => SafeDirectory;
  /** Looks once more, where the platform has no descriptor paths, before something is put in place. @throws MexError */
  readonly recheck: () => void;
  /** Path to list the entries of the directory itself. */
  readonly listPath: string;
  readonly close: () => void;
}

let descriptorPaths: boolean | undefined;

/**
 * Opens a root. Links in the root's own path are followed: naming the root is the caller's decision.
 * @param portable forces the way used where there is no `/proc` (for tests)
 * @throws NodeJS.ErrnoException
 */
export function openRoot(path: string, portable = false): SafeDirectory {
  descriptorPaths ??= process.platform === 'linux' && existsSync('/proc/self/fd');
  if (descriptorPaths && !portable) {
    return descriptorDirectory(openSync(path, DIRECTORY_FLAGS & ~constants.O_NOFOLLOW));
  }
  const real = realpathSync(path);
  return pathDirectory(real, lstatSync(real, { bigint: true }), () => undefined);
}

/** Enters directories one after the other and closes those passed through. A home of MEX is refused. */
export function enterAll(root: SafeDirectory, names: readonly string[], make = false): SafeDirectory {
  let current = root;
  for (const name of names) {
    try {
      const next = make ? current.make(name) : current.enter(name);
      if (current !== root) current.close();
      current = next;
      if (!make && isHome(current.entryPath))
        throw artifactError('POLICY_PATH_ESCAPE', 'A home of MEX is nobody’s input: it holds keys and secrets.');
    } catch (error) {
      if (current !== root) current.close();
      throw error;
    }
  }
  return current;
}

/** Whether an error means that a link or a non-directory stood where a directory was expected. */
export function isLinkRefusal(error: unknown): boolean {
  const errno = codeOf(error);
  return errno === 'ELOOP' || errno === 'ENOTDIR' || errno === 'EMLINK' || errno === 'POLICY_PATH_ESCAPE';
}

function descriptorDirectory(fd: number): SafeDirectory {
  const base = `/proc/self/fd/${fd}`;
  const entryPath = (name: string): string => `${base}/${name}`;
  const enter = (name: string): SafeDirectory => descriptorDirectory(openSync(entryPath(name), DIRECTORY_FLAGS));
  return {
    entryPath,
    enter,
    openFile: (name) => openSync(entryPath(name), SAFE_READ_FLAGS),
    make: (name) => {
      makeIfAbsent(entryPath(name));
      return enter(name);
    },
    recheck: () => undefined,
    // The trailing dot makes the kernel resolve the descriptor to its directory.
    listPath: `${base}/.`,
    close: () => closeSync(fd),
  };
}

function pathDirectory(path: string, identity: BigIntStats, checkParents: () => void): SafeDirectory {
  const check = (): void => {
    checkParents();
    verifySame(path, identity);
  };
  const entryPath = (name: string): string => join(path, name);
  const enter = (name: string): SafeDirectory => {
    const child = lstatSync(entryPath(name), { bigint: true });
    if (!child.isDirectory()) throw escape(entryPath(name));
    check();
    return pathDirectory(entryPath(name), child, check);
  };
  return {
    entryPath,
    enter,
    openFile: (name) => {
      const fd = openSync(entryPath(name), SAFE_READ_FLAGS);
      try {
        check();
        verifySame(entryPath(name), fstatSync(fd, { bigint: true }));
        return fd;
      } catch (error) {
        closeSync(fd);
        throw error;
      }
    },
    make: (name) => {
      check();
      makeIfAbsent(entryPath(name));
      return enter(name);
    },
    recheck: check,
    listPath: path,
    close: () => undefined,
  };
}

function makeIfAbsent(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

function verifySame(path: string, expected: BigIntStats): void {
  const found = lstatSync(path, { bigint: true });
  if (found.dev !== expected.dev || found.ino !== expected.ino) throw escape(path);
}

function escape(path: string): Error {
  return artifactError('POLICY_PATH_ESCAPE', `${path} is not the directory or file that it was a moment ago.`);
}
