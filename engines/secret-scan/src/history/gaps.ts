import { clip } from '../clip.ts';
import { shownPath } from '../finding.ts';
import { type GapReason, HistoryFault } from './history-fault.ts';

/** Where a gap is, as far as that is known. */
export interface GapPlace {
  /** Name of the object, in hexadecimal. */
  readonly object?: string;
  readonly path?: string;
}

/** Everything that was not scanned for one reason (CONTRACT §14 E). */
export interface HistoryGap {
  readonly reason: GapReason;
  readonly count: number;
  /** The first ones. */
  readonly examples: readonly (GapPlace & { readonly message: string })[];
}

const MOST_EXAMPLES = 5;
const MAX_TEXT = 300;

/** Counts what was not scanned. A damaged repository may have a million faults, and they have one cause. */
export class GapList {
  readonly #gaps = new Map<GapReason, { count: number; examples: (GapPlace & { message: string })[] }>();

  add({ reason, message }: Pick<HistoryFault, 'reason' | 'message'>, place: GapPlace = {}): void {
    const gap = this.#gaps.get(reason) ?? { count: 0, examples: [] };
    this.#gaps.set(reason, gap);
    gap.count += 1;
    if (gap.examples.length >= MOST_EXAMPLES) return;
    const path = place.path === undefined ? {} : { path: clip(shownPath(place.path), MAX_TEXT) };
    gap.examples.push({ ...place, ...path, message: clip(shownPath(message), MAX_TEXT) });
  }

  /** What `read` returns, or `undefined` where it met a fault, which is kept. A bound of the whole scan is passed on. */
  keep<T>(read: () => T, place: GapPlace): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof HistoryFault) || error.name === 'HistoryBound') throw error;
      this.add(error, place);
      return undefined;
    }
  }

  /** In the order of reasons. */
  list(): HistoryGap[] {
    return [...this.#gaps].map(([reason, gap]) => ({ reason, ...gap })).sort((a, b) => (a.reason < b.reason ? -1 : 1));
  }
}
