import type { ArtifactHandle } from '@mex/envelope';

/** Media types of what says which vulnerabilities are known: a snapshot of records, and what an OSV server answered. */
const ADVISORY_MIMES: ReadonlySet<string> = new Set([
  'application/vnd.mex.advisories',
  'application/vnd.mex.osv-answers+json',
]);

/**
 * `advisory_db_version` of provenance (CONTRACT §4): the digest of the database an operation was given, or of the answers it
 * fetched. The host's own figures, not the engine's word.
 */
export function advisoryVersion(handles: readonly Pick<ArtifactHandle, 'mime' | 'sha256'>[]): string | undefined {
  const found = handles.find(({ mime }) => ADVISORY_MIMES.has(mime));
  return found === undefined ? undefined : `sha256:${found.sha256}`;
}
