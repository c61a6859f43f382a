import type { LockfileReader } from './model.ts';

/**
 * Directories that hold other people's code or a tool's working files, with the reason. A lockfile in there says what
 * its author developed with, not what this project depends on.
 */
export const SKIPPED_DIRECTORIES: ReadonlyMap<string, string> = new Map([
  ['node_modules', 'installed npm packages, which ship their own lockfiles'],
  ['bower_components', 'installed Bower packages'],
  ['jspm_packages', 'installed jspm packages'],
  ['.pnpm-store', 'cache of pnpm'],
  ['.yarn', 'cache and releases of Yarn'],
  ['vendor', 'copies of dependencies (Go, Composer, Bundler, Cargo)'],
  ['.bundle', 'installed gems'],
  ['.cargo', 'registry cache of Cargo'],
  ['.venv', 'a Python environment'],
  ['venv', 'a Python environment'],
  ['site-packages', 'installed Python packages'],
  ['.tox', 'Python environments of tox'],
  ['.nox', 'Python environments of nox'],
  ['Pods', 'installed CocoaPods'],
  ['.git', 'data of the version control'],
  ['.hg', 'data of the version control'],
  ['.svn', 'data of the version control'],
]);

/** Files that are read together with another one of the same directory, and so not on their own. */
const READ_WITH: ReadonlyMap<string, string> = new Map([['go.sum', 'go.mod']]);

export interface FoundLockfile {
  readonly path: string;
  readonly reader: LockfileReader;
}

/** Several lockfiles of one ecosystem in one directory: all are read, and it is for a person to say which one counts. */
export interface DiscoveryNote {
  /** The directory, `''` for the scanned one. */
  readonly path: string;
  readonly message: string;
}

/** The lockfiles among `files` (`/`-separated paths), sorted by path, and what is remarkable about them. */
export function findLockfiles(
  files: readonly string[],
  readers: readonly LockfileReader[],
): { readonly lockfiles: readonly FoundLockfile[]; readonly notes: readonly DiscoveryNote[] } {
  const present = new Set(files);
  const lockfiles: FoundLockfile[] = [];
  for (const path of present) {
    const name = baseName(path);
    const reader = readers.find((one) => one.matches(name));
    if (reader === undefined || isSkipped(path)) continue;
    const partner = READ_WITH.get(name);
    if (partner !== undefined && present.has(`${path.slice(0, path.length - name.length)}${partner}`)) continue;
    lockfiles.push({ path, reader });
  }
  lockfiles.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { lockfiles, notes: noteRivals(lockfiles) };
}

function isSkipped(path: string): boolean {
  return path.split('/').some((part, index, parts) => index < parts.length - 1 && SKIPPED_DIRECTORIES.has(part));
}

/** Requirements files are made to stand side by side; any other two lockfiles of one ecosystem compete. */
function noteRivals(lockfiles: readonly FoundLockfile[]): DiscoveryNote[] {
  const groups = new Map<string, { directory: string; names: string[]; formats: Set<string> }>();
  for (const { path, reader } of lockfiles) {
    const name = baseName(path);
    const directory = path.slice(0, Math.max(0, path.length - name.length - 1));
    const key = `${reader.type} ${directory}`;
    const group = groups.get(key) ?? { directory, names: [], formats: new Set() };
    groups.set(key, group);
    group.names.push(name);
    group.formats.add(reader.id === 'requirements' ? reader.id : name);
  }
  const notes: DiscoveryNote[] = [];
  for (const { directory, names, formats } of groups.values()) {
    if (formats.size < 2) continue;
    const message = `${names.join(', ')} stand side by side: all were read. Delete the ones your package manager does not use.`;
    notes.push({ path: directory, message });
  }
  return notes;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
