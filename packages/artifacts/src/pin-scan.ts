import { createHash, hash } from 'node:crypto';
import { closeSync, type Dirent, fstatSync, readdirSync, readSync } from 'node:fs';
import { setImmediate as yieldTurn } from 'node:timers/promises';
import { checkBundlePath } from './bundle-index.ts';
import { artifactError, codeOf } from './errors.ts';
import { isHome, isInHome } from './mex-home.ts';
import { enterAll, isLinkRefusal, openRoot, type SafeDirectory } from './safe-directory.ts';

/** Why something below a pinned root is not part of the pin. */
export type SkipReason =
  | 'symlink'
  | 'special'
  | 'unreadable'
  | 'missing'
  | 'name'
  | 'duplicate-name'
  | 'too-deep'
  | 'mex-home';

export interface SkippedPath {
  /** As on disk; bytes that are no UTF-8 appear as U+FFFD. */
  readonly path: string;
  readonly reason: SkipReason;
}

export interface ScannedFile {
  /** As on disk, `/`-separated; its NFC form is the path in the index. */
  readonly diskPath: string;
  readonly sha256: string;
  readonly size_bytes: number;
}

export interface Scan {
  readonly files: ScannedFile[];
  readonly skipped: SkippedPath[];
}

/** What a scan leaves out and where it gives up. */
export interface ScanLimits {
  /** Names of directories and files, or a judge of paths relative to the root. What it ignores is not listed. */
  readonly ignore?: readonly string[] | ((path: string, isDirectory: boolean) => boolean);
  /** Files and directories together. Default 100,000. */
  readonly maxEntries?: number;
  /** Bytes of all files together. Default 4 GiB. */
  readonly maxBytes?: number;
}

const MAX_DEPTH = 128;
const READ_BYTES = 1024 * 1024;
/** Longest that a scan keeps the event loop to itself, in milliseconds. */
const SLICE_MS = 12;

/** Hashes every regular file below `root`. Links are never followed, so there are no loops. */
export async function scanTree(root: string, limits: ScanLimits): Promise<Scan> {
  const scanner = new Scanner(limits);
  const top = openScanRoot(root);
  try {
    await scanner.walk(top, '', 0);
  } finally {
    top.close();
  }
  return scanner.result();
}

/** Hashes only the files named. @throws MexError `POLICY_PATH_ESCAPE` for a path that is not plainly below the root */
export async function scanFiles(root: string, paths: readonly string[], limits: ScanLimits): Promise<Scan> {
  const scanner = new Scanner(limits);
  const top = openScanRoot(root);
  try {
    for (const path of new Set(paths)) {
      const objection = checkBundlePath(path);
      if (objection !== undefined) {
        throw artifactError(
          'POLICY_PATH_ESCAPE',
          `The path ${JSON.stringify(path.slice(0, 200))} is refused: ${objection}.`,
        );
      }
      scanner.addNamed(top, path);
      await scanner.breathe();
    }
  } finally {
    top.close();
  }
  return scanner.result();
}

function openScanRoot(root: string): SafeDirectory {
  if (isInHome(root)) {
    throw artifactError('ARTIFACT_INVALID', `${root} is, or lies in, a home of MEX: it holds keys and secrets.`, {
      remedy: 'Pin a directory outside of it.',
    });
  }
  try {
    return openRoot(root);
  } catch (error) {
    throw artifactError('ARTIFACT_INVALID', `${root} cannot be opened as a directory.`, { cause: error });
  }
}

