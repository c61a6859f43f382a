import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as yieldTurn } from 'node:timers/promises';
import { parseIndex } from './bundle-index.ts';
import { type Row, textOf } from './database.ts';
import { codeOf } from './errors.ts';
import { streamObject } from './object-stream.ts';
import { resolveArtifact } from './resolve-artifact.ts';
import type { StoreParts } from './store-parts.ts';
import { readWithRetry } from './write-queue.ts';

/** What `verify` found (CONTRACT §5). */
export interface VerifyReport {
  /** Nothing corrupt, missing or unreadable. Orphans alone do no harm. */
  readonly ok: boolean;
  readonly objects: number;
  readonly bytes: number;
  readonly manifests: number;
  /** Objects whose bytes are not what their name says. They are in quarantine now. */
  readonly corrupt: readonly { readonly sha256: string; readonly reason: string }[];
  /** Content that an artifact or bundle refers to and the store no longer has. */
  readonly missing: readonly { readonly sha256: string; readonly neededBy: string }[];
  readonly unreadable: readonly { readonly artifact_id: string; readonly reason: string }[];
  /** Content that nothing refers to: left by a put that was killed before its commit. */
  readonly orphaned: readonly { readonly sha256: string; readonly place: 'pack' | 'file' }[];
  /** What SQLite's own integrity check says about the database file. */
  readonly database: readonly string[];
}

type Findings = {
  -readonly [K in keyof VerifyReport]: VerifyReport[K] extends readonly (infer T)[] ? T[] : VerifyReport[K];
};

const PAGE = 500;

/** Re-reads and re-hashes everything in the store. */
export async function verifyAll(parts: StoreParts): Promise<VerifyReport> {
  const found = emptyReport();
  found.database = await checkDatabase(parts);
  for await (const row of pages(parts, 'SELECT sha256 AS key, size FROM objects WHERE sha256 > ? ORDER BY sha256')) {
    await verifyObject(parts, textOf(row, 'key'), found);
  }
  for await (const row of pages(
    parts,
    'SELECT artifact_id AS key FROM manifests WHERE artifact_id > ? ORDER BY artifact_id',
  )) {
    await verifyManifest(parts, textOf(row, 'key'), found);
  }
  await findMissingMembers(parts, found);
  await findOrphans(parts, found);
  return close(found);
}

/** Re-reads one artifact and, for a stored bundle, its files. @throws MexError of `resolve` */
export async function verifyOne(parts: StoreParts, idOrPrefix: string): Promise<VerifyReport> {
  const found = emptyReport();
  const manifest = await readWithRetry(() => resolveArtifact(parts.db, parts.manifests, idOrPrefix));
  found.manifests = 1;
  const members = await readWithRetry(() =>
    parts.db.all('SELECT sha256 FROM members WHERE bundle = ?', manifest.content_hash),
  );
  for (const sha256 of [manifest.content_hash, ...members.map((row) => textOf(row, 'sha256'))]) {
    if (parts.objects.find(sha256) === undefined) found.missing.push({ sha256, neededBy: manifest.artifact_id });
    else await verifyObject(parts, sha256, found);
  }
  return close(found);
}

function emptyReport(): Findings {
  const lists = { corrupt: [], missing: [], unreadable: [], orphaned: [], database: [] };
  return { ok: true, objects: 0, bytes: 0, manifests: 0, ...lists };
}

function close(found: Findings): VerifyReport {
  const troubles = found.corrupt.length + found.missing.length + found.unreadable.length + found.database.length;
  return { ...found, ok: troubles === 0 };
}

/** Reading page by page keeps no read transaction open, so other processes can checkpoint. */
async function* pages(parts: StoreParts, sql: string): AsyncGenerator<Row> {
  let after = '';
  for (;;) {
    const rows = await readWithRetry(() => parts.db.all(`${sql} LIMIT ${PAGE}`, after));
    yield* rows;
    // Everything on a page is answered without leaving this turn; let others have theirs.
    await yieldTurn();
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = textOf(last, 'key');
  }
}

async function verifyObject(parts: StoreParts, sha256: string, found: Findings): Promise<void> {
  found.objects += 1;
  try {
    // Reading it in pieces is the same check as serving it, quarantine included, in bounded memory.
    for await (const piece of streamObject(parts.objects, sha256)) found.bytes += piece.length;
  } catch (error) {
    if (codeOf(error) === 'ARTIFACT_NOT_FOUND') return;
    const reason = error instanceof Error ? error.message : 'unreadable';
    if (codeOf(error) !== 'ARTIFACT_CORRUPT') throw error;
    if (parts.objects.isGone(sha256)) found.missing.push({ sha256, neededBy: 'the store' });
    else found.corrupt.push({ sha256, reason });
  }
}

async function verifyManifest(parts: StoreParts, artifactId: string, found: Findings): Promise<void> {
  found.manifests += 1;
  try {
    const manifest = await readWithRetry(() => parts.manifests.read(artifactId));
    const { content_hash: sha256, kind } = manifest;
    if (parts.objects.find(sha256) === undefined) found.missing.push({ sha256, neededBy: artifactId });
    else if (kind === 'bundle') parseIndex(await parts.objects.read(sha256));
  } catch (error) {
    if (codeOf(error) !== 'ARTIFACT_CORRUPT') throw error;
    found.unreadable.push({ artifact_id: artifactId, reason: error instanceof Error ? error.message : 'unreadable' });
  }
}

async function findMissingMembers(parts: StoreParts, found: Findings): Promise<void> {
  const sql = `SELECT bundle, sha256 FROM members WHERE sha256 NOT IN (SELECT sha256 FROM objects)`;
  for (const row of await readWithRetry(() => parts.db.all(sql))) {
    found.missing.push({ sha256: textOf(row, 'sha256'), neededBy: textOf(row, 'bundle') });
  }
}

async function findOrphans(parts: StoreParts, found: Findings): Promise<void> {
  const sql = `SELECT sha256, place FROM objects
    WHERE sha256 NOT IN (SELECT sha256 FROM manifests) AND sha256 NOT IN (SELECT sha256 FROM members)`;
  for (const row of await readWithRetry(() => parts.db.all(sql))) {
    found.orphaned.push({ sha256: textOf(row, 'sha256'), place: row['place'] === 1 ? 'file' : 'pack' });
  }
  for (const shard of readdirSync(parts.layout.objects)) {
    const directory = join(parts.layout.objects, shard);
    if (lstatSync(directory).isDirectory()) {
      for (const name of readdirSync(directory)) {
        if (parts.objects.find(name)?.place !== 'file') found.orphaned.push({ sha256: name, place: 'file' });
      }
    }
  }
}

async function checkDatabase(parts: StoreParts): Promise<string[]> {
  const rows = await readWithRetry(() => parts.db.all('PRAGMA integrity_check(20)'));
  return rows.map((row) => textOf(row, 'integrity_check')).filter((line) => line !== 'ok');
}
