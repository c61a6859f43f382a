import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findCandidates, type ScanTarget } from './scan-target.ts';

interface Family {
  /** Whether a base name is a lockfile of this ecosystem. */
  readonly lockfile: RegExp;
  /** Whether the text of a manifest asks for packages. */
  readonly asks: (text: string) => boolean;
}

/** By base name of the manifest. */
const FAMILIES: ReadonlyMap<string, Family> = new Map([
  [
    'package.json',
    { lockfile: /^(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock)$/, asks: hasNpm },
  ],
  ['composer.json', { lockfile: /^composer\.lock$/, asks: hasComposer }],
  ['Cargo.toml', { lockfile: /^Cargo\.lock$/, asks: (text) => /^\[(?:.{1,200}\.)?dependencies[.\]]/m.test(text) }],
  [
    'pyproject.toml',
    {
      lockfile: /^(?:poetry\.lock|uv\.lock|requirements[\w.-]*\.txt)$/i,
      asks: (text) => /^(?:dependencies\s*=\s*\[\s*["']|\[tool\.poetry\.dependencies\])/m.test(text),
    },
  ],
]);

const MAX_BYTES = 1024 * 1024;

/**
 * Manifests that ask for packages and have no lockfile beside or above them: what they ask for is in no SBOM, however
 * many other lockfiles there are (CONTRACT §14 C).
 * @returns paths, `/`-separated and relative to the root
 */
export function findUnlocked(target: ScanTarget): string[] {
  const { files } = findCandidates(target);
  const lockfiles = new Map<string, string[]>();
  for (const path of files) {
    const directory = directoryOf(path);
    lockfiles.set(directory, [...(lockfiles.get(directory) ?? []), path.slice(directory.length)]);
  }
  return files.filter((path) => {
    const family = FAMILIES.get(path.slice(directoryOf(path).length));
    return family !== undefined && !isLocked(path, family, lockfiles) && asksForPackages(target.root, path, family);
  });
}

/** `''` or ending in `/`. */
function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function isLocked(path: string, { lockfile }: Family, lockfiles: ReadonlyMap<string, readonly string[]>): boolean {
  for (let directory = directoryOf(path); ; directory = directoryOf(directory.slice(0, -1))) {
    if (lockfiles.get(directory)?.some((name) => lockfile.test(name)) === true) return true;
    if (directory === '') return false;
  }
}

/** A manifest that cannot be read is told by whoever has to read it. */
function asksForPackages(root: string, path: string, { asks }: Family): boolean {
  const file = join(root, path);
  try {
    const stats = statSync(file);
    return stats.isFile() && stats.size <= MAX_BYTES && asks(readFileSync(file, 'utf8'));
  } catch {
    return false;
  }
}

function hasNpm(text: string): boolean {
  return hasMembers(text, ['dependencies', 'devDependencies', 'optionalDependencies']);
}

function hasComposer(text: string): boolean {
  return hasMembers(text, ['require', 'require-dev']);
}

/** Only whether there is something is of interest, so no name of a stranger is kept. */
function hasMembers(text: string, names: readonly string[]): boolean {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) return false;
  return names.some((name) => {
    const member: unknown = Reflect.get(value, name);
    return typeof member === 'object' && member !== null && Object.keys(member).length > 0;
  });
}
