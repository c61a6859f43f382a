import type { ArtifactHandle, BundleEntry, BundleIndex } from '@mex/envelope';
import { BUNDLE_BOUNDS, BUNDLE_MIME, buildIndex, parseIndex } from './bundle-index.ts';
import { artifactError } from './errors.ts';
import type { ArtifactMeta } from './manifest-store.ts';
import { isPinned, openPinned } from './pinned-directory.ts';
import { commitContent, type StagedContent, stageBytes } from './put-content.ts';
import { verifyHandle } from './resolve-artifact.ts';
import type { StoreParts } from './store-parts.ts';
import { readWithRetry } from './write-queue.ts';

/** One file for a bundle: its bytes, or an artifact that is in the store already. */
export type BundleFile = { readonly path: string } & (
  | { readonly bytes: Uint8Array }
  | { readonly handle: ArtifactHandle }
);

/** What a stored bundle is. */
export interface BundleReceipt {
  /** Its hash and size are those of the canonical index. */
  readonly handle: ArtifactHandle;
  readonly index: BundleIndex;
  /** Groups of paths that a case-insensitive file system cannot hold side by side. */
  readonly caseClashes: readonly string[][];
}

/** The files of a stored bundle or of a pinned directory; every read is verified. */
export interface BundleReader {
  readonly handle: ArtifactHandle;
  /** In code-unit order of paths. */
  readonly entries: readonly BundleEntry[];
  /** @throws MexError `ARTIFACT_NOT_FOUND`, `ARTIFACT_CORRUPT`, `ARTIFACT_DRIFT` (pinned directory) */
  readonly read: (path: string) => Promise<Uint8Array>;
}

/** Description of a bundle; kind and mime are fixed. */
export type BundleMeta = Omit<ArtifactMeta, 'kind' | 'mime'>;

/** How many files' bytes may wait in memory for one transaction. */
const STAGE_AT_ONCE = 256;

/**
 * Stores several files as one artifact. The index, and so the digest, does not depend on the order of `files`.
 * The content becomes durable first, the bundle last: a bundle that exists is complete.
 * @throws MexError `POLICY_PATH_ESCAPE`, `ARTIFACT_INVALID`, `ARTIFACT_TOO_LARGE`, and those of handles and of `put`
 */
export async function putBundle(
  parts: StoreParts,
  files: readonly BundleFile[],
  meta: BundleMeta,
): Promise<BundleReceipt> {
  if (files.length > BUNDLE_BOUNDS.maxEntries) {
    const message = `A bundle of ${files.length} files is above the ${BUNDLE_BOUNDS.maxEntries} allowed.`;
    throw artifactError('ARTIFACT_TOO_LARGE', message);
  }
  // Judged once without content: a bad path is refused before anything is stored.
  buildIndex(files.map(({ path }) => ({ path, sha256: '', size_bytes: 0 })));
  const entries: BundleEntry[] = [];
  for (let from = 0; from < files.length; from += STAGE_AT_ONCE) {
    entries.push(...(await storeFiles(parts, files.slice(from, from + STAGE_AT_ONCE))));
  }
  const { index, bytes, caseClashes } = buildIndex(entries);
  const content = await stageBytes(parts, bytes);
  const handle = await commitContent(parts, content, { ...meta, kind: 'bundle', mime: BUNDLE_MIME }, () => {
    for (const { sha256 } of entries) {
      parts.db.run('INSERT OR IGNORE INTO members (bundle, sha256) VALUES (?, ?)', content.sha256, sha256);
    }
    refuseIncomplete(parts, content.sha256);
  });
  return { handle, index, caseClashes };
}

/** Between a file and its bundle a collection may have removed content that nothing referred to yet. */
function refuseIncomplete({ db }: StoreParts, bundle: string): void {
  const sql = 'SELECT 1 FROM members WHERE bundle = ? AND sha256 NOT IN (SELECT sha256 FROM objects) LIMIT 1';
  if (db.get(sql, bundle) === undefined) return;
  throw artifactError('ARTIFACT_STORE_FAILED', 'A file of the bundle was collected while the bundle was stored.', {
    remedy: 'Store the bundle again.',
    retryable: true,
  });
}

async function storeFiles(parts: StoreParts, files: readonly BundleFile[]): Promise<BundleEntry[]> {
  const staged: { path: string; content: StagedContent }[] = [];
  for (const file of files) staged.push({ path: file.path, content: await stageFile(parts, file) });
  const weight = staged.reduce((sum, { content }) => sum + content.weight, 0);
  await parts.queue.run(() => {
    for (const { content } of staged) content.insert();
  }, weight);
  return staged.map(({ path, content }) => ({ path, sha256: content.sha256, size_bytes: content.size }));
}

async function stageFile(parts: StoreParts, file: BundleFile): Promise<StagedContent> {
  if ('bytes' in file) return stageBytes(parts, file.bytes);
  const { handle } = file;
  await readWithRetry(() => verifyHandle(parts.manifests, handle));
  const insert = (): void => {
    if (parts.objects.find(handle.sha256) === undefined) {
      throw parts.objects.refusal(handle.sha256, { state: 'unknown' });
    }
  };
  return { sha256: handle.sha256, size: handle.size_bytes, weight: 0, insert };
}

/**
 * Opens a bundle: one stored with `putBundle`, or a pinned directory, whose files are read where they lie.
 * @throws MexError of `verifyHandle`; `ARTIFACT_CORRUPT` when the artifact is no bundle
 */
export async function openBundle(parts: StoreParts, handle: ArtifactHandle): Promise<BundleReader> {
  await readWithRetry(() => verifyHandle(parts.manifests, handle));
  if (handle.kind !== 'bundle') throw artifactError('ARTIFACT_INVALID', `Artifact ${handle.artifact_id} is no bundle.`);
  if (isPinned(parts.db, handle.artifact_id)) return openPinned(parts, handle);
  const { entries } = parseIndex(await parts.objects.read(handle.sha256));
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const read = (path: string): Promise<Uint8Array> => {
    const entry = byPath.get(path);
    if (entry !== undefined) return parts.objects.read(entry.sha256);
    throw artifactError('ARTIFACT_NOT_FOUND', `The bundle has no file ${JSON.stringify(path.slice(0, 200))}.`);
  };
  return { handle, entries, read: async (path) => read(path) };
}
