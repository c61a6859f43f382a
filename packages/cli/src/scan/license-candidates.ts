import { join } from 'node:path';
import pinned from '@mex/engine-license/pinned-files.json' with { type: 'json' };
import { IgnoredPaths } from './ignored-paths.ts';

const LICENSE = new RegExp(pinned.license_files, 'i');
const NOTICE = new RegExp(pinned.notice_files, 'i');
const NOT_LICENSE = new RegExp(pinned.not_license_files, 'i');
const NAMED: ReadonlySet<string> = new Set([...pinned.manifests, ...pinned.lockfiles]);
const LICENSE_DIRECTORIES: ReadonlySet<string> = new Set(pinned.directories_of_license_files);
const ROOMS: ReadonlySet<string> = new Set(pinned.directories_of_packages);
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '.hg', '.svn']);
/** Ignored by git, and yet where the packages of a project are. */
const ENVIRONMENTS: ReadonlySet<string> = new Set(['.venv', 'venv']);

/** Decides what of a tree is pinned for the license scan: license files and manifests of the project and of its packages. */
export class LicenseCandidates {
  readonly #root: string;
  readonly #home: string;
  readonly #ignored: IgnoredPaths;

  /** @param home absolute path of the home, which may lie inside of the tree and is not part of it */
  constructor(root: string, home: string) {
    this.#root = root;
    this.#home = home;
    this.#ignored = new IgnoredPaths(root);
  }

  /** For `pinDirectory`: whether an entry is left out. */
  readonly isLeftOut = (path: string, isDirectory: boolean): boolean =>
    isDirectory ? this.#isClosed(path) : !isWanted(path);

  #isClosed(path: string): boolean {
    const parts = path.split('/');
    const name = parts.at(-1) ?? '';
    if (ROOMS.has(name) || LICENSE_DIRECTORIES.has(name)) return false;
    const room = parts.findLastIndex((part) => ROOMS.has(part));
    if (parts[room] === 'node_modules') return isClosedPackageDirectory(parts.slice(room + 1));
    if (room >= 0) return false;
    if (LEFT_OUT.has(name) || join(this.#root, path) === this.#home) return true;
    if (ENVIRONMENTS.has(name) || parts.some((part) => ENVIRONMENTS.has(part))) return false;
    return this.#ignored.has(path, true);
  }
}

/** Of an installed package only the top is of interest. @param below the path beneath `node_modules` */
function isClosedPackageDirectory(below: readonly string[]): boolean {
  const [first = ''] = below;
  if (first === '.pnpm') return below.length > 2;
  if (first.startsWith('.')) return true;
  return below.length > (first.startsWith('@') ? 2 : 1);
}

function isWanted(path: string): boolean {
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  if (NAMED.has(name)) return true;
  if (name.length > 200 || NOT_LICENSE.test(name)) return false;
  return LICENSE.test(name) || NOTICE.test(name) || LICENSE_DIRECTORIES.has(parts.at(-2) ?? '');
}
