import { lstatSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '@mex/envelope/digest';
import { bytesOf, type Row, type StoreDatabase } from './database.ts';
import { objectPath, type StoreLayout, tempName } from './store-layout.ts';
import type { WriteQueue } from './write-queue.ts';

/** An object that was taken out of service. */
export interface QuarantineInfo {
  readonly sha256: string;
  readonly reason: string;
  /** RFC 3339, UTC. */
  readonly at: string;
  /** Where the bad bytes lie now, for whoever examines them. */
  readonly file: string;
}

/** Which file it was: a path can hold another one a moment later. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** Device and inode of a stat. */
export function identityOf(stat: { readonly dev: bigint; readonly ino: bigint }): FileIdentity {
  return { dev: stat.dev, ino: stat.ino };
}

/**
 * Moves corrupt objects aside (CONTRACT §5). Both ways run under the store's write lock and look again first:
 * between the bad reading and now, a put of the same content may have replaced the object with a good one.
 */
export class Quarantine {
  readonly #db: StoreDatabase;
  readonly #queue: WriteQueue;
  readonly #layout: StoreLayout;
  readonly #now: () => Date;
  readonly #report: (info: QuarantineInfo) => void;

  constructor(parts: {
    db: StoreDatabase;
    queue: WriteQueue;
    layout: StoreLayout;
    now: () => Date;
    report: (info: QuarantineInfo) => void;
  }) {
    this.#db = parts.db;
    this.#queue = parts.queue;
    this.#layout = parts.layout;
    this.#now = parts.now;
    this.#report = parts.report;
  }

  /** The latest record about an object, if it was ever quarantined. */
  find(sha256: string): Row | undefined {
    return this.#db.get('SELECT at, reason FROM quarantined WHERE sha256 = ? ORDER BY id DESC LIMIT 1', sha256);
  }

  /** Takes an object of the pack out of service. */
  takePacked(sha256: string, reason: string): Promise<'isolated' | 'replaced'> {
    return this.#take(sha256, reason, (target) => {
      const row = this.#db.get('SELECT bytes FROM objects WHERE sha256 = ? AND place = 0', sha256);
      if (row === undefined) return false;
      const bytes = bytesOf(row, 'bytes');
      if (sha256Hex(bytes) === sha256) return false;
      writeFileSync(target, bytes, { flag: 'w', mode: 0o600 });
      return true;
    });
  }

  /** Takes a file object out of service, if its path still holds the file that was read. */
  takeFile(sha256: string, reason: string, bad: FileIdentity): Promise<'isolated' | 'replaced'> {
    const path = objectPath(this.#layout, sha256);
    return this.#take(sha256, reason, (target) => {
      // Already moved by a first run of this job, whose transaction was rolled back.
      if (isSame(target, bad)) return true;
      if (!isSame(path, bad)) return false;
      renameSync(path, target);
      if (isSame(target, bad)) return true;
      // A good file was renamed into place after the check: put it back.
      renameSync(target, path);
      return false;
    });
  }

  async #take(sha256: string, reason: string, move: (target: string) => boolean): Promise<'isolated' | 'replaced'> {
    const file = join(this.#layout.quarantine, `${sha256}.${tempName()}`);
    const at = this.#now().toISOString();
    const moved = await this.#queue.run(() => {
      if (!move(file)) return false;
      this.#db.run('DELETE FROM objects WHERE sha256 = ?', sha256);
      this.#db.run('INSERT INTO quarantined (sha256, at, reason, file) VALUES (?, ?, ?, ?)', sha256, at, reason, file);
      return true;
    });
    if (moved) this.#report({ sha256, reason, at, file });
    return moved ? 'isolated' : 'replaced';
  }
}

function isSame(path: string, identity: FileIdentity): boolean {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat !== undefined && stat.dev === identity.dev && stat.ino === identity.ino;
}
