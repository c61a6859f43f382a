import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { usageError } from '../usage-error.ts';
import { readTarball } from './read-tarball.ts';
import { TarFault } from './tar-header.ts';

/** Most bytes of a package archive. */
const MAX_TARBALL_BYTES = 64 * 1024 * 1024;
/** What of a package MEX looks at; nothing else is unpacked. */
const WANTED = /^(package\.json|certificate\.dsse\.json|dist\/.+|conformance\/.+)$/;
/** Names of packages, as registries take them. */
const PACKAGE_NAME = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

/** A folder with an engine package. */
export interface OpenPackage {
  readonly dir: string;
  /** Where it came from, for a person. */
  readonly from: string;
  /** Takes away what was unpacked. */
  readonly close: () => void;
}

/**
 * Finds an engine package: a folder, a package archive (`.tgz`), or the name of an installed package. Nothing of it runs, and
 * nothing is downloaded.
 * @throws MexError `CLI_ENGINE_PACKAGE`
 */
export function openPackage(source: string): OpenPackage {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return { dir: resolve(source), from: source, close: () => undefined };
  if (stat?.isFile()) return unpack(source);
  if (stat !== undefined)
    throw usageError(
      `${source} is neither a folder nor a file.`,
      'Name the folder of a built engine, or a .tgz file.',
      'CLI_ENGINE_PACKAGE',
    );
  const installed = PACKAGE_NAME.test(source) ? findInstalled(source) : undefined;
  if (installed !== undefined) return { dir: installed, from: `${source} (${installed})`, close: () => undefined };
  const isName = PACKAGE_NAME.test(source);
  throw usageError(
    isName
      ? `${source} is no folder or file, and no package of that name is installed here.`
      : `${source} does not exist.`,
    isName
      ? `MEX downloads nothing itself: install it first (npm install ${source}), or name a folder or a .tgz file.`
      : 'Name the folder of a built engine, a .tgz file, or an installed package.',
    'CLI_ENGINE_PACKAGE',
  );
}

/** As Node looks for packages: here, and in every folder above. */
function findInstalled(name: string): string | undefined {
  for (let dir = process.cwd(); ; dir = dirname(dir)) {
    const place = join(dir, 'node_modules', name);
    if (existsSync(join(place, 'package.json'))) return realpathSync(place);
    if (dirname(dir) === dir) return undefined;
  }
}

function unpack(file: string): OpenPackage {
  const files = readFiles(file);
  // Made with a name nobody can guess, and for its owner only.
  const dir = mkdtempSync(join(tmpdir(), 'mex-package-'));
  const close = (): void => rmSync(dir, { recursive: true, force: true });
  try {
    for (const [path, content] of files) {
      const target = join(dir, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, content, { flag: 'wx', mode: 0o644 });
    }
    return { dir, from: file, close };
  } catch (error) {
    close();
    throw error;
  }
}

function readFiles(file: string): [string, Uint8Array][] {
  if (statSync(file).size > MAX_TARBALL_BYTES) throw noPackage(file, `it has more than ${MAX_TARBALL_BYTES} bytes`);
  try {
    return [...readTarball(readFileSync(file))].filter(([path]) => WANTED.test(path));
  } catch (error) {
    if (error instanceof TarFault) throw noPackage(file, error.message);
    throw error;
  }
}

function noPackage(file: string, why: string): Error {
  return usageError(
    `${file} is no package archive that can be trusted: ${why}.`,
    'Make one with npm pack, or name the folder of the engine.',
    'CLI_ENGINE_PACKAGE',
  );
}
