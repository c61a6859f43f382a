import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { MexError } from '@mex/envelope';
import type { SecretSource } from '@mex/runtime';

/** Ids as scopes of `secrets.use` have them (CONTRACT §7): no separator, so an id is one file name. */
const SECRET_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const MAX_BYTES = 65_536;

/**
 * Secrets as files, one an id, of a directory that nobody but the operator may read (CONTRACT §9). The value is the
 * file's text without the line end at its end. A file that others may read, or that somebody else put there, is refused.
 */
export function createSecretFiles(directory: string): SecretSource {
  return {
    async value(id) {
      if (!SECRET_ID.test(id)) return undefined;
      const path = join(directory, id);
      const file = await openSecret(path);
      if (file === undefined) return undefined;
      try {
        await verifyPrivate(file, path);
        return await readText(file, path);
      } finally {
        await file.close();
      }
    },
  };
}

/** Never waits for the other end of a pipe, and follows no link. */
async function openSecret(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw unusable(path, code === 'ELOOP' ? 'it is a link' : `it cannot be opened (${code})`, error);
  }
}

async function verifyPrivate(file: FileHandle, path: string): Promise<void> {
  const { mode, uid, size, ...stat } = await file.stat();
  if ((mode & constants.S_IFMT) !== constants.S_IFREG || stat.nlink > 1) {
    throw unusable(path, 'it is no regular file, or has a second name');
  }
  if (size > MAX_BYTES) throw unusable(path, `it has more than ${MAX_BYTES} bytes`);
  if (process.platform === 'win32') return;
  if ((mode & 0o077) !== 0) throw unusable(path, `others may use it (mode ${(mode & 0o777).toString(8)})`);
  if (uid !== 0 && uid !== process.getuid?.()) throw unusable(path, 'it belongs to somebody else');
}

/** Bounded also where the file grows meanwhile. Bytes that are no UTF-8 would become another value without a word. */
async function readText(file: FileHandle, path: string): Promise<string> {
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  let size = 0;
  while (size < bytes.length) {
    const { bytesRead } = await file.read(bytes, size, bytes.length - size, size);
    if (bytesRead === 0) break;
    size += bytesRead;
  }
  if (size > MAX_BYTES) throw unusable(path, `it has more than ${MAX_BYTES} bytes`);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, size));
    return text.replace(/\r?\n$/u, '');
  } catch {
    // The cause would quote nothing of use, and must not quote the value.
    throw unusable(path, 'it is no UTF-8 text');
  }
}

function unusable(path: string, why: string, cause?: unknown): MexError<'SECRET_FILE_UNUSABLE'> {
  return new MexError({
    code: 'SECRET_FILE_UNUSABLE',
    kind: 'policy',
    message: `The secret file ${path} cannot be used: ${why}.`,
    remedy: 'It must be a regular file of at most 64 KiB that only its owner may read: chmod 600.',
    cause,
  });
}
