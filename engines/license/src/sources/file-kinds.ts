import pinned from '../../pinned-files.json' with { type: 'json' };

/** Largest license file or manifest that is read, in bytes; aggregated notices of large programs have about one MiB. */
export const MAX_FILE_BYTES = pinned.max_file_bytes;

export type FileKind = 'license' | 'notice' | 'manifest' | 'lockfile';

const LICENSE = new RegExp(pinned.license_files, 'i');
const NOTICE = new RegExp(pinned.notice_files, 'i');
const NOT_LICENSE = new RegExp(pinned.not_license_files, 'i');
const MANIFESTS: ReadonlySet<string> = new Set(pinned.manifests);
const LOCKFILES: ReadonlySet<string> = new Set(pinned.lockfiles);
const LICENSE_DIRECTORIES: ReadonlySet<string> = new Set(pinned.directories_of_license_files);

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The directory of a path, `''` for the top. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** What a file is to this engine, by its name; `undefined` for one that is not looked at. */
export function kindOfFile(path: string): FileKind | undefined {
  const name = baseName(path);
  if (MANIFESTS.has(name)) return 'manifest';
  if (LOCKFILES.has(name)) return 'lockfile';
  if (name.length > 200 || NOT_LICENSE.test(name)) return undefined;
  if (LICENSE.test(name)) return 'license';
  if (NOTICE.test(name)) return 'notice';
  return LICENSE_DIRECTORIES.has(baseName(directoryOf(path))) ? 'license' : undefined;
}

/** The directory whose package a license file speaks for: its own, or the one above a `LICENSES` directory. */
export function licensedDirectory(path: string): string {
  const directory = directoryOf(path);
  return LICENSE_DIRECTORIES.has(baseName(directory)) ? directoryOf(directory) : directory;
}
