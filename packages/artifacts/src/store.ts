import type { ArtifactHandle, ArtifactManifest } from '@mex/envelope';
import {
  type BundleFile,
  type BundleMeta,
  type BundleReader,
  type BundleReceipt,
  openBundle,
  putBundle,
} from './bundle.ts';
import { artifactError } from './errors.ts';
import { type ArtifactListing, type ArtifactMeta, type ArtifactQuery, handleOf } from './manifest-store.ts';
import { type Materialized, type MaterializeOptions, materialize } from './materialize.ts';
import type { ObjectFacts } from './object-store.ts';
import { streamObject } from './object-stream.ts';
import type { PinnedDirectory } from './pinned-directory.ts';
import { openPinned, type Pin, type PinOptions, pinDirectory, pinFiles } from './pinned-directory.ts';
import { putBytes, putStreamed } from './put-content.ts';
import { type Removal, removeArtifacts, sweepOrphanedFiles, walkArtifacts } from './remove-artifacts.ts';
import { isSha256, resolveArtifact, verifyHandle } from './resolve-artifact.ts';
import { openParts, type StoreOptions, type StoreParts } from './store-parts.ts';
import { type VerifyReport, verifyAll, verifyOne } from './verify-store.ts';
import { readWithRetry } from './write-queue.ts';

/**
 * Opens a store, and makes it where there is none. Cheap: no object is looked at. Removes temporary files that
 * dead processes left.
 * @throws MexError `ARTIFACT_STORE_VERSION`, `ARTIFACT_STORE_LOCKED`, `ARTIFACT_STORE_FAILED`, `ARTIFACT_CORRUPT`
 */
export function openArtifactStore(options: StoreOptions): ArtifactStore {
  return new ArtifactStore(openParts(options));
}

/**
 * A content-addressed store in one directory (CONTRACT §5). Several processes may have it open at once.
 * Every method may also throw `ARTIFACT_STORE_CLOSED`, `ARTIFACT_STORE_FAILED`, and `ARTIFACT_STORE_LOCKED` when
 * another process holds the write lock for 10 s.
 */
export class ArtifactStore {
  readonly #parts: StoreParts;

  /** @internal use `openArtifactStore` */
  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** Absolute path of the store. */
  get dir(): string {
    return this.#parts.layout.dir;
  }

