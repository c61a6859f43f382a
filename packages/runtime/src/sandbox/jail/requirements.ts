import { execFileSync } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SeccompArch } from './seccomp.ts';

/** Where the two programs of the jail are looked for. Never on PATH: it is the caller's, and the jail is ours. */
const SYSTEM_DIRECTORIES = ['/usr/bin', '/bin', '/usr/local/bin', '/run/current-system/sw/bin'];

/** What this machine has for a jail. */
export interface JailTools {
  readonly bwrap: string;
  readonly prlimit: string;
  readonly arch: SeccompArch;
}

/** Why there is no jail, and what helps. */
export interface JailMissing {
  readonly missing: string;
  readonly remedy: string;
}

let found: JailTools | undefined;

/** Looks for what a jail needs. It says nothing of whether the kernel lets it work: `proveJail` does. */
export function findJailTools(): JailTools | JailMissing {
  if (found !== undefined) return found;
  if (process.platform !== 'linux') {
    return {
      missing: `The process tier is built on Linux namespaces; this is ${process.platform}.`,
      remedy:
        'Run MEX on Linux (a container or a virtual machine will do), or trust the engine: mex policy, tier "thread".',
    };
  }
  const { arch } = process;
  if (arch !== 'x64' && arch !== 'arm64')
    return { missing: `There is no system call filter for ${arch}.`, remedy: 'Run MEX on x64 or arm64.' };
  const bwrap = findProgram('bwrap');
  const untrusted =
    bwrap === undefined
      ? SYSTEM_DIRECTORIES.map((place) => join(place, 'bwrap')).find(
          (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
        )
      : undefined;
  if (untrusted !== undefined) {
    return {
      missing: `${untrusted} is there, and is not a program that root owns and nobody else may write, as seen from here.`,
      remedy: 'Where root is not mapped into this user namespace, run MEX outside of it; else reinstall bubblewrap.',
    };
  }
  if (bwrap === undefined) {
    return {
      missing: `bubblewrap (bwrap) is in none of ${SYSTEM_DIRECTORIES.join(', ')}.`,
      remedy: 'Install it: apt-get install bubblewrap, dnf install bubblewrap, apk add bubblewrap.',
    };
  }
  const prlimit = findProgram('prlimit');
  if (prlimit === undefined)
    return { missing: 'prlimit (util-linux) was not found.', remedy: 'Install it: apt-get install util-linux.' };
  found = { bwrap, prlimit, arch };
  return found;
}

/** A program of the system: a regular file that may be executed, owned by root, that nobody else may write. */
function findProgram(name: string): string | undefined {
  for (const directory of SYSTEM_DIRECTORIES) {
    try {
      const path = realpathSync(join(directory, name));
      accessSync(path, constants.X_OK);
      const { uid, mode } = statSync(path);
      if (uid === 0 && (mode & 0o022) === 0) return path;
    } catch {
      // Not there: the next directory.
    }
  }
  return undefined;
}

let libraries: readonly string[] | undefined;

/**
 * The shared libraries of the Node that runs this, with the loader, by the paths under which the loader asks for them.
 * @throws Error when `ldd` cannot be asked.
 */
export function nodeLibraries(): readonly string[] {
  libraries ??= listLibraries(process.execPath);
  return libraries;
}

/** Only for programs of ours: `ldd` may run what it is asked about. */
function listLibraries(program: string): string[] {
  const ldd = findProgram('ldd');
  if (ldd === undefined) throw new Error('ldd was not found: which libraries Node needs is not known.');
  const listed = execFileSync(ldd, [program], { encoding: 'utf8', env: {}, stdio: ['ignore', 'pipe', 'ignore'] });
  // `libm.so.6 => /lib/…/libm.so.6 (0x…)`, and the loader alone: `/lib64/ld-linux-x86-64.so.2 (0x…)`.
  const paths = listed.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gmu);
  return [...new Set(Array.from(paths, ([, path]) => path ?? ''))].filter((path) => path !== '');
}
