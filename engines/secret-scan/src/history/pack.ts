import { applyDelta, readDeltaSizes } from './delta.ts';
import { HistoryFault } from './history-fault.ts';
import type { Inflater } from './inflater.ts';
import type { ObjectCache } from './object-cache.ts';
import { type GitObject, ID_BYTES, type ObjectType } from './object-id.ts';
import type { PackIndex } from './pack-index.ts';
import type { WorkMeter } from './work-meter.ts';

/** What all objects of a repository are read with. */
export interface ReadingTools {
  readonly inflater: Inflater;
  readonly cache: ObjectCache;
  readonly meter: WorkMeter;
}

/** Type numbers of a pack; the other two are deltas. */
const TYPES: readonly (ObjectType | undefined)[] = [undefined, 'commit', 'tree', 'blob', 'tag'];
const OFFSET_DELTA = 6;
const NAME_DELTA = 7;
/** git makes no longer chains. One that leads back into itself ends here, too. */
const LONGEST_CHAIN = 4_096;
/** No object is unpacked beyond this, also not as the base of a smaller one. */
export const LARGEST_OBJECT_BYTES = 64 * 1024 * 1024;

/** How one object stands in a pack. */
interface Entry {
  readonly offset: number;
  /** Of a delta: where its base begins. */
  readonly base: number | undefined;
  readonly type: ObjectType | undefined;
  /** Bytes of what is compressed: of the object, or of the delta. */
  readonly size: number;
  readonly from: number;
  readonly until: number;
}

/** One pack of a repository. All of it may be made up: nothing it says about itself is taken for true. */
export class Pack {
  readonly index: PackIndex;
  readonly #bytes: Uint8Array;
  readonly #tools: ReadingTools;
  readonly #number: number;

  /** @param number tells this pack from the others */
  constructor(bytes: Uint8Array, index: PackIndex, number: number, tools: ReadingTools) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const version = bytes.length < 12 || view.getUint32(0) !== 0x5041_434b ? 0 : view.getUint32(4);
    if (version !== 2 && version !== 3) throw new HistoryFault('malformed', 'a pack does not begin like one');
    this.index = index;
    this.#bytes = bytes;
    this.#number = number;
    this.#tools = tools;
  }

  /**
   * The object that begins at an offset. Whether it is the one that its name says is up to the caller.
   * @param limit most bytes that the object itself may have
   * @throws HistoryFault `malformed`, `too-large`; HistoryBound
   */
  read(offset: number, limit: number): GitObject {
    const deltas: Entry[] = [];
    let [object, next] = [this.#cached(offset), offset];
    while (object === undefined) {
      const entry = this.#entry(next);
      if (entry.base === undefined) {
        object = this.#plain(entry, deltas.length === 0 ? limit : LARGEST_OBJECT_BYTES);
        break;
      }
      if (deltas.push(entry) > LONGEST_CHAIN) throw malformed('is a delta without an end');
      next = entry.base;
      object = this.#cached(next);
    }
    if (object.content.length > limit && deltas.length === 0) throw tooLarge(object.content.length);
    for (const [at, entry] of deltas.toReversed().entries())
      object = this.#apply(object, entry, at === deltas.length - 1 ? limit : LARGEST_OBJECT_BYTES);
    return object;
  }

  /** The first bytes of an object that is too large to be unpacked whole; `undefined` when it is a delta. */
  head(offset: number, most: number): Uint8Array | undefined {
    const { type, from, until } = this.#entry(offset);
    return type === undefined ? undefined : this.#tools.inflater.head(this.#bytes, from, until, most);
  }

  #cached(offset: number): GitObject | undefined {
    return this.#tools.cache.get(this.#keyOf(offset));
  }

  #keyOf(offset: number): number {
    return this.#number * 2 ** 32 + offset;
  }

  #plain(entry: Entry, limit: number): GitObject {
    if (entry.size > limit) throw tooLarge(entry.size);
    if (entry.type === undefined) throw malformed('is of no type');
    return this.#keep(entry, { type: entry.type, content: this.#inflate(entry) });
  }

  #apply(base: GitObject, entry: Entry, limit: number): GitObject {
    if (entry.size > LARGEST_OBJECT_BYTES) throw tooLarge(entry.size);
    const delta = this.#inflate(entry);
    const sizes = readDeltaSizes(delta);
    if (sizes.result > limit) throw tooLarge(sizes.result);
    this.#tools.meter.spend(sizes.result);
    return this.#keep(entry, { type: base.type, content: applyDelta(base.content, delta, sizes) });
  }

  #keep({ offset }: Entry, object: GitObject): GitObject {
    this.#tools.cache.put(this.#keyOf(offset), object);
    return object;
  }

  #inflate({ from, until, size }: Entry): Uint8Array {
    this.#tools.meter.spend(size);
    return this.#tools.inflater.inflate(this.#bytes, from, until, size);
  }

  /** What stands before the compressed bytes. Every step of a chain comes by here, and is paid for. */
  #entry(offset: number): Entry {
    this.#tools.meter.spend(0);
    const until = this.index.endOf(offset);
    const head = this.#bytes[offset] ?? 0;
    let [size, at, byte] = [head & 15, offset + 1, head];
    for (let unit = 16; byte >= 128; at++, unit *= 128) {
      byte = at < until ? (this.#bytes[at] ?? 0) : 0;
      size += (byte & 127) * unit;
    }
    if (at > until || size > Number.MAX_SAFE_INTEGER) throw malformed('does not say how large it is');
    const number = (head >> 4) & 7;
    if (number === OFFSET_DELTA)
      return { offset, type: undefined, size, until, ...this.#offsetBase(offset, at, until) };
    if (number === NAME_DELTA) {
      const base = this.#nameBase(at, until);
      return { offset, type: undefined, size, until, base, from: at + ID_BYTES };
    }
    const type = TYPES[number];
    if (type === undefined) throw malformed('is of no type');
    return { offset, type, size, until, base: undefined, from: at };
  }

  /** How far before the delta its base begins: seven bits a byte, the highest first, each step further by one. */
  #offsetBase(offset: number, from: number, until: number): { base: number; from: number } {
    let distance = -1;
    for (let at = from; at < until; at++) {
      const byte = this.#bytes[at] ?? 0;
      distance = (distance + 1) * 128 + (byte & 127);
      if (distance > offset) break;
      if (byte < 128 && distance > 0) return { base: offset - distance, from: at + 1 };
    }
    throw malformed('is a delta of nothing');
  }

  #nameBase(at: number, until: number): number {
    const place = at + ID_BYTES > until ? -1 : this.index.ids.find(this.#bytes, at);
    if (place < 0) throw malformed('is a delta of an object that is not in its pack');
    return this.index.offsetAt(place);
  }
}

function malformed(what: string): HistoryFault {
  return new HistoryFault('malformed', `an object of a pack ${what}`);
}

function tooLarge(size: number): HistoryFault {
  return new HistoryFault('too-large', `it has ${size} bytes`);
}
