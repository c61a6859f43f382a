import { closeSync, realpathSync } from 'node:fs';
import type { ArtifactHandle, BundleEntry, BundleIndex } from '@mex/envelope';
import { BUNDLE_MIME, buildIndex, checkBundlePath, parseIndex } from './bundle-index.ts';
import { type StoreDatabase, textOf } from './database.ts';
import { artifactError, codeOf } from './errors.ts';
import type { ArtifactMeta } from './manifest-store.ts';
import { type Scan, type ScanLimits, type ScannedFile, type SkippedPath, scanFiles, scanTree } from './pin-scan.ts';
import { commitContent, stageBytes } from './put-content.ts';
import { verifyHandle } from './resolve-artifact.ts';
import { enterAll, openRoot, type SafeDirectory } from './safe-directory.ts';
import type { StoreParts } from './store-parts.ts';
import { readVerified } from './verified-file.ts';
import { readWithRetry } from './write-queue.ts';

/** Limits of a pin, and what its manifest says. */
export interface PinOptions extends ScanLimits {
  /** Parts of the manifest; kind, mime and layer are fixed. */
  readonly meta?: Omit<Partial<ArtifactMeta>, 'kind' | 'mime' | 'layer'>;
}

/** A directory as an input, without a copy of it (CONTRACT §5). */
export interface Pin {
  readonly handle: ArtifactHandle;
  readonly index: BundleIndex;
  /** What lies below the root and is not part of the input, and why. */
  readonly skipped: readonly SkippedPath[];
  /** Groups of paths that differ only in case. */
  readonly caseClashes: readonly string[][];
}

/** Reads of a pinned directory, each verified against the index. */
export interface PinnedDirectory {
  readonly handle: ArtifactHandle;
  /** In code-unit order of paths. */
  readonly entries: readonly BundleEntry[];
  /** The file's bytes as they were when pinned. @throws MexError `ARTIFACT_NOT_FOUND`, `ARTIFACT_DRIFT` */
  readonly read: (path: string) => Promise<Uint8Array>;
  /** The file's size when pinned. @throws MexError `ARTIFACT_NOT_FOUND` */
  readonly size: (path: string) => number;
}

/** Pins everything below a directory. */
export async function pinDirectory(parts: StoreParts, root: string, options: PinOptions): Promise<Pin> {
  return storePin(parts, root, await scanTree(root, options), options);
}

/** Pins only the named files below a directory. */
export async function pinFiles(
  parts: StoreParts,
  root: string,
  paths: readonly string[],
  options: PinOptions,
): Promise<Pin> {
  return storePin(parts, root, await scanFiles(root, paths, options), options);
}

async function storePin(parts: StoreParts, root: string, scan: Scan, options: PinOptions): Promise<Pin> {
  const { files, duplicates } = chooseByNormalName(scan.files);
  const { index, bytes, caseClashes } = buildIndex(
    files.map(({ diskPath, sha256, size_bytes }) => ({ path: diskPath.normalize('NFC'), sha256, size_bytes })),
  );
  const meta = { created_by: {}, ...options.meta, kind: 'bundle', mime: BUNDLE_MIME, layer: 'raw' } as const;
  const diskPaths = files.map((file) => file.diskPath).filter((path) => path !== path.normalize('NFC'));
  const realRoot = realpathSync(root);
  const handle = await commitContent(parts, await stageBytes(parts, bytes), meta, (artifactId) => {
    // The root is the machine's business, not the artifact's: it stays out of everything that is hashed or exported.
    const sql = 'INSERT INTO pins (artifact_id, root, disk_paths) VALUES (?, ?, ?)';
    parts.db.run(sql, artifactId, realRoot, JSON.stringify(diskPaths));
  });
  return { handle, index, skipped: [...scan.skipped, ...duplicates], caseClashes };
}

