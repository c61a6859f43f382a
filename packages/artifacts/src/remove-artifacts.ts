import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as yieldTurn } from 'node:timers/promises';
import type { ArtifactManifest } from '@mex/envelope';
import { integerOf, textOf } from './database.ts';
import { codeOf } from './errors.ts';
import type { ArtifactListing } from './manifest-store.ts';
import { isSha256 } from './resolve-artifact.ts';
import { objectPath } from './store-layout.ts';
import type { StoreParts } from './store-parts.ts';
import { readWithRetry } from './write-queue.ts';

/** Why an artifact that was to be removed is still there. `gone`: somebody else removed it. */
export type RemovalRefusal = 'pinned' | 'gone' | 'unreadable' | 'refused';

/** What a removal did. */
export interface Removal {
  /** Ids of the artifacts that are no more. */
  readonly removed: readonly string[];
  readonly spared: readonly { readonly artifact_id: string; readonly reason: RemovalRefusal }[];
  /** Of content that nothing refers to any more. */
  readonly bytesFreed: number;
}

/** Artifacts in one transaction: others get to write in between. */
const BATCH = 200;
const PAGE = 500;
/** A file this young may be one that a put has just moved into place and is about to commit. */
const FRESH_MS = 60_000;

/** Every artifact, the oldest first, in pages; what comes while it is read may be missing. */
export async function* walkArtifacts(parts: StoreParts): AsyncGenerator<ArtifactListing> {
  let after = 0;
  for (;;) {
    const page = await readWithRetry(() => parts.manifests.page(after, PAGE));
    if (page.last === undefined) return;
    yield page;
    after = page.last;
    await yieldTurn();
  }
}

/**
 * Removes artifacts, and content that nothing refers to afterwards. Each is looked at again in the transaction that
 * removes it. A process that dies on the way leaves a store that verifies: what was removed is gone, a file without its
 * artifact is left to `sweepOrphanedFiles`.
 */
export async function removeArtifacts(
  parts: StoreParts,
  ids: readonly string[],
  mayGo: (manifest: ArtifactManifest) => boolean,
): Promise<Removal> {
  const total = { removed: [] as string[], spared: [] as Removal['spared'][number][], bytesFreed: 0 };
  for (let from = 0; from < ids.length; from += BATCH) {
    const batch = ids.slice(from, from + BATCH);
    const done = await parts.queue.run(() => removeBatch(parts, batch, mayGo));
    total.removed.push(...done.removed);
    total.spared.push(...done.spared);
    total.bytesFreed += done.bytesFreed;
    parts.manifests.forget(done.removed);
    await unlinkFiles(parts, done.files);
  }
  return total;
}

/** Inside a transaction; may run twice. */
function removeBatch(
  parts: StoreParts,
  ids: readonly string[],
  mayGo: (manifest: ArtifactManifest) => boolean,
): Removal & { files: readonly string[] } {
  const removed: string[] = [];
  const spared: Removal['spared'][number][] = [];
  const freed: FreedObject[] = [];
  // Asked for by whoever removes, and by nobody else.
  parts.db.run('CREATE INDEX IF NOT EXISTS members_by_object ON members (sha256)');
  for (const id of ids) {
    const reason = refusalOf(parts, id, mayGo);
    if (reason === undefined) {
      removed.push(id);
      freed.push(...removeOne(parts, id));
    } else spared.push({ artifact_id: id, reason });
  }
  const files = freed.filter(({ isFile }) => isFile).map(({ sha256 }) => sha256);
  return { removed, spared, files, bytesFreed: freed.reduce((sum, { size }) => sum + size, 0) };
}

function refusalOf(
  parts: StoreParts,
  id: string,
  mayGo: (manifest: ArtifactManifest) => boolean,
): RemovalRefusal | undefined {
  try {
    const manifest = parts.manifests.read(id);
    if (manifest.pinned === true) return 'pinned';
    return mayGo(manifest) ? undefined : 'refused';
  } catch (error) {
    if (codeOf(error) === 'ARTIFACT_NOT_FOUND') return 'gone';
    // What cannot be read may be pinned; it is evidence of whoever changed it.
    if (codeOf(error) === 'ARTIFACT_CORRUPT') return 'unreadable';
    throw error;
  }
}

interface FreedObject {
  readonly sha256: string;
  readonly size: number;
  readonly isFile: boolean;
}

function removeOne({ db, manifests }: StoreParts, id: string): FreedObject[] {
  const { content_hash: content } = manifests.read(id);
  db.run('DELETE FROM manifests WHERE artifact_id = ?', id);
  db.run('DELETE FROM pins WHERE artifact_id = ?', id);
  if (db.get('SELECT 1 FROM manifests WHERE sha256 = ? LIMIT 1', content) !== undefined) return [];
  const members = db.all('SELECT sha256 FROM members WHERE bundle = ?', content).map((row) => textOf(row, 'sha256'));
  db.run('DELETE FROM members WHERE bundle = ?', content);
  return [content, ...members].flatMap((sha256) => removeObject(db, sha256));
}

function removeObject(db: StoreParts['db'], sha256: string): FreedObject[] {
  const needed = `SELECT 1 FROM manifests WHERE sha256 = ?1 UNION ALL SELECT 1 FROM members WHERE sha256 = ?1 LIMIT 1`;
  if (db.get(needed, sha256) !== undefined) return [];
  const row = db.get('SELECT size, place FROM objects WHERE sha256 = ?', sha256);
  if (row === undefined) return [];
  db.run('DELETE FROM objects WHERE sha256 = ?', sha256);
  return [{ sha256, size: integerOf(row, 'size'), isFile: integerOf(row, 'place') === 1 }];
}

/**
 * Unlinks files that no row speaks of, under the write lock: a put of the same content looks for its file in its own
 * transaction, so it commits before this and has a row, or finds its file gone and says so.
 */
async function unlinkFiles({ queue, db, layout }: StoreParts, hashes: readonly string[]): Promise<number> {
  if (hashes.length === 0) return 0;
  return queue.run(() => {
    let bytes = 0;
    for (const sha256 of hashes) {
      const path = objectPath(layout, sha256);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined || !stat.isFile() || Date.now() - stat.mtimeMs < FRESH_MS) continue;
      if (db.get('SELECT 1 FROM objects WHERE sha256 = ?', sha256) !== undefined) continue;
      rmSync(path, { force: true });
      bytes += stat.size;
    }
    return bytes;
  });
}

/** Removes files of objects that no artifact and no row speaks of: left by a removal or a put that was killed. */
export async function sweepOrphanedFiles(parts: StoreParts): Promise<number> {
  let bytes = 0;
  for (const shard of readdirSync(parts.layout.objects)) {
    const directory = join(parts.layout.objects, shard);
    if (!lstatSync(directory).isDirectory()) continue;
    const strays = readdirSync(directory).filter(
      (name) => isSha256(name) && name.startsWith(shard) && parts.objects.find(name) === undefined,
    );
    bytes += await unlinkFiles(parts, strays);
  }
  return bytes;
}
