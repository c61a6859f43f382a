import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { artifactError, toStoreError } from './errors.ts';
import { objectPath, type StoreLayout, syncDirectory, tempName, verifyDirectory } from './store-layout.ts';

/** Unit of copying, hashing and writing. */
const BLOCK_BYTES = 1024 * 1024;
/** Blocks that may be on their way to the disk while the next one is hashed: bounds the memory of one write. */
const BLOCKS_IN_FLIGHT = 4;
/** Written bytes after which the disk is asked to start, so that the last sync finds little left to do. */
const SYNC_EVERY_BYTES = 8 * 1024 * 1024;

/** An object that lies complete and durable in its place. */
export interface WrittenObject {
  readonly sha256: string;
  readonly size: number;
}

/**
 * Writes one large object: temp file, fsync, rename, fsync of the directory (CONTRACT §5). Each block is copied
 * first, so what is hashed is what is written even if the caller changes its buffer meanwhile. The thread pool
 * writes and syncs earlier blocks while this thread hashes the next.
 */
export class ObjectWriter {
  readonly #layout: StoreLayout;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  readonly #maxBytes: number;
  readonly #writes = new Set<Promise<void>>();
  readonly #spare: Buffer<ArrayBuffer>[] = [];
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #filled = 0;
  #size = 0;
  #position = 0;
  #unsynced = 0;
  #sync: Promise<void> | undefined;
  #failure: unknown;

  private constructor(layout: StoreLayout, path: string, file: FileHandle, maxBytes: number) {
    this.#layout = layout;
    this.#path = path;
    this.#file = file;
    this.#maxBytes = maxBytes;
  }

  /** @param maxBytes more than this is `ARTIFACT_TOO_LARGE` */
  static async open(layout: StoreLayout, maxBytes: number): Promise<ObjectWriter> {
    const path = join(layout.temp, tempName());
    try {
      return new ObjectWriter(layout, path, await open(path, 'wx', 0o600), maxBytes);
    } catch (error) {
      throw toStoreError(error, 'Starting to write an object');
    }
  }

  /**
   * Takes bytes; the caller may reuse them once the promise resolves.
   * @throws MexError `ARTIFACT_TOO_LARGE`, `ARTIFACT_DISK_FULL`, `ARTIFACT_STORE_FAILED`
   */
  async append(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.length;
    if (this.#size > this.#maxBytes) throw tooLarge(this.#maxBytes);
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + BLOCK_BYTES - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      from += part.length;
      if (this.#filled === BLOCK_BYTES) await this.#passBlock();
    }
  }

  /** Moves the object into its place. @throws MexError `ARTIFACT_DISK_FULL`, `ARTIFACT_STORE_FAILED` */
  async finish(): Promise<WrittenObject> {
    try {
      if (this.#filled > 0) await this.#passBlock();
      await this.#settle();
      this.#throwFailure();
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
    await this.#settle();
    await this.#file.close().catch(() => undefined);
    await rm(this.#path, { force: true });
  }

  /** Sends the filled block to the disk, hashes it, and readies the next. */
  async #passBlock(): Promise<void> {
    this.#throwFailure();
    const filled = this.#block.subarray(0, this.#filled);
    const write = this.#write(this.#block, this.#filled, this.#position).finally(() => this.#writes.delete(write));
    this.#writes.add(write);
    this.#position += this.#filled;
    this.#hash.update(filled);
    // At least one turn of the event loop for each block: other work goes on while a large object is stored.
    await (this.#writes.size >= BLOCKS_IN_FLIGHT ? Promise.race(this.#writes) : new Promise(setImmediate));
    this.#block = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#filled = 0;
  }

  async #write(block: Buffer<ArrayBuffer>, length: number, position: number): Promise<void> {
    try {
      for (let from = 0; from < length; ) {
        from += (await this.#file.write(block, from, length - from, position + from)).bytesWritten;
      }
      this.#spare.push(block);
      this.#unsynced += length;
      this.#startSync();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  /** One sync at a time, beside the writes, not between them. */
  #startSync(): void {
    if (this.#sync !== undefined || this.#unsynced < SYNC_EVERY_BYTES) return;
    this.#unsynced = 0;
    this.#sync = this.#file
      .datasync()
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#sync = undefined;
        this.#startSync();
      });
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw toStoreError(this.#failure, 'Writing an object');
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#writes);
    while (this.#sync !== undefined) await this.#sync;
  }

  async #place(path: string): Promise<void> {
    const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    verifyDirectory(dirname(path));
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
