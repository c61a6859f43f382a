import { HistoryFault } from './history-fault.ts';
import { ID_BYTES } from './object-id.ts';
import { SortedIds } from './sorted-ids.ts';

const MAGIC = 0xff74_4f63;
const HEADER_BYTES = 8;
const FANOUT_BYTES = 1_024;
const TRAILER_BYTES = 2 * ID_BYTES;
/** An offset with this bit is a place in the table of long offsets. */
const LONG = 0x8000_0000;
/** Begins every pack: `PACK`, version and number of objects. */
const PACK_HEADER_BYTES = 12;

/** Where in a pack its objects begin and end (`.idx`, version 2). */
export class PackIndex {
  readonly ids: SortedIds;
  /** By place of the name. */
  readonly #offsets: Uint32Array;
  /** All beginnings in ascending order, and the end of the last one. */
  readonly #marks: Uint32Array;

  /**
   * @param packSize bytes of the pack, less than 4 GiB
   * @throws HistoryFault `malformed`, `format`
   */
  constructor(bytes: Uint8Array, packSize: number) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = countOf(view);
    const [ids, offsets] = [HEADER_BYTES + FANOUT_BYTES, HEADER_BYTES + FANOUT_BYTES + count * (ID_BYTES + 4)];
    const long = offsets + count * 4;
    if (bytes.length < long + TRAILER_BYTES) throw new HistoryFault('malformed', 'a pack index is cut off');
    this.ids = new SortedIds(bytes.subarray(ids, ids + count * ID_BYTES));
    this.#offsets = new Uint32Array(count);
    const end = packSize - ID_BYTES;
    for (let place = 0; place < count; place++) {
      const offset = readOffset(view, offsets + place * 4, long);
      if (offset < PACK_HEADER_BYTES || offset >= end)
        throw new HistoryFault('malformed', 'a pack index points out of its pack');
      this.#offsets[place] = offset;
    }
    this.#marks = new Uint32Array(count + 1);
    this.#marks.set(this.#offsets);
    this.#marks[count] = end;
    this.#marks.sort();
  }

  offsetAt(place: number): number {
    return this.#offsets[place] ?? 0;
  }

  /** Where the object that begins at an offset ends. @throws HistoryFault `malformed` when none begins there */
  endOf(offset: number): number {
    let [low, high] = [0, this.#marks.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#marks[middle] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    const next = this.#marks[low + 1];
    if (this.#marks[low] === offset && next !== undefined && next > offset) return next;
    throw new HistoryFault('malformed', 'no object begins where one should');
  }
}

function countOf(view: DataView): number {
  if (view.byteLength < HEADER_BYTES + FANOUT_BYTES) throw new HistoryFault('malformed', 'a pack index is cut off');
  if (view.getUint32(0) !== MAGIC || view.getUint32(4) !== 2)
    throw new HistoryFault('format', 'a pack index is of another version than 2');
  return view.getUint32(HEADER_BYTES + FANOUT_BYTES - 4);
}

function readOffset(view: DataView, at: number, long: number): number {
  const offset = view.getUint32(at);
  if (offset < LONG) return offset;
  const place = long + (offset - LONG) * 8;
  if (place + 8 > view.byteLength - TRAILER_BYTES)
    throw new HistoryFault('malformed', 'a pack index points out of itself');
  return view.getUint32(place) * 2 ** 32 + view.getUint32(place + 4);
}
