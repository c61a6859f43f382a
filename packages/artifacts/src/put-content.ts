import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { type ArtifactHandle } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { artifactError } from './errors.ts';
import { type ArtifactMeta, buildManifest, handleOf } from './manifest-store.ts';
import { ObjectWriter, tooLarge } from './object-writer.ts';
import { PACK_LIMIT_BYTES } from './store-layout.ts';
import type { StoreParts } from './store-parts.ts';
import { SAFE_READ_FLAGS } from './verified-file.ts';

/** Content that is already durable if it is a file, or waits for the transaction if it goes into the pack. */
export interface StagedContent {
  readonly sha256: string;
  readonly size: number;
  /** Bytes held in memory until the transaction. */
  readonly weight: number;
  /** Inside a transaction. */
  readonly insert: () => void;
}

/** Hashes bytes and readies them for a transaction. The caller may change its buffer at once (see below). */
export async function stageBytes(parts: StoreParts, bytes: Uint8Array): Promise<StagedContent> {
  if (bytes.length <= PACK_LIMIT_BYTES) return stagePacked(parts, bytes);
  const writer = await ObjectWriter.open(parts.layout, Number.MAX_SAFE_INTEGER);
  return writeAll(parts, writer, [bytes]);
}

/** The same for small content, in this turn of the event loop. */
export function stagePacked(parts: StoreParts, bytes: Uint8Array): StagedContent {
  // The copy is what gets hashed and written: the caller, or a thread that shares the memory, may change `bytes`.
  const copy = Buffer.from(bytes);
  const sha256 = sha256Hex(copy);
  return { sha256, size: copy.length, weight: copy.length, insert: () => parts.objects.insertPacked(sha256, copy) };
}

/** Stores content with its manifest; durable when the promise resolves. */
export async function putBytes(parts: StoreParts, bytes: Uint8Array, meta: ArtifactMeta): Promise<ArtifactHandle> {
  refuseBundleKind(meta);
  const small = bytes.length <= PACK_LIMIT_BYTES;
  const content = small ? stagePacked(parts, bytes) : await stageBytes(parts, bytes);
  return commitContent(parts, content, meta);
}

/** Writes manifest and content in one transaction. `alongside` joins the same transaction. */
export async function commitContent(
  parts: StoreParts,
  content: StagedContent,
  meta: ArtifactMeta,
  alongside: (artifactId: string) => void = () => undefined,
): Promise<ArtifactHandle> {
  const manifest = buildManifest(meta, content, parts.now());
  await parts.queue.run(() => {
    content.insert();
    parts.manifests.insert(manifest);
    alongside(manifest.artifact_id);
  }, content.weight);
  const handle = handleOf(manifest);
  parts.manifests.remember(manifest.artifact_id, { ...handle });
  return handle;
}

/** Stores a stream or a file. Memory stays bounded whatever the length. */
export async function putStreamed(
  parts: StoreParts,
  source: AsyncIterable<Uint8Array> | string,
  meta: ArtifactMeta,
  maxBytes: number,
): Promise<ArtifactHandle> {
  refuseBundleKind(meta);
  const stream = typeof source === 'string' ? openSource(source, maxBytes) : source;
  return commitContent(parts, await stageStream(parts, stream, maxBytes), meta);
}

async function stageStream(
  parts: StoreParts,
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<StagedContent> {
  const head: Uint8Array[] = [];
  let size = 0;
  const iterator = source[Symbol.asyncIterator]();
  for (;;) {
    const next = await iterator.next();
    if (next.done === true) return stagePacked(parts, Buffer.concat(head));
    size += next.value.length;
    // A source may reuse its buffer for the next chunk.
    head.push(Buffer.from(next.value));
    if (size > maxBytes) {
      await iterator.return?.();
      throw tooLarge(maxBytes);
    }
    if (size > PACK_LIMIT_BYTES) break;
  }
  const writer = await ObjectWriter.open(parts.layout, maxBytes);
  return writeAll(parts, writer, resume(head, iterator));
}

async function* resume(head: Uint8Array[], iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* head;
  yield* { [Symbol.asyncIterator]: () => iterator };
}

async function writeAll(
  parts: StoreParts,
  writer: ObjectWriter,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<StagedContent> {
  try {
    for await (const chunk of chunks) await writer.append(chunk);
  } catch (error) {
    // What the source throws is the caller's own and passes unchanged.
    await writer.abandon();
    throw error;
  }
  const written = await writer.finish();
  return { ...written, weight: 0, insert: () => parts.objects.insertFile(written) };
}

/** A source file is the host's or a person's choice, so links are followed; pipes and devices are refused. */
function openSource(path: string, maxBytes: number): AsyncIterable<Uint8Array> {
  const fd = openSourceFile(path);
  const stat = fstatSync(fd);
  if (stat.isFile() && stat.size <= maxBytes) return createReadStream(path, { fd, highWaterMark: 1024 * 1024 });
  closeSync(fd);
  if (stat.isFile()) throw tooLarge(maxBytes);
  throw artifactError('ARTIFACT_INVALID', `${path} is not a regular file.`, { remedy: 'Name a regular file.' });
}

function openSourceFile(path: string): number {
  try {
    return openSync(path, SAFE_READ_FLAGS & ~constants.O_NOFOLLOW);
  } catch (error) {
    throw artifactError('ARTIFACT_INVALID', `${path} cannot be opened for reading.`, { cause: error });
  }
}

/** A bundle names other objects. Only `putBundle` makes one, so that nobody names content they never had. */
function refuseBundleKind(meta: ArtifactMeta): void {
  if (meta.kind !== 'bundle') return;
  throw artifactError('ARTIFACT_INVALID', 'An artifact of kind "bundle" is made with putBundle.', {
    remedy: 'Call putBundle with the files, or use another kind.',
  });
}
