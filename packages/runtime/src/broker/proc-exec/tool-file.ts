import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { quoteText } from '@mex/envelope';
import { systemCode, toolError } from './errors.ts';
import { verifyOwner } from './trusted-path.ts';

/** A program as it was when it was hashed, and MEX's own copy of it: the copy is what runs. */
export interface ToolFile {
  /** Absolute path on the host, without links. */
  readonly path: string;
  /** Lowercase hex SHA-256 of the bytes that run. */
  readonly sha256: string;
  /** Where the copy is. Only this user can reach it, and nobody can write it. */
  readonly copy: string;
  /** The first bytes. */
  readonly head: Uint8Array;
  readonly original: Identity;
  readonly copied: Identity;
}

/** Changes with every write, rename or change of mode. */
type Identity = string;

const MAX_TOOL_BYTES = 1024 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
const HEAD_BYTES = 256;

/**
 * Copies a program while it is hashed, through one descriptor. Whatever is put in its place afterwards, by an upgrade
 * or by an attacker, is not what was checked and does not run.
 * @param path as `followTrusted` gave it
 * @param copy a path that does not exist, in a directory only this user may enter
 * @throws MexError `TOOL_NOT_FOUND`, `SECURITY_UNTRUSTED_EXECUTION`, `TOOL_DIGEST_MISMATCH` when it changes meanwhile
 */
export async function copyTool(path: string, copy: string): Promise<ToolFile> {
  const source = await openTool(path);
  try {
    const before = await source.stat({ bigint: true });
    verifyProgram(path, before);
    const { sha256, head } = await copyBytes(source, copy);
    const original = identityOf(await source.stat({ bigint: true }));
    if (original !== identityOf(before)) throw changed(path);
    return { path, sha256, copy, head, original, copied: identityOf(await stat(copy, { bigint: true })) };
  } catch (error) {
    await rm(copy, { force: true });
    throw error;
  } finally {
    await source.close();
  }
}

/** Whether the original is still the file that was copied. */
export async function isCurrent(file: ToolFile): Promise<boolean> {
  return (await identityAt(file.path)) === file.original;
}

/** @throws MexError `TOOL_DIGEST_MISMATCH` when the copy is not as it was made. */
export async function verifyCopy(file: ToolFile): Promise<void> {
  if ((await identityAt(file.copy)) !== file.copied) throw changed(file.path);
}

async function openTool(path: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK a pipe in the tool's place would hold the host.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const why = systemCode(error) === 'EACCES' ? 'may not be read by this user' : 'could not be opened';
    throw toolError(
      'TOOL_NOT_FOUND',
      `The program ${quoteText(path, 400)} ${why}.`,
      'Check the file and its permissions.',
      error,
    );
  }
}

function verifyProgram(path: string, file: BigIntStats): void {
  verifyOwner(path, { uid: Number(file.uid), mode: Number(file.mode) });
  const why = !file.isFile()
    ? 'is no regular file'
    : (file.mode & 0o111n) === 0n
      ? 'may not be executed'
      : file.size > BigInt(MAX_TOOL_BYTES)
        ? 'has more than 1 GiB'
        : undefined;
  if (why === undefined) return;
  throw toolError('TOOL_NOT_FOUND', `${quoteText(path, 400)} ${why}.`, 'Name the program itself in the policy.');
}

async function copyBytes(source: FileHandle, copy: string): Promise<{ sha256: string; head: Uint8Array }> {
  // No bits but these: a copy has no set-user-id, whatever the original has.
  const target = await open(copy, 'wx', 0o700);
  try {
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let head: Uint8Array = new Uint8Array();
    let total = 0;
    for (;;) {
      const { bytesRead } = await source.read(chunk, 0, CHUNK_BYTES);
      if (bytesRead === 0) break;
      total += bytesRead;
      if (total > MAX_TOOL_BYTES) throw changed(copy);
      const part = chunk.subarray(0, bytesRead);
      if (head.byteLength === 0) head = Uint8Array.from(part.subarray(0, HEAD_BYTES));
      hash.update(part);
      await target.writeFile(part);
    }
    await target.chmod(0o555);
    return { sha256: hash.digest('hex'), head };
  } finally {
    await target.close();
  }
}

async function identityAt(path: string): Promise<Identity | undefined> {
  try {
    return identityOf(await stat(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

function identityOf({ dev, ino, size, mode, uid, mtimeNs, ctimeNs }: BigIntStats): Identity {
  return [dev, ino, size, mode, uid, mtimeNs, ctimeNs].join(':');
}

function changed(path: string) {
  return toolError(
    'TOOL_DIGEST_MISMATCH',
    `The program ${quoteText(path, 400)} changed while MEX was using it.`,
    'Try again when its installation is over; if nothing is being installed, find out what writes there.',
  );
}