  /**
   * Stores bytes; they and their manifest are on the disk when the promise resolves. Equal bytes are kept once,
   * every call makes an artifact of its own. The buffer may be changed once the call returned a promise if it is at
   * most 64 KiB, and once the promise settled otherwise.
   * @throws MexError `ARTIFACT_INVALID` (description), `ARTIFACT_DISK_FULL`
   */
  put(bytes: Uint8Array, meta: ArtifactMeta): Promise<ArtifactHandle> {
    return putBytes(this.#parts, bytes, meta);
  }

  /**
   * Stores a stream, or the regular file at a path. Memory stays below 6 MiB whatever the length.
   * @param limits.maxBytes where to give up with `ARTIFACT_TOO_LARGE`; nothing is kept then
   * @throws MexError as `put`; `ARTIFACT_INVALID` when the path is no readable regular file
   */
  putStream(
    source: AsyncIterable<Uint8Array> | string,
    meta: ArtifactMeta,
    limits: { readonly maxBytes: number },
  ): Promise<ArtifactHandle> {
    return putStreamed(this.#parts, source, meta, limits.maxBytes);
  }

  /**
   * The bytes of an artifact or object; hashed on every read.
   * @param which a handle, checked against the manifest, or a whole SHA-256
   * @throws MexError `ARTIFACT_INVALID`, `ARTIFACT_NOT_FOUND`, `ARTIFACT_MISMATCH`, `ARTIFACT_CORRUPT`
   */
  async get(which: ArtifactHandle | string): Promise<Uint8Array> {
    const sha256 = await this.#hashOf(which);
    return this.#parts.objects.readPackedNow(sha256) ?? this.#parts.objects.read(sha256);
  }

  /** The same in pieces of at most 1 MiB and bounded memory; no piece leaves before the whole was verified. */
  async *open(which: ArtifactHandle | string): AsyncGenerator<Uint8Array, void, undefined> {
    yield* streamObject(this.#parts.objects, await this.#hashOf(which));
  }

  /**
   * Checks a handle somebody handed in against the manifest; reads no content.
   * @throws MexError `ARTIFACT_INVALID`, `ARTIFACT_NOT_FOUND`, `ARTIFACT_MISMATCH`, `ARTIFACT_CORRUPT`
   */
  verifyHandle(handle: ArtifactHandle): Promise<void> {
    return readWithRetry(() => verifyHandle(this.#parts.manifests, handle));
  }

  /** Size and place of an object, without reading it. @throws MexError `ARTIFACT_NOT_FOUND`, `ARTIFACT_CORRUPT` */
  stat(idOrHash: string): Promise<ObjectFacts> {
    return readWithRetry(() => {
      const sha256 = isSha256(idOrHash) ? idOrHash : this.#parts.manifests.read(idOrHash).content_hash;
      const facts = this.#parts.objects.find(sha256);
      if (facts === undefined) throw this.#parts.objects.refusal(sha256, { state: 'unknown' });
      return facts;
    });
  }

  /** The sidecar manifest of an artifact. @throws MexError `ARTIFACT_NOT_FOUND`, `ARTIFACT_CORRUPT` */
  manifest(artifactId: string): Promise<ArtifactManifest> {
    return readWithRetry(() => this.#parts.manifests.read(artifactId));
  }

  /** Artifacts, newest first. */
  list(query: ArtifactQuery = {}): Promise<ArtifactListing> {
    return readWithRetry(() => this.#parts.manifests.list(query));
  }

  /**
   * The handle for an artifact id, a content hash (its newest artifact), or a prefix of either, 8 characters or more.
   * @throws MexError `ARTIFACT_INVALID`, `ARTIFACT_NOT_FOUND`, `ARTIFACT_AMBIGUOUS`, `ARTIFACT_CORRUPT`
   */
  resolve(idOrPrefix: string): Promise<ArtifactHandle> {
    return readWithRetry(() => handleOf(resolveArtifact(this.#parts.db, this.#parts.manifests, idOrPrefix)));
  }

  /** Re-hashes everything, or one artifact and its files; moves what is corrupt to quarantine. */
  verify(what: { readonly all: true } | string): Promise<VerifyReport> {
    return typeof what === 'string' ? verifyOne(this.#parts, what) : verifyAll(this.#parts);
  }

  /** Stores several files as one artifact; see `putBundle`. */
  putBundle(files: readonly BundleFile[], meta: BundleMeta): Promise<BundleReceipt> {
    return putBundle(this.#parts, files, meta);
  }

  /** Opens a stored bundle or a pinned directory. */
  openBundle(handle: ArtifactHandle): Promise<BundleReader> {
    return openBundle(this.#parts, handle);
  }

  /** Makes everything below a directory an input without copying it. Links are not followed. */
  pinDirectory(root: string, options: PinOptions = {}): Promise<Pin> {
    return pinDirectory(this.#parts, root, options);
  }

  /** Pins only the named files below a directory; one that cannot be read is listed in `skipped`. */
  pinFiles(root: string, paths: readonly string[], options: PinOptions = {}): Promise<Pin> {
    return pinFiles(this.#parts, root, paths, options);
  }

  /** Reads a pinned directory; every read is verified, drift is `ARTIFACT_DRIFT`. */
  openPinned(handle: ArtifactHandle): Promise<PinnedDirectory> {
    return openPinned(this.#parts, handle);
  }

  /** Copies an artifact to a path of the user's; recording the returned facts is the caller's part. */
  materialize(handle: ArtifactHandle, targetPath: string, options: MaterializeOptions = {}): Promise<Materialized> {
    return materialize(this.#parts, handle, targetPath, options);
  }

  /** Keeps an artifact from ever being collected. @throws MexError `ARTIFACT_NOT_FOUND`, `ARTIFACT_CORRUPT` */
  pin(artifactId: string): Promise<ArtifactManifest> {
    return this.#parts.queue.run(() => this.#parts.manifests.setPinned(artifactId, true));
  }

  /** Takes a pin back. @throws MexError `ARTIFACT_NOT_FOUND`, `ARTIFACT_CORRUPT` */
  unpin(artifactId: string): Promise<ArtifactManifest> {
    return this.#parts.queue.run(() => this.#parts.manifests.setPinned(artifactId, false));
  }

  /** Every artifact, the oldest first, in pages: for whoever takes stock. */
  walk(): AsyncGenerator<ArtifactListing> {
    return walkArtifacts(this.#parts);
  }

  /**
   * Removes artifacts, and content that nothing refers to afterwards. Only for the host's collection (CONTRACT §5).
   * @param mayGo asked once more in the transaction; what is pinned is not removed whatever it says
   */
  remove(ids: readonly string[], mayGo: (manifest: ArtifactManifest) => boolean): Promise<Removal> {
    return removeArtifacts(this.#parts, ids, mayGo);
  }

  /** Removes files that a killed removal or put left; those of the last minute stay. Answers with their bytes. */
  sweepOrphans(): Promise<number> {
    return sweepOrphanedFiles(this.#parts);
  }

  /** Commits what waits and closes the database. The store cannot be used afterwards. */
  async close(): Promise<void> {
    await this.#parts.queue.drain();
    this.#parts.db.close();
  }

  async #hashOf(which: ArtifactHandle | string): Promise<string> {
    if (typeof which !== 'string') {
      await this.verifyHandle(which);
      return which.sha256;
    }
    if (isSha256(which)) return which;
    throw artifactError('ARTIFACT_INVALID', 'Content is read by handle or whole SHA-256.', {
      remedy: 'Resolve the id to a handle first.',
    });
  }
}
