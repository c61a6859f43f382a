import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findFiles } from '@mex/host';
import { isLockfileName, isManifestName } from './lockfile-names.ts';
import type { ScanTarget } from './scan-target.ts';
import { SKIPPED_DIRECTORIES } from './skipped-directories.ts';
import { readMembers } from './workspace-members.ts';

/** Something that names packages of the project which are in no SBOM. */
export interface Unlocked {
  /** `/`-separated, relative to the root. */
  readonly path: string;
  /** `manifest`: no lockfile pins what it asks for. `lockfile`: it pins them in a format that no engine reads. */
  readonly kind: 'manifest' | 'lockfile';
}

interface Family {
  /** Whether a base name is a lockfile of this ecosystem. */
  readonly lockfile: RegExp;
  /** Whether the text of a manifest asks for packages. */
  readonly asks: (text: string) => boolean;
  /** Whether a lockfile above it has to name it, before it counts. */
  readonly named?: boolean;
}

const NEVER = /^$/;

/** By base name of the manifest. */
const FAMILIES: ReadonlyMap<string, Family> = new Map<string, Family>([
  [
    'package.json',
    {
      lockfile: /^(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock)$/,
      asks: hasNpm,
      named: true,
    },
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
  ['Gemfile', { lockfile: /^(?:Gemfile\.lock|gems\.locked)$/, asks: (text) => /^\s*gem[ \t(]/m.test(text) }],
  ['Pipfile', { lockfile: NEVER, asks: (text) => /^\[(?:dev-)?packages\]\s*$/m.test(text) }],
  ['pom.xml', { lockfile: NEVER, asks: (text) => text.includes('<dependency>') }],
]);

/** Lockfiles of package managers whose formats are not read. */
const UNREAD: ReadonlySet<string> = new Set([
  'Pipfile.lock',
  'pdm.lock',
  'pylock.toml',
  'bun.lock',
  'bun.lockb',
  'deno.lock',
  'gradle.lockfile',
  'packages.lock.json',
  'paket.lock',
  'Podfile.lock',
  'Package.resolved',
  'pubspec.lock',
  'mix.lock',
  'conan.lock',
]);

const MAX_BYTES = 1024 * 1024;

/**
 * Manifests that ask for packages and have no lockfile beside or above them that counts for them, and lockfiles that nobody
 * reads: what they name is in no SBOM, however many other lockfiles there are (CONTRACT §14 C). Sorted by path.
 */
export function findUnlocked({ root, only }: ScanTarget): Unlocked[] {
  // Whoever names one lockfile asks about that one.
  if (only !== undefined) return [];
  const wanted = (name: string): boolean =>
    isLockfileName(name) || isManifestName(name) || FAMILIES.has(name) || UNREAD.has(name);
  const { files } = findFiles(root, wanted, { ignored: SKIPPED_DIRECTORIES });
  const locks = new Lockfiles(root, files);
  const found = files.flatMap((path): Unlocked[] => {
    const name = path.slice(directoryOf(path).length);
    if (UNREAD.has(name)) return [{ path, kind: 'lockfile' }];
    const family = FAMILIES.get(name);
    if (family === undefined || locks.count(path, family)) return [];
    return asksForPackages(root, path, family) ? [{ path, kind: 'manifest' }] : [];
  });
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** `''` or ending in `/`. */
function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

class Lockfiles {
  readonly #root: string;
  /** Base names by directory, `''` or ending in `/`. */
  readonly #names = new Map<string, string[]>();
  readonly #members = new Map<string, (directory: string) => boolean>();

  constructor(root: string, files: readonly string[]) {
    this.#root = root;
    for (const path of files) {
      const directory = directoryOf(path);
      this.#names.set(directory, [...(this.#names.get(directory) ?? []), path.slice(directory.length)]);
    }
  }

  /** Whether a lockfile pins what the manifest asks for. The nearest one counts: package managers look no further. */
  count(path: string, { lockfile, named = false }: Family): boolean {
    const own = directoryOf(path);
    for (let directory = own; ; directory = directoryOf(directory.slice(0, -1))) {
      const names = this.#names.get(directory)?.filter((name) => lockfile.test(name)) ?? [];
      if (names.length > 0)
        return !named || directory === own || names.some((name) => this.#hasMember(directory, name, own));
      if (directory === '') return false;
    }
  }

  #hasMember(directory: string, name: string, own: string): boolean {
    const known = this.#members.get(directory + name);
    const members = known ?? readMembers(join(this.#root, directory), name);
    if (known === undefined) this.#members.set(directory + name, members);
    return members(own.slice(directory.length, -1));
  }
}

/** A manifest that cannot be read is told by whoever has to read it. */
function asksForPackages(root: string, path: string, { asks }: Family): boolean {
  const file = join(root, path);
  try {
    const stats = statSync(file);
    return stats.isFile() && stats.size <= MAX_BYTES && asks(readFileSync(file, 'utf8').replace(/^\ufeff/, ''));
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
