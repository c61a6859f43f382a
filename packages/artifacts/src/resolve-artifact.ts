import { type ArtifactHandle, type ArtifactManifest, CHECKERS } from '@mex/envelope';
import { type StoreDatabase, textOf } from './database.ts';
import { artifactError } from './errors.ts';
import type { ManifestStore } from './manifest-store.ts';

const SHA256 = /^[0-9a-f]{64}$/;
const PREFIX = /^[0-9a-f-]{8,64}$/;

/** Whether a text is a whole object hash. */
export function isSha256(text: string): boolean {
  return SHA256.test(text);
}

/**
 * Finds an artifact by id, by content hash, or by a prefix of either (at least 8 characters).
 * Several artifacts may share one content; for a hash the newest answers.
 * @throws MexError `ARTIFACT_INVALID`, `ARTIFACT_NOT_FOUND`, `ARTIFACT_AMBIGUOUS`, `ARTIFACT_CORRUPT`
 */
export function resolveArtifact(db: StoreDatabase, manifests: ManifestStore, idOrPrefix: string): ArtifactManifest {
  const wanted = idOrPrefix.toLowerCase();
  if (!PREFIX.test(wanted)) {
    const text = JSON.stringify(idOrPrefix.slice(0, 80));
    throw artifactError(
      'ARTIFACT_INVALID',
      `${text} is no artifact id, hash, or prefix of at least 8 characters of one.`,
    );
  }
  // 'g' sorts after every hex digit and after '-': the range holds exactly the texts that start with the prefix.
  const byId = db.all(
    'SELECT artifact_id FROM manifests WHERE artifact_id >= ?1 AND artifact_id < ?1 || ?2 LIMIT 2',
    wanted,
    'g',
  );
  const byHash = db.all(
    `SELECT sha256, (SELECT artifact_id FROM manifests AS newest WHERE newest.sha256 = outer_row.sha256
       ORDER BY seq DESC LIMIT 1) AS artifact_id
     FROM manifests AS outer_row WHERE sha256 >= ?1 AND sha256 < ?1 || ?2 GROUP BY sha256 LIMIT 2`,
    wanted,
    'g',
  );
  const found = [...byId, ...byHash];
  const [only] = found;
  if (only === undefined) throw artifactError('ARTIFACT_NOT_FOUND', `Nothing in the store starts with ${wanted}.`);
  if (found.length > 1) throw artifactError('ARTIFACT_AMBIGUOUS', `Several artifacts start with ${wanted}.`);
  return manifests.read(textOf(only, 'artifact_id'));
}

/**
 * Checks a handle against the store's own manifest: a handle comes from a planner and is hostile (CONTRACT §2).
 * `name` is a label that the planner chooses; it is not compared.
 * @throws MexError `ARTIFACT_INVALID` (no handle), `ARTIFACT_NOT_FOUND`, `ARTIFACT_MISMATCH`, `ARTIFACT_CORRUPT`
 */
export function verifyHandle(manifests: ManifestStore, handle: ArtifactHandle): void {
  if (!CHECKERS.artifactHandle.check(handle)) {
    const issues = CHECKERS.artifactHandle.issues(handle, 3).map((issue) => `${issue.path}: ${issue.message}`);
    throw artifactError('ARTIFACT_INVALID', `This is no artifact handle: ${issues.join('; ')}`);
  }
  const known = manifests.factsOf(handle.artifact_id);
  for (const field of ['sha256', 'size_bytes', 'mime', 'kind'] as const) {
    if (handle[field] === known[field]) continue;
    throw artifactError(
      'ARTIFACT_MISMATCH',
      `The handle of artifact ${handle.artifact_id} says ${field} ${handle[field]}; the store says ${known[field]}.`,
    );
  }
}
