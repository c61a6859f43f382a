import { constants, linkSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import type { ArtifactHandle } from '@mex/envelope';
import { type BundleReader, openBundle } from './bundle.ts';
import { artifactError, codeOf, toStoreError } from './errors.ts';
import { streamObject } from './object-stream.ts';
import { verifyHandle } from './resolve-artifact.ts';
import { enterAll, isLinkRefusal, openRoot, type SafeDirectory } from './safe-directory.ts';
import { syncDirectory } from './store-layout.ts';
import type { StoreParts } from './store-parts.ts';
import { readWithRetry } from './write-queue.ts';

export interface MaterializeOptions {
  /**
   * The directory that nothing may leave; it must exist. Below it no link is followed and missing directories are
   * made. Default: the target's own directory.
   */
  readonly root?: string;
  /** Replace an existing file. Directories are never replaced. Default `false`. */
  readonly overwrite?: boolean;
}

/** What the caller records as `artifact.materialized` (CONTRACT §5). */
export interface Materialized {
  readonly artifact_id: string;
  readonly sha256: string;
  readonly size_bytes: number;
  /** Absolute path of the file, or of the bundle's directory. */
  readonly path: string;
  /** Files written. */
  readonly files: number;
}

/**
 * Copies an artifact out of the store. A file appears whole or not at all; so does a bundle's directory.
 * @throws MexError `POLICY_PATH_ESCAPE`, `ARTIFACT_EXISTS`, and those of handles and of reading
 */
export async function materialize(
  parts: StoreParts,
  handle: ArtifactHandle,
  targetPath: string,
  options: MaterializeOptions,
): Promise<Materialized> {
  await readWithRetry(() => verifyHandle(parts.manifests, handle));
  const target = locate(targetPath, options.root);
  const bundle = handle.kind === 'bundle' ? await openBundle(parts, handle) : undefined;
  const { top, parent } = openParent(target);
  try {
    if (bundle !== undefined) await placeBundle(parent, target.name, bundle);
    else await placeFile(parent, target.name, streamObject(parts.objects, handle.sha256), options.overwrite ?? false);
  } catch (error) {
    throw explain(error, target.path);
  } finally {
    if (parent !== top) parent.close();
    top.close();
  }
  const { artifact_id, sha256, size_bytes } = handle;
  return { artifact_id, sha256, size_bytes, path: target.path, files: bundle?.entries.length ?? 1 };
}

interface Target {
  readonly root: string;
  /** Directories between the root and the target. */
  readonly between: readonly string[];
  readonly name: string;
  readonly path: string;
}

function locate(targetPath: string, rootOption: string | undefined): Target {
  if (targetPath === '' || targetPath.includes('\0')) throw escape(targetPath);
  const root = resolve(rootOption ?? dirname(resolve(targetPath)));
  const path = resolve(root, targetPath);
  const below = relative(root, path);
  const between = below.split(sep);
  if (below === '' || isAbsolute(below) || between[0] === '..') throw escape(targetPath);
  between.pop();
  return { root, between, name: basename(path), path };
}

function openParent(target: Target): { top: SafeDirectory; parent: SafeDirectory } {
  let top: SafeDirectory;
  try {
    top = openRoot(target.root);
  } catch (error) {
    throw artifactError('ARTIFACT_INVALID', `${target.root} cannot be opened as a directory.`, {
      cause: error,
      remedy: 'Create the directory first.',
    });
  }
  try {
    return { top, parent: enterAll(top, target.between, true) };
  } catch (error) {
    top.close();
    throw explain(error, target.path);
  }
}

async function placeFile(
  parent: SafeDirectory,
  name: string,
  content: AsyncIterable<Uint8Array>,
  overwrite: boolean,
): Promise<void> {
  refuseLinkOrDirectory(parent, name, overwrite);
  const temp = temporaryName();
  try {
    await writeNew(parent.entryPath(temp), content);
    parent.recheck();
    if (overwrite) renameSync(parent.entryPath(temp), parent.entryPath(name));
    // A link, unlike a rename, fails when something is there: nothing that appeared meanwhile is lost.
    else linkSync(parent.entryPath(temp), parent.entryPath(name));
  } finally {
    rmSync(parent.entryPath(temp), { force: true });
  }
  syncDirectory(parent.listPath);
}

/** For the clear message; what decides is the link or rename at the end. */
function refuseLinkOrDirectory(parent: SafeDirectory, name: string, overwrite: boolean): void {
  const there = lstatSync(parent.entryPath(name), { throwIfNoEntry: false });
  if (there === undefined) return;
  if (there.isSymbolicLink()) throw escape(name);
  if (!overwrite || !there.isFile()) throw artifactError('ARTIFACT_EXISTS', `${name} exists already.`);
}

async function placeBundle(parent: SafeDirectory, name: string, bundle: BundleReader): Promise<void> {
  const temp = temporaryName();
  try {
    const top = parent.make(temp);
    try {
      for (const { path } of bundle.entries) await writeMember(top, path, await bundle.read(path));
    } finally {
      top.close();
    }
    parent.recheck();
    // Renaming a directory replaces only nothing or an empty directory: never a file, a link, or somebody's files.
    renameSync(parent.entryPath(temp), parent.entryPath(name));
  } finally {
    rmSync(parent.entryPath(temp), { recursive: true, force: true });
  }
  syncDirectory(parent.listPath);
}

async function writeMember(top: SafeDirectory, path: string, bytes: Uint8Array): Promise<void> {
  const names = path.split('/');
  const last = names.pop() ?? '';
  const directory = enterAll(top, names, true);
  try {
    await writeNew(directory.entryPath(last), [bytes]);
    syncDirectory(directory.listPath);
  } finally {
    if (directory !== top) directory.close();
  }
}

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

async function writeNew(path: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  const file = await open(path, NEW_FILE, 0o666);
  try {
    for await (const chunk of content) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

function temporaryName(): string {
  return `.mex-${crypto.randomUUID()}.tmp`;
}

function explain(error: unknown, path: string): Error {
  const code = codeOf(error);
  if (code === 'EEXIST' || code === 'ENOTEMPTY') {
    return artifactError('ARTIFACT_EXISTS', `${path} exists already, or two of its parts share one name there.`, {
      cause: error,
    });
  }
  if (isLinkRefusal(error)) return escape(path);
  return toStoreError(error, `Writing ${path}`);
}

function escape(path: string): Error {
  return artifactError(
    'POLICY_PATH_ESCAPE',
    `${JSON.stringify(path.slice(0, 200))} leaves its root, or a link or a non-directory stands in its way.`,
  );
}
