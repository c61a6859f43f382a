import { lstatSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { quoteText } from '@mex/envelope';
import { toolError } from './errors.ts';

/** Where a program without a path is looked for. Never PATH: it is the caller's, and nothing of it is checked. */
export const SYSTEM_DIRECTORIES: readonly string[] = [
  '/usr/local/bin',
  '/usr/bin',
  '/bin',
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
];
/** Everybody may write here. */
const TEMPORARY = ['/tmp', '/var/tmp', '/dev/shm', '/run/user', '/proc'];
const MAX_LINKS = 40;
const OTHERS_MAY_WRITE = 0o022;

/** Directories that programs never come from: as they are named, and as they really are. */
export function untrustedRoots(roots: readonly string[]): readonly string[] {
  const named = [...TEMPORARY, tmpdir(), ...roots].flatMap((root) => [root, realOr(root)]);
  // Everything is below the root: to say so would mean that there are no programs.
  return [...new Set(named)].filter((root) => isAbsolute(root) && root !== '/');
}

function realOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * Follows a path to the file it means, and trusts each step: every directory on the way belongs to root or to this
 * user, others cannot write it, and none lies below an untrusted root (CONTRACT §9 `SECURITY_UNTRUSTED_EXECUTION`).
 * @returns the path without links; `undefined` where there is nothing
 * @throws MexError `SECURITY_UNTRUSTED_EXECUTION`
 */
export function followTrusted(path: string, roots: readonly string[]): string | undefined {
  let rest = segments(path);
  let at = '/';
  let links = 0;
  verifyOwner('/', lstatSync('/'));
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '..') {
      at = dirname(at);
      continue;
    }
    const next = join(at, name);
    verifyPlace(next, roots);
    const stat = lstatSync(next, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (stat.isSymbolicLink()) {
      links += 1;
      if (links > MAX_LINKS) throw untrusted(path, 'its links have no end');
      const target = readlinkSync(next);
      if (isAbsolute(target)) at = '/';
      rest = [...segments(target), ...rest];
      continue;
    }
    if (rest.length > 0 && !stat.isDirectory()) return undefined;
    verifyOwner(next, stat);
    at = next;
  }
  return at;
}

/** Whether `proc.exec` would take a program from a path, as far as the path alone tells. */
export function isTrustedProgram(path: string): boolean {
  try {
    return followTrusted(path, untrustedRoots([])) !== undefined;
  } catch {
    return false;
  }
}

function segments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.');
}

function verifyPlace(path: string, roots: readonly string[]): void {
  const root = roots.find((candidate) => path === candidate || path.startsWith(`${candidate}/`));
  if (root !== undefined) throw untrusted(path, `it lies in ${root}, which others or untrusted code may write`);
}

/** @throws MexError `SECURITY_UNTRUSTED_EXECUTION` unless only root or this user can change what is there. */
export function verifyOwner(path: string, { uid, mode }: Pick<Stats, 'uid' | 'mode'>): void {
  if (uid !== 0 && uid !== process.getuid?.()) throw untrusted(path, 'it belongs to another user');
  if ((mode & OTHERS_MAY_WRITE) !== 0) throw untrusted(path, 'its group or everybody may write it');
}

function untrusted(path: string, why: string) {
  return toolError(
    'SECURITY_UNTRUSTED_EXECUTION',
    `${quoteText(path, 400)} is not run: ${why}.`,
    'Install the tool where only root or you can write (chmod go-w its directory), outside workspaces, and name that path in the policy.',
  );
}
