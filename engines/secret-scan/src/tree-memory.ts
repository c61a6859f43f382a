import type { FoundSecret } from './finding.ts';
import { valueMark } from './fingerprint.ts';
import { objectId } from './history/object-id.ts';

/**
 * What a scan of the tree leaves for the scan of the history: which contents were scanned, and which values are still
 * there. It never leaves the engine.
 */
export class TreeMemory {
  readonly #scanned = new Map<string, readonly FoundSecret[]>();
  readonly #values = new Set<string>();

  /** A file of the tree was scanned. */
  addFile(content: Uint8Array, found: readonly FoundSecret[]): void {
    const id = objectId('blob', content);
    this.#scanned.set(id, [...(this.#scanned.get(id) ?? []), ...found]);
  }

  addValue(value: string): void {
    this.#values.add(valueMark(value));
  }

  /** What was found in files with this content; `undefined` when there are none. */
  foundIn(id: string): readonly FoundSecret[] | undefined {
    return this.#scanned.get(id);
  }

  /** @param mark as `valueMark` makes it */
  hasValue(mark: string): boolean {
    return this.#values.has(mark);
  }
}
