import { baseName, type DiscoveryNote, type FoundLockfile, findLockfiles } from './discovery.ts';
import { findUnheld } from './lockfiles/npm-family-asked.ts';
import {
  LockfileError,
  type LockfileInventory,
  type LockfileReader,
  type ReadErrorCode,
  type ReadWarning,
} from './model.ts';

/** Bytes of one lockfile or manifest; the largest real ones have a few MiB. */
export const MAX_LOCKFILE_BYTES = 64 * 1024 * 1024;

/** The scanned directory as the engine sees it. Paths are `/`-separated and relative to it. */
export interface InventorySource {
  readonly files: readonly string[];
  readonly read: (path: string) => Promise<Uint8Array>;
  /** Size in bytes of a file in `files`. */
  readonly size: (path: string) => number;
}

/** One lockfile that could not be read. */
export interface ReadFailure {
  readonly code: ReadErrorCode;
  readonly path: string;
  /** 1-based, where known. */
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
  readonly remedy: string;
}

export interface Inventories {
  /** Sorted by path. */
  readonly inventories: readonly LockfileInventory[];
  /** Sorted by path. */
  readonly failures: readonly ReadFailure[];
  readonly notes: readonly DiscoveryNote[];
}

/**
 * Finds and reads every lockfile below the scanned directory. A lockfile that cannot be read becomes a failure and the
 * others are still read; this never throws for what a file contains.
 */
export async function readInventories(
  source: InventorySource,
  readers: readonly LockfileReader[],
): Promise<Inventories> {
  const { lockfiles, notes } = findLockfiles(source.files, readers);
  const present = new Set(source.files);
  const inventories: LockfileInventory[] = [];
  const failures: ReadFailure[] = [];
  // One after the other: the order of reads is part of what makes a run repeatable.
  for (const lockfile of lockfiles) {
    try {
      inventories.push(await readOne(lockfile, source, present));
    } catch (thrown) {
      failures.push(toFailure(lockfile.path, thrown));
    }
  }
  return { inventories, failures, notes };
}

async function readOne(
  { path, reader }: FoundLockfile,
  source: InventorySource,
  present: ReadonlySet<string>,
): Promise<LockfileInventory> {
  const directory = path.slice(0, path.length - baseName(path).length);
  const unreadable: ReadWarning[] = [];
  const sibling = async (relativePath: string): Promise<string | undefined> => {
    const target = resolvePath(directory, relativePath);
    if (target === undefined || !present.has(target)) return undefined;
    try {
      return await readText(target, source);
    } catch (thrown) {
      const message = `${target}: ${toFailure(target, thrown).message} What it says about the project is missing.`;
      unreadable.push({ code: 'SBOM_MANIFEST_UNREADABLE', message });
      return undefined;
    }
  };
  const text = await readText(path, source);
  const input = { path, text, sibling, files: source.files };
  const inventory = await reader.read(input);
  const unheld = reader.type === 'npm' ? await findUnheld(input, inventory) : [];
  return { ...inventory, warnings: [...inventory.warnings, ...unheld, ...unreadable] };
}

/** `undefined` for a path that leaves the scanned directory. */
function resolvePath(directory: string, relativePath: string): string | undefined {
  const parts: string[] = [];
  for (const part of `${directory}${relativePath}`.split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined;
    if (part !== '' && part !== '.' && part !== '..') parts.push(part);
  }
  return parts.join('/');
}

async function readText(path: string, source: InventorySource): Promise<string> {
  if (source.size(path) > MAX_LOCKFILE_BYTES) throw tooLarge(path, source.size(path));
  let bytes: Uint8Array;
  try {
    bytes = await source.read(path);
  } catch (cause) {
    throw new LockfileError('SBOM_LOCKFILE_UNREADABLE', path, 'The file could not be opened.', { cause });
  }
  if (bytes.length > MAX_LOCKFILE_BYTES) throw tooLarge(path, bytes.length);
  return decodeUtf8(path, bytes);
}

function tooLarge(path: string, size: number): LockfileError {
  const message = `The file has ${size} bytes; the bound is ${MAX_LOCKFILE_BYTES}.`;
  return new LockfileError('SBOM_LOCKFILE_TOO_LARGE', path, message);
}

/** Strict UTF-8; a byte order mark is dropped. */
function decodeUtf8(path: string, bytes: Uint8Array): string {
  const [first = 1, second = 1] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || first * second === 0;
  try {
    if (!isUtf16) return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new LockfileError('SBOM_LOCKFILE_NOT_UTF8', path, 'The file is not UTF-8 text.', { cause });
  }
  throw new LockfileError('SBOM_LOCKFILE_NOT_UTF8', path, 'The file is UTF-16 (or binary), not UTF-8 text.');
}

const REMEDIES: Readonly<Record<ReadErrorCode, string>> = {
  SBOM_LOCKFILE_SYNTAX: 'Restore the file from version control, or let the package manager write it again.',
  SBOM_LOCKFILE_SHAPE: 'Check that the file is what its name says; let the package manager write it again.',
  SBOM_LOCKFILE_VERSION: 'Write the lockfile with a package manager version whose format is supported.',
  SBOM_LOCKFILE_NOT_UTF8: 'Save the file as UTF-8.',
  SBOM_LOCKFILE_TOO_LARGE: 'Check that it is a lockfile at all; no package manager writes one of this size.',
  SBOM_LOCKFILE_TOO_DEEP: 'Check where the file comes from; no package manager nests that deep.',
  SBOM_LOCKFILE_NOT_COVERED: 'Use a version of the tool that knows this format, or the built-in implementation.',
  SBOM_LOCKFILE_UNREADABLE: 'Check that the file still exists, has not changed since planning, and is readable.',
};

function toFailure(path: string, thrown: unknown): ReadFailure {
  if (thrown instanceof LockfileError) {
    const { code, message, line, column } = thrown;
    return {
      code,
      path,
      message,
      remedy: REMEDIES[code],
      ...(line === undefined ? {} : { line }),
      ...(column === undefined ? {} : { column }),
    };
  }
  // A reader met something it did not expect. Its text may quote the file, so it is not repeated.
  const code = thrown instanceof RangeError ? 'SBOM_LOCKFILE_TOO_DEEP' : 'SBOM_LOCKFILE_SHAPE';
  return { code, path, message: 'The content is not what a lockfile of this kind holds.', remedy: REMEDIES[code] };
}
