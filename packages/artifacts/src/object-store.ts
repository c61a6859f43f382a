import { closeSync, fstatSync, lstatSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Hex } from '@mex/envelope/digest';
import { bytesOf, integerOf, type StoreDatabase, textOf } from './database.ts';
import { artifactError, codeOf, toStoreError } from './errors.ts';
import type { WrittenObject } from './object-writer.ts';
import { type FileIdentity, identityOf, type Quarantine } from './quarantine.ts';
import { objectPath, type StoreLayout } from './store-layout.ts';
import { readVerified, SAFE_READ_FLAGS } from './verified-file.ts';
import { readWithRetry } from './write-queue.ts';

/** Where an object lies: in the SQLite pack, or as a file of its own. */
export type ObjectPlace = 'pack' | 'file';

export interface ObjectFacts {
  readonly sha256: string;
  readonly size: number;
  readonly place: ObjectPlace;
}

/** What reading an object found; anything but `bytes` may never be served. */
export type ObjectReading =
  | { readonly state: 'good'; readonly bytes: Uint8Array }
  | { readonly state: 'unknown' }
  | { readonly state: 'missing' }
  | { readonly state: 'corrupt'; readonly reason: string; readonly identity?: FileIdentity };

const PACK = 0;
const FILE = 1;

/** Bytes by their SHA-256. Knows nothing of manifests. */
export class ObjectStore {
  readonly #db: StoreDatabase;
  readonly #layout: StoreLayout;
  readonly #quarantine: Quarantine;

  constructor(db: StoreDatabase, layout: StoreLayout, quarantine: Quarantine) {
    this.#db = db;
    this.#layout = layout;
    this.#quarantine = quarantine;
  }

