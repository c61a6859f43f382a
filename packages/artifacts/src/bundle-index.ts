import { type BundleEntry, type BundleIndex, CHECKERS, canonicalBytes } from '@mex/envelope';
import { artifactError } from './errors.ts';

/** Media type of a stored bundle index. */
export const BUNDLE_MIME = 'application/vnd.mex.bundle+json';

/** Bounds of one bundle. */
export const BUNDLE_BOUNDS = {
  maxEntries: 100_000,
  maxPathChars: 4_096,
  /** Canonical index text, in bytes. */
  maxIndexBytes: 64 * 1024 * 1024,
} as const;

/** Why a path may not stand in a bundle; `undefined` when it may. Judges the path as given, before normalisation. */
export function checkBundlePath(path: string): string | undefined {
  if (path === '') return 'it is empty';
  if (path.length > BUNDLE_BOUNDS.maxPathChars) return `it is longer than ${BUNDLE_BOUNDS.maxPathChars} characters`;
  if (!path.isWellFormed()) return 'it is not well-formed Unicode';
  if (path.includes('\0')) return 'it contains NUL';
  if (path.includes('\\')) return 'it contains a backslash';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'it is absolute';
  for (const segment of path.split('/')) {
    if (segment === '') return 'it has an empty segment';
    if (segment === '.' || segment === '..') return `it has a ${segment} segment`;
  }
  return undefined;
}

/** @throws MexError `POLICY_PATH_ESCAPE` for a path that `checkBundlePath` objects to */
export function normalizeBundlePath(path: string): string {
  const objection = checkBundlePath(path);
  if (objection === undefined) return path.normalize('NFC');
  throw artifactError('POLICY_PATH_ESCAPE', `The path ${JSON.stringify(path.slice(0, 200))} is refused: ${objection}.`);
}

/** An index with what was noticed on the way. */
export interface BuiltIndex {
  readonly index: BundleIndex;
  /** The canonical bytes that the bundle's digest is over. */
  readonly bytes: Uint8Array;
  /** Groups of paths that a case-insensitive file system cannot hold side by side. */
  readonly caseClashes: string[][];
}

/**
 * The canonical index of a bundle (CONTRACT §5): NFC paths in code-unit order. The order of `entries` does not matter.
 * @throws MexError `POLICY_PATH_ESCAPE`, `ARTIFACT_INVALID` (duplicate after NFC, file as directory), `ARTIFACT_TOO_LARGE`
 */
export function buildIndex(entries: readonly BundleEntry[]): BuiltIndex {
  if (entries.length > BUNDLE_BOUNDS.maxEntries) throw tooMany(entries.length);
  const normal = entries.map((entry) => ({ ...entry, path: normalizeBundlePath(entry.path) }));
  normal.sort(byPath);
  for (const [at, entry] of normal.entries()) {
    if (normal[at + 1]?.path !== entry.path) continue;
    throw artifactError('ARTIFACT_INVALID', `Two entries have the path ${JSON.stringify(entry.path)} after NFC.`);
  }
  refuseFilesAsDirectories(normal);
  const index: BundleIndex = { schema_version: 'mex.bundle@1.0', entries: normal };
  const bytes = canonicalBytes(index, { maxChars: BUNDLE_BOUNDS.maxIndexBytes });
  return { index, bytes, caseClashes: findCaseClashes(normal) };
}

/**
 * Reads a stored index. Comparing with its own canonical form leaves no second spelling of the same index,
 * and so no duplicate members, no odd numbers and no unsorted entries.
 * @throws MexError `ARTIFACT_CORRUPT`
 */
export function parseIndex(bytes: Uint8Array): BundleIndex {
  const value = parseJson(bytes);
  if (CHECKERS.bundleIndex.check(value) && value.entries.length <= BUNDLE_BOUNDS.maxEntries) {
    const sound = value.entries.every((entry) => checkBundlePath(entry.path) === undefined);
    if (sound && Buffer.compare(buildIndex(value.entries).bytes, bytes) === 0) return value;
  }
  throw artifactError('ARTIFACT_CORRUPT', 'The artifact is not a canonical bundle index.', {
    remedy: 'Use a handle that the store returned for a bundle.',
  });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function byPath(a: BundleEntry, b: BundleEntry): number {
  if (a.path === b.path) return 0;
  return a.path < b.path ? -1 : 1;
}

/** `a` beside `a/b` cannot exist on a disk. */
function refuseFilesAsDirectories(entries: readonly BundleEntry[]): void {
  const files = new Set(entries.map((entry) => entry.path));
  for (const { path } of entries) {
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      if (!files.has(path.slice(0, at))) continue;
      throw artifactError(
        'ARTIFACT_INVALID',
        `${JSON.stringify(path.slice(0, at))} is a file and a directory at once.`,
      );
    }
  }
}

function findCaseClashes(entries: readonly BundleEntry[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const { path } of entries) {
    const folded = path.toLowerCase();
    const group = groups.get(folded);
    if (group === undefined) groups.set(folded, [path]);
    else group.push(path);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

function tooMany(count: number): Error {
  const message = `A bundle of ${count} entries is above the ${BUNDLE_BOUNDS.maxEntries} allowed.`;
  return artifactError('ARTIFACT_TOO_LARGE', message);
}
