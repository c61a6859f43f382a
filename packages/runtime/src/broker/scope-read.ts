import { closeSync, type Dirent, fstatSync, opendirSync, readSync } from 'node:fs';
import {
  checkBundlePath,
  enterAll,
  isInHome,
  isLinkRefusal,
  openRoot,
  readBlock,
  type SafeDirectory,
} from '@mex/artifacts';
import { MexError } from '@mex/envelope';
import { budgetExceededCode } from '@mex/gates';
import { JobStop } from '../sandbox/tier.ts';
import type { Answer } from './broker.ts';
import { Turns } from './net-http/turns.ts';
import { ReadWindow } from './read-window.ts';

/** Codes an engine may see when a scope refuses. */
export type ScopeErrorCode =
  | 'SCOPE_UNKNOWN'
  | 'SCOPE_NOT_FOUND'
  | 'SCOPE_NOT_A_FILE'
  | 'SCOPE_UNREADABLE'
  | 'SCOPE_CHANGED';

/** An entry of a directory, as `scope.list` tells it. `other` cannot be read: links, special files, names that no path may have. */
export interface ScopeEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
}

const MAX_ENTRIES = 10_000;
/** Files of one operation that are open at once: the host's own descriptors must never run out. */
const OPEN_AT_ONCE = 8;
const SYNC_READ_BYTES = 256 * 1024;
/** Scopes of the axis that are no directories of the operator: `inputs` is what the planner handed in. */
const RESERVED = new Set(['inputs']);

/**
 * `fs.read:<scope>`: directories that the operator named. Every directory on the way is opened from the one before it
 * and held, no link is followed, and what was opened is looked at, not what a path said a moment ago (CONTRACT §14 B).
 * A file with more than one name is refused: its other name may lie outside of the scope.
 */
export class ScopeReader {
  private readonly scopes: Readonly<Record<string, string>>;
  private readonly memoryBytes: number;
  private readonly roots = new Map<string, SafeDirectory>();
  private readonly window = new ReadWindow();
  private readonly turns = new Turns(OPEN_AT_ONCE);
  private closedBy: Error | undefined;

  /** @param scopes name → absolute directory. */
  constructor(scopes: Readonly<Record<string, string>>, memoryBytes: number) {
    this.scopes = scopes;
    this.memoryBytes = memoryBytes;
  }

  list(scope: string, path: string): Answer {
    const root = this.root(scope);
    const directory = enterScope(root, path === '' ? [] : splitPath(path));
    try {
      const value = readEntries(directory.listPath).map(
        (entry): ScopeEntry => ({ name: entry.name, kind: kindOf(entry) }),
      );
      // The order on the disk differs from machine to machine.
      return { value: value.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    } catch (error) {
      throw tell(error);
    } finally {
      if (directory !== root) directory.close();
    }
  }

  async read(scope: string, path: string): Promise<Answer> {
    const names = splitPath(path);
    await this.turns.take();
    try {
      return await this.readNow(scope, names);
    } finally {
      this.turns.give();
    }
  }

  /** Ends the reads that have not begun, and lets go of the directories. */
  close(reason: Error): void {
    this.closedBy = reason;
    this.window.close(reason);
    for (const root of this.roots.values()) root.close();
    this.roots.clear();
  }

  private async readNow(scope: string, names: readonly string[]): Promise<Answer> {
    const root = this.root(scope);
    const directory = enterScope(root, names.slice(0, -1));
    let fd: number;
    try {
      fd = directory.openFile(names.at(-1) ?? '');
    } catch (error) {
      throw tell(error);
    } finally {
      if (directory !== root) directory.close();
    }
    try {
      return await this.readOpen(fd);
    } catch (error) {
      throw tell(error);
    } finally {
      closeSync(fd);
    }
  }

  private async readOpen(fd: number): Promise<Answer> {
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile()) throw refused('SCOPE_NOT_A_FILE', 'This is no regular file.');
    if (before.nlink > 1n) throw refused('SCOPE_NOT_A_FILE', 'This file has other names, which may be outside.');
    const size = Number(before.size);
    if (size > this.memoryBytes) {
      const message = `a file of ${size} bytes does not fit into the ${this.memoryBytes} bytes of the budget`;
      throw new JobStop(budgetExceededCode('memory_bytes'), message);
    }
    const turn = this.window.enter(size);
    if (turn !== undefined) await turn;
    try {
      const bytes = await readWhole(fd, size);
      const after = fstatSync(fd, { bigint: true });
      if (after.size !== before.size || after.mtimeNs !== before.mtimeNs || after.ctimeNs !== before.ctimeNs)
        throw refused('SCOPE_CHANGED', 'The file changed while it was read.');
      return { bytes, onReceived: () => this.window.leave(size) };
    } catch (error) {
      this.window.leave(size);
      throw error;
    }
  }

