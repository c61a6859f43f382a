import type { ArtifactHandle, ArtifactManifest } from '@mex/envelope';
import { artifactError } from './errors.ts';
import type { ArtifactListing, ArtifactMeta, ArtifactQuery } from './manifest-store.ts';
import { handleOf } from './manifest-store.ts';
import type { ObjectFacts } from './object-store.ts';
import {
  openPinned,
  type Pin,
  type PinnedDirectory,
  type PinOptions,
  pinDirectory,
  pinFiles,
} from './pinned-directory.ts';
import { putBytes, putStreamed } from './put-content.ts';
import { isSha256, resolveArtifact, verifyHandle } from './resolve-artifact.ts';
import { openParts, type StoreOptions, type StoreParts } from './store-parts.ts';
import { readWithRetry } from './write-queue.ts';

/** Opens a store, and makes it where there is none. Cheap: no object is looked at. */
export function openArtifactStore(options: StoreOptions): ArtifactStore {
  return new ArtifactStore(openParts(options));
}

/** A content-addressed store in one directory (CONTRACT §5). */
export class ArtifactStore {
  readonly #parts: StoreParts;

  /** @internal use `openArtifactStore` */
  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  get dir(): string {
    return this.#parts.layout.dir;
  }

  put(bytes: Uint8Array, meta: ArtifactMeta): Promise<ArtifactHandle> {
    return putBytes(this.#parts, bytes, meta);
  }

  putStream(
    source: AsyncIterable<Uint8Array> | string,
    meta: ArtifactMeta,
    limits: { readonly maxBytes: number },
  ): Promise<ArtifactHandle> {
    return putStreamed(this.#parts, source, meta, limits.maxBytes);
  }

  async get(which: ArtifactHandle | string): Promise<Uint8Array> {
    if (typeof which !== 'string') {
      await readWithRetry(() => verifyHandle(this.#parts.manifests, which));
      return this.#parts.objects.read(which.sha256);
    }
    if (isSha256(which)) return this.#parts.objects.read(which);
    throw artifactError('ARTIFACT_INVALID', 'get takes a handle or a whole SHA-256.', {
      remedy: 'Resolve the id first.',
    });
  }

  /**
   * Checks a handle somebody handed in against the manifest; reads no content.
   * @throws MexError `ARTIFACT_NOT_FOUND`, `ARTIFACT_MISMATCH`, `ARTIFACT_CORRUPT`
   */
  verifyHandle(handle: ArtifactHandle): Promise<void> {
    return readWithRetry(() => void verifyHandle(this.#parts.manifests, handle));
  }

  manifest(artifactId: string): Promise<ArtifactManifest> {
    return readWithRetry(() => this.#parts.manifests.read(artifactId));
  }

  list(query: ArtifactQuery = {}): Promise<ArtifactListing> {
    return readWithRetry(() => this.#parts.manifests.list(query));
  }

  resolve(idOrPrefix: string): Promise<ArtifactHandle> {
    return readWithRetry(() => handleOf(resolveArtifact(this.#parts.db, this.#parts.manifests, idOrPrefix)));
  }

  async stat(idOrHash: string): Promise<ObjectFacts> {
    return readWithRetry(() => {
      const sha256 = isSha256(idOrHash) ? idOrHash : this.#parts.manifests.read(idOrHash).content_hash;
      const facts = this.#parts.objects.find(sha256);
      if (facts === undefined) throw this.#parts.objects.refusal(sha256, { state: 'unknown' });
      return facts;
    });
  }

  pinDirectory(root: string, options: PinOptions = {}): Promise<Pin> {
    return pinDirectory(this.#parts, root, options);
  }

  pinFiles(root: string, paths: readonly string[], options: PinOptions = {}): Promise<Pin> {
    return pinFiles(this.#parts, root, paths, options);
  }

  openPinned(handle: ArtifactHandle): Promise<PinnedDirectory> {
    return openPinned(this.#parts, handle);
  }

  async close(): Promise<void> {
    await this.#parts.queue.drain();
    this.#parts.db.close();
  }
}
