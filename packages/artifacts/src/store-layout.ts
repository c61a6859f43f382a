import { closeSync, existsSync, fsyncSync, lstatSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { artifactError, codeOf, toStoreError } from './errors.ts';
import { isLeftover, ownOwnerToken } from './process-owner.ts';

/** Where things lie in a store directory. */
export interface StoreLayout {
  readonly dir: string;
  readonly database: string;
  readonly objects: string;
  readonly temp: string;
  readonly quarantine: string;
}

/** Objects up to this size live in the SQLite pack; larger ones are files. See README, "Layout". */
export const PACK_LIMIT_BYTES = 64 * 1024;

/**
 * Creates the directories that are missing and removes what dead processes left in `temp`.
 * @throws MexError `ARTIFACT_STORE_FAILED`, `ARTIFACT_DISK_FULL`
 */
export function openLayout(dir: string): StoreLayout {
  const root = resolve(dir);
  const layout: StoreLayout = {
    database: join(root, 'objects.db'),
    dir: root,
    objects: join(root, 'objects'),
    quarantine: join(root, 'quarantine'),
    temp: join(root, 'tmp'),
  };
  try {
    if (!existsSync(layout.quarantine)) makeDirectories(layout);
    for (const path of [layout.objects, layout.temp, layout.quarantine]) verifyDirectory(path);
    sweepTemp(layout);
  } catch (error) {
    throw toStoreError(error, `Opening the artifact store ${root}`);
  }
  return layout;
}

function makeDirectories(layout: StoreLayout): void {
  for (const path of [layout.objects, layout.temp, layout.quarantine])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  syncDirectory(layout.dir);
  syncDirectory(dirname(layout.dir));
}

/**
 * A store that came with somebody else's checkout may have links where its directories should be.
 * @throws MexError `POLICY_PATH_ESCAPE`
 */
export function verifyDirectory(path: string): void {
  if (lstatSync(path).isDirectory()) return;
  throw artifactError('POLICY_PATH_ESCAPE', `${path} is not a directory but a link or a file.`, {
    remedy: 'Do not use this store; open a new one in another directory.',
  });
}

/** Path of a file object: `objects/ab/<sha256>`. */
export function objectPath(layout: StoreLayout, sha256: string): string {
  return join(layout.objects, sha256.slice(0, 2), sha256);
}

let tempCounter = 0;

/** A fresh name for a temporary file; it carries its owner. */
export function tempName(): string {
  tempCounter += 1;
  return `${ownOwnerToken()}.${tempCounter.toString(36)}-${crypto.randomUUID().slice(0, 8)}`;
}

/** Makes renames in a directory durable. Not possible on every platform; there the rename itself must do. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } catch (error) {
    const errno = codeOf(error);
    if (errno !== 'EINVAL' && errno !== 'EPERM' && errno !== 'EISDIR') throw error;
  } finally {
    closeSync(fd);
  }
}

function sweepTemp(layout: StoreLayout): void {
  for (const name of readdirSync(layout.temp)) {
    const path = join(layout.temp, name);
    const changed = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (changed === undefined) continue;
    if (isLeftover(name.slice(0, name.indexOf('.')), changed, Date.now())) rmSync(path, { force: true });
  }
}