  private root(scope: string): SafeDirectory {
    // Who waited for a turn until the operation ended was not refused anything.
    if (this.closedBy !== undefined) throw this.closedBy;
    const known = this.roots.get(scope);
    if (known !== undefined) return known;
    const path = Object.hasOwn(this.scopes, scope) && !RESERVED.has(scope) ? this.scopes[scope] : undefined;
    if (path === undefined) {
      throw new MexError({
        code: 'SCOPE_UNKNOWN',
        kind: 'capability',
        message: `The operator named no directory "${scope}".`,
        remedy: `Add it to read_scopes of policy.json.`,
      });
    }
    if (isInHome(path))
      throw refused('SCOPE_UNREADABLE', 'This directory lies in a home of MEX, which no engine reads.');
    try {
      const root = openRoot(path);
      this.roots.set(scope, root);
      return root;
    } catch (error) {
      throw tell(error);
    }
  }
}

/** Bounded before it is read: a directory may have any number of entries. */
function readEntries(path: string): Dirent[] {
  const directory = opendirSync(path, { bufferSize: 1_024 });
  try {
    const entries: Dirent[] = [];
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      if (entries.length === MAX_ENTRIES) {
        throw refused('SCOPE_UNREADABLE', `The directory has more than ${MAX_ENTRIES} entries.`);
      }
      entries.push(entry);
    }
    return entries;
  } finally {
    directory.closeSync();
  }
}

function kindOf(entry: Dirent): ScopeEntry['kind'] {
  if (checkBundlePath(entry.name) !== undefined) return 'other';
  return entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : 'other';
}

/** Exactly `size` bytes. Also a file that says it is empty and is not, as those of the kernel are, is refused. */
async function readWhole(fd: number, size: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(size);
  for (let at = 0; at < size; ) {
    // One synchronous read is faster than a trip through the thread pool.
    const got = size <= SYNC_READ_BYTES ? readSync(fd, bytes, at, size - at, at) : await readBlock(fd, bytes, at);
    if (got === 0) throw refused('SCOPE_CHANGED', 'The file became shorter while it was read.');
    at += got;
  }
  if (readSync(fd, Buffer.alloc(1), 0, 1, size) > 0) throw refused('SCOPE_CHANGED', 'The file is longer than it said.');
  return bytes;
}

function splitPath(path: string): string[] {
  const problem = checkBundlePath(path);
  if (problem === undefined) return path.split('/');
  throw new MexError({
    code: 'POLICY_PATH_ESCAPE',
    kind: 'capability',
    message: 'A path in a scope is relative, with "/" between its parts, and stays inside.',
  });
}

function enterScope(root: SafeDirectory, names: readonly string[]): SafeDirectory {
  try {
    return enterAll(root, names);
  } catch (error) {
    throw tell(error);
  }
}

/** What an engine may know: nothing of the host's paths. */
function tell(error: unknown): unknown {
  if (error instanceof JobStop || error instanceof MexError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (isLinkRefusal(error)) return refused('SCOPE_NOT_A_FILE', 'A part of the path is a link, or no directory.');
  if (code === 'ENOENT') return refused('SCOPE_NOT_FOUND', 'There is no such file or directory in the scope.');
  if (code === 'ENXIO' || code === 'EISDIR') return refused('SCOPE_NOT_A_FILE', 'This is no regular file.');
  // Whatever else the system says of a file is about that file: nothing an engine asks for breaks the operation.
  return code === '' ? error : refused('SCOPE_UNREADABLE', 'It cannot be read.');
}

function refused(code: ScopeErrorCode, message: string): MexError<ScopeErrorCode> {
  return new MexError({ code, kind: 'tool', message });
}
