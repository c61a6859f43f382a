import { accessSync, constants, readdirSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { findFiles } from '@mex/host';
import { usageError } from '../usage-error.ts';
import { isLockfileName, isManifestName, isReadWith, LOOKED_FOR } from './lockfile-names.ts';
import { SKIPPED_DIRECTORIES } from './skipped-directories.ts';

/** What a scan is about: a directory, and the files in it that are handed to the engine. */
export interface ScanTarget {
  readonly root: string;
  /** The one lockfile, when the path named a file. */
  readonly only: string | undefined;
}

/** What could not be looked at, so that a result without it would be a false pass (CONTRACT §14 E). */
export interface Gap {
  readonly path: string;
  readonly reason: string;
}

export interface Candidates {
  /** `/`-separated, relative to the root. */
  readonly files: readonly string[];
  readonly gaps: readonly Gap[];
}

/** Checks the path of a scan. @throws MexError `CLI_FILE_UNREADABLE` */
export function openTarget(path: string): ScanTarget {
  const full = resolve(path);
  const stats = statPath(path, full);
  if (stats.isDirectory()) {
    verifyReadable(path, full, constants.R_OK | constants.X_OK);
    return { root: full, only: undefined };
  }
  if (!stats.isFile()) throw unusable(path, 'it is neither a directory nor a file');
  if (!isLockfileName(basename(full))) throw unusable(path, `it is not a lockfile; known are ${LOOKED_FOR}`);
  verifyReadable(path, full, constants.R_OK);
  return { root: dirname(full), only: basename(full) };
}

/** The files of a target that the engine gets to see, and what it should have seen and cannot. */
export function findCandidates({ root, only }: ScanTarget): Candidates {
  if (only !== undefined) return findBeside(root, only);
  const wanted = (name: string): boolean => isLockfileName(name) || isManifestName(name);
  const { files, irregular, unreadable, truncated } = findFiles(root, wanted, { ignored: SKIPPED_DIRECTORIES });
  const gaps: Gap[] = [
    ...irregular.map(({ path, reason }) => ({ path, reason: skipReason(reason) })),
    ...unreadable.map(({ path, reason }) => ({ path, reason: `the directory cannot be listed (${reason})` })),
  ];
  if (truncated) gaps.push({ path: '.', reason: 'there are too many files; the rest was not looked at' });
  return { files, gaps };
}

function findBeside(root: string, only: string): Candidates {
  const beside = readdirSync(root, { withFileTypes: true }).filter(
    (entry) => entry.name !== only && !entry.isDirectory() && isReadWith(only, entry.name),
  );
  const gaps = beside
    .filter((entry) => !entry.isFile())
    .map((entry): Gap => ({ path: entry.name, reason: skipReason(entry.isSymbolicLink() ? 'symlink' : 'special') }));
  return { files: [only, ...beside.filter((entry) => entry.isFile()).map((entry) => entry.name)], gaps };
}

/** Why a file was left out, in words. The store and the search for files use the same short names. */
export function skipReason(reason: string): string {
  return SKIPPED[reason] ?? reason;
}

const SKIPPED: Readonly<Record<string, string>> = {
  symlink: 'it is a symbolic link',
  special: 'it is no regular file',
  backslash: 'its path holds a backslash, which means another path elsewhere',
  unreadable: 'it cannot be read',
  missing: 'it went away while it was being read',
  name: 'its name is not valid text',
};

function statPath(path: string, full: string): Stats {
  try {
    return statSync(full);
  } catch (error) {
    throw unusable(path, reasonOf(error));
  }
}

function verifyReadable(path: string, full: string, mode: number): void {
  try {
    accessSync(full, mode);
  } catch (error) {
    throw unusable(path, reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown cause';
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'ENOTDIR') return 'a part of it is not a directory';
  if (code === 'EACCES' || code === 'EPERM') return 'permission is denied';
  return code;
}

function unusable(path: string, why: string): Error {
  return usageError(
    `${path} cannot be scanned: ${why}.`,
    'Name a directory that you may read, or one lockfile.',
    'CLI_FILE_UNREADABLE',
  );
}
