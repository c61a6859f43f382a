import {
  accessSync,
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { findJailTools } from '@mex/runtime';

/** Appended to the name of a suite that cannot run here, so that a skip explains itself. */
export const NO_TOOLS =
  'missing' in findJailTools()
    ? ' — SKIPPED: there is no jail on this machine'
    : findPlace() === undefined
      ? ' — SKIPPED: there is no place that programs may come from'
      : '';

/** No tool may come from a temporary directory, nor from below the current one, where a checkout is. */
function findPlace(): string | undefined {
  const forbidden = ['/tmp', '/var/tmp', '/dev/shm', '/run/user', tmpdir(), process.cwd()];
  return [homedir(), '/opt', '/var/lib', '/usr/local/lib'].find((place) => {
    try {
      accessSync(place, constants.W_OK);
      return forbidden.every((root) => !`${realpathSync(place)}/`.startsWith(`${root}/`));
    } catch {
      return false;
    }
  });
}

export interface InstalledTool {
  /** Everything of it; the jail needs to see it. */
  readonly dir: string;
  /** The package's own folder. */
  readonly path: string;
  readonly node: string;
  readonly remove: () => void;
}

/**
 * Puts an installed npm package and all it depends on where an operator would have it.
 * @param folder of the package, as its dependant sees it
 */
export function installTool(folder: string): InstalledTool {
  const dir = mkdtempSync(join(findPlace() ?? tmpdir(), '.mex-test-tools-'));
  const own = realpathSync(folder);
  const store = own.slice(0, own.lastIndexOf('/.pnpm/') + '/.pnpm'.length);
  const open = [roomOf(store, own)];
  const seen = new Set(open);
  for (let room = open.pop(); room !== undefined; room = open.pop()) {
    for (const next of neighbours(store, room)) if (!seen.has(next)) open.push(next);
    for (const next of open) seen.add(next);
    copyTree(join(store, room), join(dir, room));
  }
  const node = join(dir, 'node');
  copyFileSync(realpathSync(process.execPath), node, constants.COPYFILE_FICLONE);
  return {
    dir,
    path: join(dir, relative(store, own)),
    node,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** pnpm keeps each version of a package in a room of its own, with links to the rooms of what it needs. */
function roomOf(store: string, path: string): string {
  return relative(store, path).split('/')[0] ?? '';
}

function neighbours(store: string, room: string): string[] {
  const modules = join(store, room, 'node_modules');
  return readdirSync(modules, { withFileTypes: true }).flatMap((entry) => {
    const at = join(modules, entry.name);
    const inner =
      entry.isDirectory() && entry.name.startsWith('@') ? readdirSync(at).map((name) => join(at, name)) : [at];
    return inner.map((path) => roomOf(store, realpathSync(path)));
  });
}

/** Links to the same files where the file system allows it: thousands of copies take their time. */
function copyTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkOrCopy(source, target);
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    // Another file system, or one without links.
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(source, target);
  }
}