  /** Inside a transaction. An object that is there already is compared, and replaced when it went bad. */
  insertPacked(sha256: string, bytes: Uint8Array): void {
    const added = this.#db.run(
      'INSERT INTO objects (sha256, size, place, bytes) VALUES (?, ?, 0, ?) ON CONFLICT DO NOTHING',
      sha256,
      bytes.length,
      bytes,
    );
    if (added === 1) return;
    const row = this.#db.get('SELECT bytes FROM objects WHERE sha256 = ? AND place = 0', sha256);
    if (row !== undefined && Buffer.compare(bytesOf(row, 'bytes'), bytes) === 0) return;
    this.#db.run('UPDATE objects SET size = ?, place = 0, bytes = ? WHERE sha256 = ?', bytes.length, bytes, sha256);
  }

  /** Inside a transaction, after the file was put in its place. */
  insertFile(written: WrittenObject): void {
    try {
      closeSync(openSync(objectPath(this.#layout, written.sha256), SAFE_READ_FLAGS));
    } catch (error) {
      // A reader that was quarantining the bad predecessor died half way and took the new file along.
      throw artifactError('ARTIFACT_STORE_FAILED', `The object ${written.sha256} vanished while it was stored.`, {
        cause: error,
        retryable: true,
      });
    }
    this.#db.run(
      `INSERT INTO objects (sha256, size, place, bytes) VALUES (?, ?, 1, NULL)
       ON CONFLICT DO UPDATE SET size = excluded.size, place = 1, bytes = NULL`,
      written.sha256,
      written.size,
    );
  }

  /** What the store believes about an object, without reading it. */
  find(sha256: string): ObjectFacts | undefined {
    const row = this.#db.get('SELECT size, place FROM objects WHERE sha256 = ?', sha256);
    if (row === undefined) return undefined;
    return { sha256, size: integerOf(row, 'size'), place: integerOf(row, 'place') === PACK ? 'pack' : 'file' };
  }

  /** The bytes of a sound object of the pack, at once; `undefined` for everything else, which `read` then judges. */
  readPackedNow(sha256: string): Uint8Array | undefined {
    try {
      const bytes = this.#db.get('SELECT bytes FROM objects WHERE sha256 = ? AND place = 0', sha256)?.['bytes'];
      return bytes instanceof Uint8Array && sha256Hex(bytes) === sha256 ? bytes : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * The bytes, verified (CONTRACT §5). A corrupt object is quarantined and reported, never returned.
   * @throws MexError `ARTIFACT_NOT_FOUND`, `ARTIFACT_CORRUPT`
   */
  async read(sha256: string): Promise<Uint8Array> {
    let reading = await this.inspect(sha256);
    if (reading.state === 'missing') {
      // Another process may be between taking a bad file away and noticing that it was already replaced.
      await sleep(10);
      reading = await this.inspect(sha256);
    }
    if (reading.state === 'good') return reading.bytes;
    if (reading.state === 'corrupt') {
      const outcome = await this.isolate(sha256, reading.reason, reading.identity);
      if (outcome === 'replaced') return this.#readReplaced(sha256);
    }
    throw this.refusal(sha256, reading);
  }

  /** Reads and judges an object; changes nothing. */
  async inspect(sha256: string): Promise<ObjectReading> {
    const row = await readWithRetry(() =>
      this.#db.get('SELECT size, place, bytes FROM objects WHERE sha256 = ?', sha256),
    );
    if (row === undefined) return { state: 'unknown' };
    if (integerOf(row, 'place') === FILE) return this.#inspectFile(sha256, integerOf(row, 'size'));
    const bytes = bytesOf(row, 'bytes');
    if (sha256Hex(bytes) === sha256) return { state: 'good', bytes };
    return { state: 'corrupt', reason: 'its bytes in the pack have another hash' };
  }

  /** Takes a corrupt object out of service. `replaced`: a good copy was put meanwhile. */
  async isolate(sha256: string, reason: string, identity?: FileIdentity): Promise<'isolated' | 'replaced' | 'failed'> {
    try {
      return identity === undefined
        ? await this.#quarantine.takePacked(sha256, reason)
        : await this.#quarantine.takeFile(sha256, reason, identity);
    } catch {
      // A store that cannot be written to (read-only, locked, full) still refuses the object: the caller throws.
      return 'failed';
    }
  }

  /** The error for an object that cannot be served. */
  refusal(sha256: string, reading: Exclude<ObjectReading, { state: 'good' }>): Error {
    if (reading.state === 'missing') return artifactError('ARTIFACT_CORRUPT', `The file of object ${sha256} is gone.`);
    if (reading.state === 'corrupt') {
      return artifactError('ARTIFACT_CORRUPT', `Object ${sha256} is corrupt (${reading.reason}) and was not served.`);
    }
    const past = this.#quarantine.find(sha256);
    if (past === undefined) return artifactError('ARTIFACT_NOT_FOUND', `The store holds no object ${sha256}.`);
    return artifactError(
      'ARTIFACT_CORRUPT',
      `Object ${sha256} was found corrupt at ${textOf(past, 'at')} (${textOf(past, 'reason')}) and is in quarantine.`,
    );
  }

  /** Opens the file of an object for reading; `undefined` when there is none. */
  openFile(sha256: string): number | undefined {
    try {
      return openSync(objectPath(this.#layout, sha256), SAFE_READ_FLAGS);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      if (codeOf(error) !== 'ELOOP') throw toStoreError(error, `Reading object ${sha256}`);
      throw artifactError('ARTIFACT_CORRUPT', `A link stands in the place of object ${sha256}.`, { cause: error });
    }
  }

  /** Whether an object that the store believes to have as a file has no file. */
  isGone(sha256: string): boolean {
    if (this.find(sha256)?.place !== 'file') return false;
    return lstatSync(objectPath(this.#layout, sha256), { throwIfNoEntry: false }) === undefined;
  }

  async #inspectFile(sha256: string, size: number): Promise<ObjectReading> {
    const fd = this.openFile(sha256);
    if (fd === undefined) return { state: 'missing' };
    try {
      const identity = identityOf(fstatSync(fd, { bigint: true }));
      const read = await readVerified(fd, { sha256, size });
      if ('bytes' in read) return { state: 'good', bytes: read.bytes };
      return { state: 'corrupt', reason: `its file differs in ${read.deviation}`, identity };
    } catch (error) {
      throw toStoreError(error, `Reading object ${sha256}`);
    } finally {
      closeSync(fd);
    }
  }

  async #readReplaced(sha256: string): Promise<Uint8Array> {
    const reading = await this.inspect(sha256);
    if (reading.state === 'good') return reading.bytes;
    throw this.refusal(sha256, reading);
  }
}
