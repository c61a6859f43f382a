import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArtifactMeta, type ArtifactStore, openArtifactStore, type StoreOptions } from '@mex/artifacts';
import { afterEach } from 'vitest';

/** A description for content whose description does not matter. */
export const META: ArtifactMeta = { kind: 'file', mime: 'application/octet-stream', created_by: {} };

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A directory of this test alone, removed afterwards. */
export function tempDirectory(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'mex-artifacts-')));
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A store, closed after the test. */
export function openTestStore(options: Partial<StoreOptions> = {}): ArtifactStore {
  const store = openArtifactStore({ dir: join(tempDirectory(), 'store'), ...options });
  cleanups.push(() => store.close());
  return store;
}

/** Bytes that differ with the seed; the same on every run. */
export function someBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 0xff;
  }
  return bytes;
}

/** Everything a stream gives. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}
