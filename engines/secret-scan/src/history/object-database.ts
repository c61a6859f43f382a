import { bytesToHex } from '@noble/hashes/utils.js';
import { HistoryFault } from './history-fault.ts';
import { looseHead, readLoose } from './loose-object.ts';
import { type GitObject, ID_BYTES, idBytes, objectId } from './object-id.ts';
import { Pack, type ReadingTools } from './pack.ts';
import { PackIndex } from './pack-index.ts';
import { SortedIds } from './sorted-ids.ts';

/** The files of an object database. */
export interface DatabaseFiles {
  /** In the order in which they are asked. */
  readonly packs: readonly { readonly pack: Uint8Array; readonly index: Uint8Array }[];
  /** Objects that are files of their own, by name in hexadecimal. */
  readonly loose: ReadonlyMap<string, Uint8Array>;
}

interface Section {
  /** Number of its first object. */
  readonly from: number;
  readonly ids: SortedIds;
  readonly read: (place: number, limit: number) => GitObject;
  readonly head: (place: number, most: number) => Uint8Array | undefined;
  readonly offset: (place: number) => number;
}

/** Every object of a repository under a number. Nothing of it is believed before its content was held against its name. */
export class ObjectDatabase {
  /** How many objects there are; one that is in two packs counts twice, and only the first is ever found. */
  readonly count: number;
  /** Packs that cannot be used at all, and why. */
  readonly faults: readonly HistoryFault[];
  readonly #sections: readonly Section[];

  constructor({ packs, loose }: DatabaseFiles, tools: ReadingTools) {
    const sections: Section[] = [];
    const faults: HistoryFault[] = [];
    let count = 0;
    for (const [number, { pack, index }] of packs.entries()) {
      try {
        const section = packSection(new Pack(pack, new PackIndex(index, pack.length), number, tools), count);
        sections.push(section);
        count += section.ids.count;
      } catch (error) {
        if (!(error instanceof HistoryFault)) throw error;
        faults.push(error);
      }
    }
    const files = looseSection(loose, count, tools);
    this.#sections = [...sections, files];
    this.count = count + files.ids.count;
    this.faults = faults;
  }

  /** Number of the object whose name stands in `bytes` at `from`, or -1. */
  find(bytes: Uint8Array, from: number): number {
    for (const { ids, from: first } of this.#sections) {
      const place = ids.find(bytes, from);
      if (place >= 0) return first + place;
    }
    return -1;
  }

  /** As `find`, of a name in hexadecimal. */
  findHex(hex: string): number {
    return this.find(idBytes(hex), 0);
  }

  /** Name of an object in hexadecimal. */
  idOf(number: number): string {
    const { section, place } = this.#locate(number);
    return bytesToHex(section.ids.at(place));
  }

  /** Where an object lies; reading in this order reads each base shortly before its deltas. */
  placeOf(number: number): number {
    const { section, place } = this.#locate(number);
    return section.from * 2 ** 32 + section.offset(place);
  }

  /**
   * @param limit most bytes that the object may have
   * @throws HistoryFault `malformed`, `too-large`, `wrong-id`; HistoryBound
   */
  read(number: number, limit: number): GitObject {
    const { section, place } = this.#locate(number);
    const object = section.read(place, limit);
    if (objectId(object.type, object.content) !== bytesToHex(section.ids.at(place)))
      throw new HistoryFault('wrong-id', 'its content is not what its name says');
    return object;
  }

  /** The first bytes of a large object, where they can be had without the rest. They are not held against its name. */
  head(number: number, most: number): Uint8Array | undefined {
    const { section, place } = this.#locate(number);
    return section.head(place, most);
  }

  #locate(number: number): { section: Section; place: number } {
    const section = this.#sections.findLast(({ from }) => from <= number);
    if (section === undefined) throw new Error(`there is no object ${number}`);
    return { section, place: number - section.from };
  }
}

function packSection(pack: Pack, from: number): Section {
  const { index } = pack;
  return {
    from,
    ids: index.ids,
    read: (place, limit) => pack.read(index.offsetAt(place), limit),
    head: (place, most) => pack.head(index.offsetAt(place), most),
    offset: (place) => index.offsetAt(place),
  };
}

function looseSection(loose: ReadonlyMap<string, Uint8Array>, from: number, tools: ReadingTools): Section {
  const names = [...loose.keys()].sort();
  const files = names.map((name) => loose.get(name) ?? new Uint8Array());
  const bytes = new Uint8Array(names.length * ID_BYTES);
  for (const [at, name] of names.entries()) bytes.set(idBytes(name), at * ID_BYTES);
  const fileAt = (place: number): Uint8Array => files[place] ?? new Uint8Array();
  return {
    from,
    ids: new SortedIds(bytes),
    read: (place, limit) => readLoose(fileAt(place), limit, tools),
    head: (place, most) => looseHead(fileAt(place), most, tools),
    offset: (place) => place,
  };
}
