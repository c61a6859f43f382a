import { chmodSync, lstatSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { artifactError, codeOf, toStoreError } from './errors.ts';
import { isLeftover, ownOwnerToken } from './process-owner.ts';

/** The private scratch directory of one run of one operation (CONTRACT §1). */
export interface ShadowWorkspace {
  /** Absolute path; the directory is empty and only this user may enter it. */
  readonly dir: string;
  /** Removes it with everything inside; links inside are removed, not followed. May be called again. */
  readonly dispose: () => Promise<void>;
}

const OP_ID = /^[A-Za-z0-9-]{1,64}$/;

/**
 * Makes a scratch directory below `root`. Its name carries its owner, so that `sweepShadowWorkspaces` can tell
 * whether the process that made it still runs.
 * @throws MexError `ARTIFACT_INVALID` (op id that is no plain id), `ARTIFACT_DISK_FULL`, `ARTIFACT_STORE_FAILED`
 */
export function createShadowWorkspace(opId: string, options: { readonly root: string }): ShadowWorkspace {
  if (!OP_ID.test(opId)) throw artifactError('ARTIFACT_INVALID', 'The operation id has characters that no id has.');
  const root = resolve(options.root);
  const dir = join(root, `${ownOwnerToken()}.${opId}.${crypto.randomUUID().slice(0, 8)}`);
  try {
    makeDirectory(root, dir);
  } catch (error) {
    throw toStoreError(error, `Making a shadow workspace in ${root}`);
  }
  return { dir, dispose: () => removeWorkspace(dir) };
}

function makeDirectory(root: string, dir: string): void {
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    mkdirSync(root, { recursive: true, mode: 0o700 });
    mkdirSync(dir, { mode: 0o700 });
  }
}

async function removeWorkspace(dir: string): Promise<void> {
  try {
    // Most operations write no files: removing an empty directory needs no trip through the thread pool.
    rmdirSync(dir);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    await removeTree(dir);
  }
}

async function removeTree(dir: string): Promise<void> {
  const options = { recursive: true, force: true, maxRetries: 2 };
  try {
    await rm(dir, options);
  } catch {
    // Tools leave read-only directories behind (module caches); their files cannot be removed until that is undone.
    makeWritable(dir);
    await rm(dir, options).catch((error: unknown) => {
      throw toStoreError(error, `Removing the shadow workspace ${dir}`);
    });
  }
}

function makeWritable(dir: string): void {
  chmodSync(dir, 0o700);
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(dir, entry.name));
  }
}

/** What a sweep did. */
export interface ShadowSweep {
  /** Names of the workspaces removed. */
  readonly removed: readonly string[];
  /** Workspaces of live processes, and entries that are none of ours: left alone. */
  readonly kept: number;
  /** Workspaces that could not be removed. */
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Removes what dead processes left below `root` (CONTRACT §9). A live process's workspaces are never touched, nor
 * is anything whose name this module did not give. Workspaces of another container, whose processes cannot be seen
 * from here, go when they are unchanged for 24 hours.
 */
export async function sweepShadowWorkspaces(options: { readonly root: string }): Promise<ShadowSweep> {
  const root = resolve(options.root);
  const sweep = { removed: [] as string[], kept: 0, failed: [] as { name: string; reason: string }[] };
  for (const name of listNames(root)) {
    const stat = lstatSync(join(root, name), { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (!stat.isDirectory() || !isLeftover(name.split('.', 1)[0] ?? '', stat.mtimeMs, Date.now())) {
      sweep.kept += 1;
      continue;
    }
    try {
      await removeWorkspace(join(root, name));
      sweep.removed.push(name);
    } catch (error) {
      sweep.failed.push({ name, reason: error instanceof Error ? error.message : 'unknown' });
    }
  }
  return sweep;
}

function listNames(root: string): string[] {
  try {
    return readdirSync(root);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw toStoreError(error, `Looking for leftover shadow workspaces in ${root}`);
  }
}
