import { hash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';

/*
 * The tree covers every event, but much of a database file is empty space, header or other people's tables. While nobody
 * has a log open, `<file>.sum` holds the digest of the whole file, so that a single flipped bit is found wherever it is.
 * That is for accidents: an attacker removes the file, which is why the tree never relies on it.
 */

/** Reading a larger file would be felt at every start of a command. */
const MAX_BYTES = 8 * 1024 * 1024;

function sumFile(file: string): string {
  return `${file}.sum`;
}

/** Bytes of transactions that may not be in the file itself yet; `undefined` when nobody has the log open. */
function pendingBytes(file: string): number | undefined {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size;
}

function digestOf(file: string): string | undefined {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined || size > MAX_BYTES) return undefined;
  return `sha256:${hash('sha256', readFileSync(file))} ${size}\n`;
}

/** A writer has opened the log; call it when SQLite's side files exist. */
export function forgetDigest(file: string): void {
  rmSync(sumFile(file), { force: true });
}

/** A writer has closed the log. Does nothing while others have it open: the last one does it. */
export function keepDigest(file: string): void {
  if (pendingBytes(file) !== undefined) return;
  const digest = digestOf(file);
  if (digest === undefined) return;
  writeFileSync(sumFile(file), digest, { mode: 0o600 });
  // A writer that opened in the meantime may have forgotten before this was written.
  if (pendingBytes(file) !== undefined) forgetDigest(file);
}

/** Whether the file is as the last writer left it; `undefined` when that is not known, as while somebody writes. */
export function checkDigest(file: string): boolean | undefined {
  const kept = readKept(file);
  // Readers have it open without pending bytes.
  const isAtRest = (): boolean => (pendingBytes(file) ?? 0) === 0;
  if (kept === undefined || !isAtRest()) return undefined;
  if (digestOf(file) === kept) return true;
  return readKept(file) === kept && isAtRest() ? false : undefined;
}

function readKept(file: string): string | undefined {
  if (statSync(sumFile(file), { throwIfNoEntry: false }) === undefined) return undefined;
  const text = readFileSync(sumFile(file), 'utf8');
  // Cut short when the power failed: as good as none.
  return /^sha256:[0-9a-f]{64} \d+\n$/.test(text) ? text : undefined;
}
