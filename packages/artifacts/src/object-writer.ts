import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { artifactError, toStoreError } from './errors.ts';
import { objectPath, type StoreLayout, syncDirectory, tempName } from './store-layout.ts';

/** Unit of copying, hashing and writing. */
const BLOCK_BYTES = 1024 * 1024;
/** Blocks that may be on their way to the disk while the next one is hashed: bounds the memory of one write. */
const BLOCKS_IN_FLIGHT = 4;
/** Bytes after which the disk is asked to start, so that the last sync finds little left to do. */
const SYNC_EVERY_BYTES = 8 * 1024 * 1024;

/** An object that lies complete and durable in its place. */
export interface WrittenObject {
  readonly sha256: string;
  readonly size: number;
}

/**
 * Writes one large object: temp file, fsync, rename, fsync of the directory (CONTRACT §5). Each block is copied
 * first, so what is hashed is what is written even if the caller changes its buffer meanwhile. The thread pool
 * writes and syncs one block while this thread hashes the next.
 */
export class ObjectWriter {
  readonly #layout: StoreLayout;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  readonly #maxBytes: number;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #spare: Buffer[] = [];
  #block: Buffer;
  #filled = 0;
  #size = 0;
  #written = 0;
  #sinceSync = 0;
  #failure: unknown;

  private constructor(layout: StoreLayout, path: string, file: FileHandle, maxBytes: number) {
    this.#layout = layout;
    this.#path = path;
    this.#file = file;
    this.#maxBytes = maxBytes;
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /** @param maxBytes more than this is `ARTIFACT_TOO_LARGE` */
  static async open(layout: StoreLayout, maxBytes: number): Promise<ObjectWriter> {
    const path = join(layout.temp, tempName());
    return new ObjectWriter(layout, path, await open(path, 'wx', 0o600), maxBytes);
  }

  /** Takes bytes; the caller may reuse them once the promise resolves. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.length;
    if (this.#size > this.#maxBytes) throw tooLarge(this.#maxBytes);
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + BLOCK_BYTES - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      from += part.length;
      if (this.#filled === BLOCK_BYTES) await this.#writeBlock();
    }
  }

  /** Moves the object into its place. @throws MexError `ARTIFACT_DISK_FULL`, `ARTIFACT_STORE_FAILED` */
  async finish(): Promise<WrittenObject> {
    try {
      if (this.#filled > 0) await this.#writeBlock();
      await Promise.all(this.#inFlight);
      if (this.#failure !== undefined) throw this.#failure;
      await this.#file.datasync();
      await this.#file.close();
      const sha256 = this.#hash.digest('hex');
      await this.#place(objectPath(this.#layout, sha256));
      return { sha256, size: this.#size };
    } catch (error) {
      await this.abandon();
      throw toStoreError(error, 'Writing an object');
    }
  }

  /** Gives up: closes and removes the temporary file. */
  async abandon(): Promise<void> {
    await Promise.all(this.#inFlight);
    await this.#file.close().catch(() => undefined);
    await rm(this.#path, { force: true });
  }

  async #writeBlock(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const block = this.#block;
    const length = this.#filled;
    const position = this.#written;
    this.#written += length;
    this.#sinceSync += length;
    const sync = this.#sinceSync >= SYNC_EVERY_BYTES;
    if (sync) this.#sinceSync = 0;
    this.#launch(block, length, position, sync);
    this.#hash.update(block.subarray(0, length));
    if (this.#inFlight.size >= BLOCKS_IN_FLIGHT) await Promise.race(this.#inFlight);
    this.#block = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#filled = 0;
  }

  #launch(block: Buffer, length: number, position: number, sync: boolean): void {
    const done = this.#writeFully(block, length, position, sync)
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#inFlight.delete(done);
        this.#spare.push(block);
      });
    this.#inFlight.add(done);
  }

  async #writeFully(block: Buffer, length: number, position: number, sync: boolean): Promise<void> {
    for (let from = 0; from < length; ) {
      from += (await this.#file.write(block, from, length - from, position + from)).bytesWritten;
    }
    if (sync) await this.#file.datasync();
  }

  async #place(path: string): Promise<void> {
    const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // A rename over an object that is there already is harmless when that one is good and heals it when it is not.
    await rename(this.#path, path);
    syncDirectory(dirname(path));
    if (made !== undefined) syncDirectory(this.#layout.objects);
  }
}

/** The error for content above a limit of the caller or of the store. */
export function tooLarge(maxBytes: number): Error {
  return artifactError('ARTIFACT_TOO_LARGE', `The content is larger than the ${maxBytes} bytes allowed here.`);
}