class Scanner {
  readonly #files: ScannedFile[] = [];
  readonly #skipped: SkippedPath[] = [];
  readonly #ignore: (path: string, isDirectory: boolean) => boolean;
  readonly #maxEntries: number;
  #bytesLeft: number;
  readonly #maxBytes: number;
  #entries = 0;
  #sliceStart = performance.now();
  // One buffer for all files: a tree of small files would otherwise spend its time allocating.
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);

  constructor(limits: ScanLimits) {
    this.#ignore = toJudge(limits.ignore);
    this.#maxEntries = limits.maxEntries ?? 100_000;
    this.#maxBytes = limits.maxBytes ?? 4 * 1024 ** 3;
    this.#bytesLeft = this.#maxBytes;
  }

  result(): Scan {
    return { files: this.#files, skipped: this.#skipped };
  }

  async walk(directory: SafeDirectory, prefix: string, depth: number): Promise<void> {
    for (const entry of readdirSync(directory.listPath, { withFileTypes: true })) {
      const path = prefix + entry.name;
      if (this.#ignore(path, entry.isDirectory())) continue;
      this.#count();
      // A name that did not survive decoding cannot be opened again by its text.
      if (entry.name.includes('\uFFFD') || checkBundlePath(path) !== undefined) this.#skip(path, 'name');
      else if (entry.isDirectory()) await this.#descend(directory, entry.name, path, depth + 1);
      else this.#addListed(directory, entry, path);
      await this.breathe();
    }
  }

  /** A file that the caller names, reached directory by directory. */
  addNamed(root: SafeDirectory, path: string): void {
    this.#count();
    const names = path.split('/');
    const last = names.pop() ?? '';
    let parent: SafeDirectory | undefined;
    try {
      parent = enterAll(root, names);
      this.#addFile(parent, last, path);
    } catch (error) {
      this.#skip(path, reasonOf(error));
    } finally {
      if (parent !== undefined && parent !== root) parent.close();
    }
  }

  /** Lets other work run when the slice is used up. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#sliceStart < SLICE_MS) return;
    await yieldTurn();
    this.#sliceStart = performance.now();
  }

  async #descend(parent: SafeDirectory, name: string, path: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) return this.#skip(path, 'too-deep');
    let child: SafeDirectory;
    try {
      child = parent.enter(name);
    } catch (error) {
      return this.#skip(path, reasonOf(error));
    }
    try {
      if (isHome(child.entryPath)) return this.#skip(path, 'mex-home');
      await this.walk(child, `${path}/`, depth);
    } finally {
      child.close();
    }
  }

  #addListed(directory: SafeDirectory, entry: Dirent, path: string): void {
    if (entry.isSymbolicLink()) return this.#skip(path, 'symlink');
    if (entry.isFIFO() || entry.isSocket() || entry.isBlockDevice() || entry.isCharacterDevice()) {
      return this.#skip(path, 'special');
    }
    this.#addFile(directory, entry.name, path);
  }

  #addFile(directory: SafeDirectory, name: string, path: string): void {
    let fd: number;
    try {
      fd = directory.openFile(name);
    } catch (error) {
      return this.#skip(path, reasonOf(error));
    }
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) return this.#skip(path, 'special');
      this.#files.push({ diskPath: path, ...this.#hashFile(fd, stat.size) });
    } catch (error) {
      if (codeOf(error) === undefined || codeOf(error) === 'ARTIFACT_TOO_LARGE') throw error;
      this.#skip(path, 'unreadable');
    } finally {
      closeSync(fd);
    }
  }

  #hashFile(fd: number, size: number): { sha256: string; size_bytes: number } {
    this.#spend(size);
    if (size <= READ_BYTES) {
      const bytes = this.#buffer.subarray(0, size === 0 ? 0 : readSync(fd, this.#buffer, 0, size, 0));
      if (bytes.length === size) return { sha256: hash('sha256', bytes, 'hex'), size_bytes: size };
    }
    const sha = createHash('sha256');
    let at = 0;
    while (at < size) {
      const got = readSync(fd, this.#buffer, 0, Math.min(READ_BYTES, size - at), at);
      if (got === 0) break;
      sha.update(this.#buffer.subarray(0, got));
      at += got;
    }
    return { sha256: sha.digest('hex'), size_bytes: at };
  }

  #skip(path: string, reason: SkipReason): void {
    this.#skipped.push({ path, reason });
  }

  #count(): void {
    this.#entries += 1;
    if (this.#entries <= this.#maxEntries) return;
    throw tooMuch(`more than ${this.#maxEntries} entries`);
  }

  #spend(bytes: number): void {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft < 0) throw tooMuch(`more than ${this.#maxBytes} bytes`);
  }
}

function toJudge(ignore: ScanLimits['ignore']): (path: string, isDirectory: boolean) => boolean {
  if (typeof ignore === 'function') return ignore;
  const names = new Set(ignore);
  return (path) => names.has(path.slice(path.lastIndexOf('/') + 1));
}

function reasonOf(error: unknown): SkipReason {
  if (isLinkRefusal(error)) return 'symlink';
  return codeOf(error) === 'ENOENT' ? 'missing' : 'unreadable';
}

function tooMuch(what: string): Error {
  return artifactError('ARTIFACT_TOO_LARGE', `The directory holds ${what}.`, {
    remedy: 'Pin only the files that are needed, ignore some directories, or raise the limit.',
  });
}
