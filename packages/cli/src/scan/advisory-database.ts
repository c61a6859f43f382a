import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import type { ArtifactStore } from '@mex/artifacts';
import type { ArtifactHandle, ArtifactManifest } from '@mex/envelope';
import { chooseImplementation, type Host } from '@mex/host';
import { usageError } from '../usage-error.ts';

/** What a snapshot of advisories is stored as. */
const DATABASE_MIME = 'application/vnd.mex.advisories';
/** Who made it: only what `mex db import` stored is used without being named. */
const IMPORTED_BY = 'db.import';
const NAMED_BY = 'db.name';
const SNAPSHOT_NAME = 'advisories.db';
const SNAPSHOT_START = 'mex.advisories@';
const MAX_SNAPSHOT_BYTES = 1024 ** 3;

/** Stores a snapshot as the one that scans use from now on. */
export function storeSnapshot(host: Host, snapshot: Uint8Array, isNamed = false): Promise<ArtifactHandle> {
  return host.artifacts.put(snapshot, metaOf(host, isNamed));
}

function metaOf(host: Host, isNamed: boolean) {
  return {
    kind: 'dataset_slice',
    mime: DATABASE_MIME,
    layer: 'evidence',
    name: SNAPSHOT_NAME,
    created_by: { actor_id: host.caller.id, operation: isNamed ? NAMED_BY : IMPORTED_BY },
    classification: 'low',
    pinned: !isNamed,
  } as const;
}

const MAX_LISTED = 10_000;

/** The snapshot that was imported last. What an engine made, or a planner stored, is none. */
export async function newestImport(store: ArtifactStore): Promise<ArtifactManifest | undefined> {
  const { artifacts } = await store.list({ kind: 'dataset_slice', limit: MAX_LISTED });
  return artifacts.find(
    ({ mime, created_by }) =>
      mime === DATABASE_MIME && created_by.operation === IMPORTED_BY && created_by.engine_id === undefined,
  );
}

/** What packages are looked up in: a database, the answers of a server or of a tool, or why there is nothing. */
export type ScanDatabase =
  | { readonly handle: ArtifactHandle }
  /** An OSV server is asked during the scan. */
  | { readonly endpoint: string }
  /** An external tool has advisories of its own. */
  | { readonly tool: string }
  | { readonly absent: { readonly code: string; readonly message: string; readonly remedy: string } };

/** `--osv` with this word: ask a server. */
export const ONLINE = 'online';

/**
 * Where a scan gets its advisories: from the tool that policy names for it, from a server (`--osv online`), or from a
 * database.
 * @throws as `chooseDatabase`
 */
export async function chooseSource(
  host: Host,
  engineId: string,
  named: string | undefined,
  endpoint: string,
): Promise<ScanDatabase> {
  const implementation = chooseImplementation(host.policy.policy, engineId) ?? 'builtin';
  if (implementation !== 'builtin') return { tool: implementation };
  return named === ONLINE ? { endpoint } : chooseDatabase(host, named);
}

/**
 * The database that `--osv` names (a snapshot, a source of OSV records, or an artifact), else the newest imported one.
 * @throws MexError `CLI_FILE_UNREADABLE`, `ADVISORIES_…`, `ARTIFACT_…` for a name that leads nowhere
 */
export async function chooseDatabase(host: Host, named: string | undefined): Promise<ScanDatabase> {
  if (named !== undefined) return openNamed(host, named);
  const newest = await newestImport(host.artifacts);
  if (newest !== undefined) {
    const { artifact_id, content_hash: sha256, size_bytes, mime, kind } = newest;
    return { handle: { artifact_id, sha256, size_bytes, mime, kind, name: SNAPSHOT_NAME } };
  }
  return {
    absent: {
      code: 'VULN_DATABASE_MISSING',
      message: 'There is no advisory database, so vulnerabilities were not looked for.',
      remedy: 'Import one: mex db import <source>, or name one: --osv <db>.',
    },
  };
}

async function openNamed(host: Host, named: string): Promise<ScanDatabase> {
  if (!existsSync(named)) return { handle: await host.artifacts.resolve(verifyArtifactName(named)) };
  if (isSnapshot(named)) {
    return { handle: await host.artifacts.putStream(named, metaOf(host, true), { maxBytes: MAX_SNAPSHOT_BYTES }) };
  }
  const { importAdvisories } = await import('@mex/advisories');
  try {
    const { snapshot } = await importAdvisories([named], { now: new Date().toISOString() });
    return { handle: await storeSnapshot(host, snapshot, true) };
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ADVISORIES_EMPTY') throw error;
    const remedy = 'remedy' in error && typeof error.remedy === 'string' ? error.remedy : '';
    return { absent: { code: 'ADVISORIES_EMPTY', message: error.message, remedy } };
  }
}

function verifyArtifactName(named: string): string {
  if (/^[0-9a-f-]{8,64}$/.test(named)) return named;
  throw usageError(
    `--osv ${named} cannot be used: there is no such file or directory, and it is no artifact.`,
    'Name a snapshot, a directory or archive of OSV records, or an artifact of this home.',
    'CLI_FILE_UNREADABLE',
  );
}

function isSnapshot(path: string): boolean {
  if (!statSync(path).isFile()) return false;
  const descriptor = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(SNAPSHOT_START.length);
    readSync(descriptor, bytes, 0, bytes.length, 0);
    return bytes.toString('latin1') === SNAPSHOT_START;
  } finally {
    closeSync(descriptor);
  }
}
