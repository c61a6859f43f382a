import type { GitObject } from './object-id.ts';

/** Bytes of objects that are kept because the next one may be a delta of them. */
const ROOM_BYTES = 64 * 1024 * 1024;
/** Larger ones would drive everything else out. */
const LARGEST_BYTES = ROOM_BYTES / 8;

/** Objects that were unpacked lately; those that were not asked for the longest go first. */
export class ObjectCache {
  readonly #objects = new Map<number, GitObject>();
  #bytes = 0;

  get(key: number): GitObject | undefined {
    const found = this.#objects.get(key);
    if (found === undefined) return undefined;
    this.#objects.delete(key);
    this.#objects.set(key, found);
    return found;
  }

  put(key: number, object: GitObject): void {
    const { length } = object.content;
    if (length > LARGEST_BYTES || this.#objects.has(key)) return;
    this.#objects.set(key, object);
    this.#bytes += length;
    for (const [oldest, { content }] of this.#objects) {
      if (this.#bytes <= ROOM_BYTES) break;
      this.#objects.delete(oldest);
      this.#bytes -= content.length;
    }
  }
}
