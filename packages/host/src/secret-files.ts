import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { MexError } from '@mex/envelope';
import type { SecretSource } from '@mex/runtime';

/** Codes of the keeping of secrets. */
export type SecretFileErrorCode = 'SECRET_FILE_UNUSABLE';

/** Ids as scopes of `secrets.use` have them (CONTRACT §7): no separator, so an id is one file name. */
const SECRET_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const MAX_BYTES = 65_536;

/**
 * Secrets as files, one an id, of a directory that nobody but the operator may read (CONTRACT §9). The value is the
 * file's text without the line end at its end. A file that others may read is refused: it is no secret any more.
 */
export function createSecretFiles(directory: string): SecretSource {
  return {
    async value(id) {
      if (!SECRET_ID.test(id)) return undefined;
      const path = join(directory, id);
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
        (error: unknown) => {
          if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
          throw unusable(path, error);
        },
      );
      if (file === undefined) return undefined;
      try {
        const stat = await file.stat();
        if (!stat.isFile() || stat.size > MAX_BYTES) throw unusable(path);
        if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) throw unusable(path);
        return (await file.readFile('utf8')).replace(/\r?\n$/u, '');
      } finally {
        await file.close();
      }
    },
  };
}

function unusable(path: string, cause?: unknown): MexError<SecretFileErrorCode> {
  return new MexError({
    code: 'SECRET_FILE_UNUSABLE',
    kind: 'policy',
    message: `The secret file ${path} cannot be used.`,
    remedy: 'It must be a regular file of at most 64 KiB that only its owner may read: chmod 600.',
    cause,
  });
}
