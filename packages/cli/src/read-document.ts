import { readFileSync, statSync } from 'node:fs';
import { MexError } from '@mex/envelope';
import { type CliErrorCode, usageError } from './usage-error.ts';

/** Most bytes of an operation; the strict door has the same bound. */
const MAX_OPERATION_BYTES = 4 * 1024 * 1024;

/** Reads a document from a file, or from stdin for `-`. @throws MexError `CLI_FILE_UNREADABLE` */
export async function readDocument(path: string): Promise<Uint8Array> {
  if (path === '-') return readStdin();
  try {
    const { size } = statSync(path);
    if (size > MAX_OPERATION_BYTES) throw tooLarge(path);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof MexError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = WHY[code] ?? code;
    throw usageError(
      `${path} cannot be read: ${why}.`,
      'Name a file with one JSON document, or - for stdin.',
      'CLI_FILE_UNREADABLE',
    );
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EISDIR: 'it is a directory',
  EACCES: 'permission is denied',
};

async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_OPERATION_BYTES) throw tooLarge('stdin');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function tooLarge(what: string): MexError<CliErrorCode> {
  const remedy = 'Store large content with --input, and keep the operation small.';
  return usageError(`${what} has more than ${MAX_OPERATION_BYTES} bytes.`, remedy, 'CLI_FILE_UNREADABLE');
}
