import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { systemCode } from './errors.ts';

/** A file that a tool was to write. */
export type ReadBack =
  | { readonly name: string; readonly bytes: Uint8Array }
  /** `not_a_file`: a link, a directory, a pipe, a socket, a second name of another file, or below such a thing. */
  | { readonly name: string; readonly refused: 'missing' | 'not_a_file' | 'too_large' | 'unreadable' };

type Refused = Extract<ReadBack, { refused: string }>['refused'];

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** A pipe is opened without waiting for its other end, and refused. */
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads files of a directory that hostile code has written, step by step from a held handle: no link is followed, and
 * what was opened is what is checked. The jail must be gone.
 * @param names plain relative paths
 * @param maxBytes of all files together
 */
export async function readBack(dir: string, names: readonly string[], maxBytes: number): Promise<ReadBack[]> {
  const answers: ReadBack[] = [];
  if (names.length === 0) return answers;
  const root = await open(dir, DIRECTORY);
  let left = maxBytes;
  try {
    for (const name of names) {
      const answer = await readOne(root, name, left);
      if ('bytes' in answer) left -= answer.bytes.byteLength;
      answers.push(answer);
    }
  } finally {
    await root.close();
  }
  return answers;
}

async function readOne(root: FileHandle, name: string, maxBytes: number): Promise<ReadBack> {
  const held: FileHandle[] = [];
  try {
    let at = root;
    const parts = name.split('/');
    for (const [index, part] of parts.entries()) {
      // The kernel resolves this to the handle itself: no name on the way can be exchanged.
      at = await open(`/proc/self/fd/${at.fd}/${part}`, index < parts.length - 1 ? DIRECTORY : FILE);
      held.push(at);
    }
    const { size, nlink } = await at.stat();
    if (!(await at.stat()).isFile() || nlink !== 1) return { name, refused: 'not_a_file' };
    // Sparse files claim a size that is not on the disk: memory is what counts.
    if (size > maxBytes) return { name, refused: 'too_large' };
    return { name, bytes: await readExactly(at, size) };
  } catch (error) {
    return { name, refused: refusalOf(error) };
  } finally {
    await Promise.all(held.map((handle) => handle.close()));
  }
}

async function readExactly(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, size - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return at === size ? bytes : bytes.slice(0, at);
}

function refusalOf(error: unknown): Refused {
  const code = systemCode(error);
  if (code === 'ENOENT') return 'missing';
  if (code === 'ELOOP' || code === 'ENOTDIR' || code === 'ENXIO' || code === 'EISDIR') return 'not_a_file';
  if (code === 'EACCES' || code === 'EPERM') return 'unreadable';
  throw error;
}
