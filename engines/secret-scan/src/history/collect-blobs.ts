import type { GapList } from './gaps.ts';
import { HistoryBound, HistoryFault } from './history-fault.ts';
import type { ObjectDatabase } from './object-database.ts';
import { hexAt } from './object-id.ts';
import { LARGEST_OBJECT_BYTES } from './pack.ts';
import { readTree } from './parse-objects.ts';
import type { Stop } from './walk-commits.ts';

/** A file as it once was, where it was first. */
export interface Blob {
  /** Number of the object. */
  readonly object: number;
  readonly path: string;
  /** Where in the order of stops it came in. */
  readonly stop: number;
}

export interface BlobWalk {
  readonly database: ObjectDatabase;
  readonly stops: readonly Stop[];
  readonly maxBlobs: number;
  readonly gaps: GapList;
}

export interface Collected {
  /** In the order in which they came into the history. */
  readonly blobs: readonly Blob[];
  /** Directories of installed packages, which are left out as in the tree. */
  readonly installed: number;
}

/** An object may be listed as what it is not; that must not hide it where it is listed as what it is. */
const [AS_TREE, AS_BLOB] = [1, 2];
const INSTALLED: ReadonlySet<string> = new Set(['node_modules', 'bower_components', '.pnpm-store']);
/** Also of what no disk could hold: a tree in a tree in a tree. */
const LONGEST_PATH = 4_096;

/** Every file of every commit, each content once. @throws HistoryBound */
export function collectBlobs(walk: BlobWalk): Collected {
  return new BlobCollector(walk).run();
}

class BlobCollector {
  readonly #walk: BlobWalk;
  readonly #seen: Uint8Array;
  readonly #blobs: Blob[] = [];
  #installed = 0;

  constructor(walk: BlobWalk) {
    this.#walk = walk;
    this.#seen = new Uint8Array(walk.database.count);
  }

  run(): Collected {
    try {
      for (const [at, stop] of this.#walk.stops.entries()) {
        if (stop.kind === 'tree') this.#walkTree(stop.object, at);
        else this.#addBlob(stop.object, stop.ref, at);
      }
    } catch (error) {
      // What was collected is scanned all the same.
      if (!(error instanceof HistoryBound)) throw error;
      this.#walk.gaps.add(error);
    }
    return { blobs: this.#blobs, installed: this.#installed };
  }

  #walkTree(root: number, stop: number): void {
    const open = [{ object: root, path: '' }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { object, path } = next;
      if (!this.#isNew(object, AS_TREE)) continue;
      this.#walk.gaps.keep(() => this.#readTree(object, path, stop, open), {
        object: this.#walk.database.idOf(object),
        path,
      });
    }
  }

  #readTree(object: number, path: string, stop: number, open: { object: number; path: string }[]): void {
    const { database, gaps } = this.#walk;
    const { type, content } = database.read(object, LARGEST_OBJECT_BYTES);
    if (type !== 'tree') throw new HistoryFault('malformed', `it should be a tree and is a ${type}`);
    readTree(content, (kind, name, at) => {
      if (kind === 'module') return;
      if (kind === 'tree' && INSTALLED.has(name)) return void this.#installed++;
      const full = `${path}${name}`;
      const found = database.find(content, at);
      if (found < 0)
        return gaps.add(new HistoryFault('missing', 'it is not in the repository'), {
          object: hexAt(content, at),
          path: full,
        });
      if (kind === 'blob') return this.#addBlob(found, full, stop);
      if (full.length > LONGEST_PATH)
        return gaps.add(new HistoryFault('bound', `its path is longer than ${LONGEST_PATH} characters`));
      open.push({ object: found, path: `${full}/` });
    });
  }

  #addBlob(object: number, path: string, stop: number): void {
    if (!this.#isNew(object, AS_BLOB)) return;
    if (this.#blobs.length >= this.#walk.maxBlobs)
      throw new HistoryBound(`it has more than ${this.#walk.maxBlobs} different files`);
    this.#blobs.push({ object, path, stop });
  }

  #isNew(object: number, as: number): boolean {
    const known = this.#seen[object] ?? 0;
    this.#seen[object] = known | as;
    return (known & as) === 0;
  }
}
