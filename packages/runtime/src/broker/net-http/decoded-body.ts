import { pipeline, Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import type { Exchanged } from './exchange.ts';

/** Bytes that are looked at after the coding is undone: a small body may unfold into any number of them. */
const MAX_DECODED_BYTES = 16 * 1024 * 1024;

const DECODERS = new Map<string, () => Transform>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['deflate', () => createInflate()],
  ['br', () => createBrotliDecompress()],
  ['zstd', () => createZstdDecompress()],
]);

/**
 * What a body says that a server sent encoded without being asked, in pieces: to look at, since an engine could decode it,
 * too. Nothing where `content-encoding` names no one coding that is known; ends where the body is broken, and after 16 MiB.
 */
export async function* decodedBody({ headers, body }: Exchanged): AsyncGenerator<Uint8Array, void> {
  const coding = headers
    .find(([name]) => name === 'content-encoding')?.[1]
    .trim()
    .toLowerCase();
  const create = coding === undefined ? undefined : DECODERS.get(coding);
  if (create === undefined) return;
  // Errors come out of the loop below as well.
  const decoder = pipeline(Readable.from([body]), create(), () => undefined);
  let size = 0;
  try {
    for await (const piece of decoder) {
      if (!(piece instanceof Uint8Array)) continue;
      yield piece;
      size += piece.byteLength;
      if (size >= MAX_DECODED_BYTES) return;
    }
  } catch {
    // What comes after the break cannot be decoded by anybody.
  }
}