/** Two names on disk can be the same in NFC. The one that is written in NFC stands for both, else the first. */
function chooseByNormalName(scanned: readonly ScannedFile[]): { files: ScannedFile[]; duplicates: SkippedPath[] } {
  const chosen = new Map<string, ScannedFile>();
  const duplicates: SkippedPath[] = [];
  for (const file of [...scanned].sort((a, b) => (a.diskPath < b.diskPath ? -1 : 1))) {
    const normal = file.diskPath.normalize('NFC');
    const other = chosen.get(normal);
    if (other === undefined || file.diskPath === normal) chosen.set(normal, file);
    if (other === undefined) continue;
    duplicates.push({ path: file.diskPath === normal ? other.diskPath : file.diskPath, reason: 'duplicate-name' });
  }
  return { files: [...chosen.values()], duplicates };
}

/**
 * Opens a pinned directory for reading.
 * @throws MexError of `verifyHandle`; `ARTIFACT_INVALID` when the artifact is no pinned directory; `ARTIFACT_CORRUPT`
 */
export async function openPinned(parts: StoreParts, handle: ArtifactHandle): Promise<PinnedDirectory> {
  await readWithRetry(() => verifyHandle(parts.manifests, handle));
  const row = parts.db.get('SELECT root, disk_paths FROM pins WHERE artifact_id = ?', handle.artifact_id);
  if (row === undefined) {
    throw artifactError('ARTIFACT_INVALID', `Artifact ${handle.artifact_id} is not a directory pinned in this store.`);
  }
  const index = parseIndex(await parts.objects.read(handle.sha256));
  const root = textOf(row, 'root');
  const diskPaths = parseDiskPaths(textOf(row, 'disk_paths'));
  const byPath = new Map(index.entries.map((entry) => [entry.path, entry]));
  const find = (path: string): BundleEntry => {
    const entry = byPath.get(path);
    if (entry !== undefined) return entry;
    throw artifactError(
      'ARTIFACT_NOT_FOUND',
      `The pinned directory has no file ${JSON.stringify(path.slice(0, 200))}.`,
      {
        remedy: 'Read only paths that the index lists.',
      },
    );
  };
  return {
    handle,
    entries: index.entries,
    size: (path) => find(path).size_bytes,
    read: async (path) => readPinned(root, find(path), diskPaths.get(path) ?? path),
  };
}

async function readPinned(root: string, entry: BundleEntry, diskPath: string): Promise<Uint8Array> {
  const fd = openPinnedFile(root, entry.path, diskPath);
  try {
    const read = await readVerified(fd, { sha256: entry.sha256, size: entry.size_bytes });
    if ('bytes' in read) return read.bytes;
    throw drift(entry.path, `its ${read.deviation === 'not-a-file' ? 'type' : read.deviation} is not what was pinned`);
  } catch (error) {
    if (codeOf(error) === 'ARTIFACT_DRIFT') throw error;
    throw drift(entry.path, 'it cannot be read any more', error);
  } finally {
    closeSync(fd);
  }
}

function openPinnedFile(root: string, path: string, diskPath: string): number {
  const names = diskPath.split('/');
  const last = names.pop() ?? '';
  let top: SafeDirectory | undefined;
  let parent: SafeDirectory | undefined;
  try {
    top = openRoot(root);
    parent = enterAll(top, names);
    return parent.openFile(last);
  } catch (error) {
    throw drift(path, 'it is gone, or a link stands in its way', error);
  } finally {
    if (parent !== top) parent?.close();
    top?.close();
  }
}

function drift(path: string, why: string, cause?: unknown): Error {
  return artifactError('ARTIFACT_DRIFT', `The pinned file ${JSON.stringify(path)} has changed: ${why}.`, { cause });
}

/** The table is stored bytes: a disk path is believed only if it is the index path in another spelling. */
function parseDiskPaths(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  const value: unknown = JSON.parse(text);
  for (const path of Array.isArray(value) ? value : []) {
    if (typeof path === 'string' && checkBundlePath(path) === undefined) paths.set(path.normalize('NFC'), path);
  }
  return paths;
}

/** Whether an artifact is a directory pinned in this store. */
export function isPinned(db: StoreDatabase, artifactId: string): boolean {
  return db.get('SELECT 1 FROM pins WHERE artifact_id = ?', artifactId) !== undefined;
}
