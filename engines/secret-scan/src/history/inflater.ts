import { Z_FINISH, Z_STREAM_END, Z_SYNC_FLUSH, ZStream, zlibInflate, zlibInflateInit, zlibInflateReset } from 'pako';
import { HistoryFault } from './history-fault.ts';

/** Deflate makes at most so many bytes of one. */
const MOST_FROM_ONE = 1_032;

/**
 * Unpacks zlib streams into exactly the bytes they are said to hold: one that goes on is cut there, so nobody can make it
 * unpack more than was paid for. One stream serves all objects, since a window for each would cost more than the work.
 */
export class Inflater {
  readonly #stream = new ZStream();

  constructor() {
    zlibInflateInit(this.#stream);
  }

  /**
   * The whole of a stream that lies in `source` between `from` and `until` and holds `size` bytes.
   * @throws HistoryFault `malformed` also when the checksum is wrong, or there is less or more
   */
  inflate(source: Uint8Array, from: number, until: number, size: number): Uint8Array {
    if (size > (until - from) * MOST_FROM_ONE) throw malformed('says that it holds more than it can');
    this.#begin(source, from, until);
    return this.#finish(new Uint8Array(size + 1), 0, size);
  }

  /** The first `most` bytes at most, of whatever the stream holds. */
  head(source: Uint8Array, from: number, until: number, most: number): Uint8Array {
    this.#begin(source, from, until);
    const output = new Uint8Array(most);
    return output.subarray(0, this.#run(output, 0, Z_SYNC_FLUSH));
  }

  /** The rest of a stream whose head was just read: `size` bytes, of which `known` are there already. */
  rest(known: Uint8Array, size: number): Uint8Array {
    if (known.length > size) throw malformed('holds more than it says');
    const output = new Uint8Array(size + 1);
    output.set(known);
    return this.#finish(output, known.length, size);
  }

  #begin(source: Uint8Array, from: number, until: number): void {
    zlibInflateReset(this.#stream);
    this.#stream.input = source;
    this.#stream.next_in = from;
    this.#stream.avail_in = until - from;
  }

  #finish(output: Uint8Array<ArrayBuffer>, at: number, size: number): Uint8Array {
    const end = this.#run(output, at, Z_FINISH);
    if (end > size) throw malformed('holds more than it says');
    if (!this.#hasEnded || end < size) throw malformed('is damaged or cut off');
    return output.subarray(0, size);
  }

  #hasEnded = false;

  /** Returns where the output ends. */
  #run(output: Uint8Array<ArrayBuffer>, at: number, flush: typeof Z_FINISH | typeof Z_SYNC_FLUSH): number {
    const stream = this.#stream;
    stream.output = output;
    stream.next_out = at;
    stream.avail_out = output.length - at;
    this.#hasEnded = zlibInflate(stream, flush) === Z_STREAM_END;
    return stream.next_out;
  }
}

function malformed(what: string): HistoryFault {
  return new HistoryFault('malformed', `its compressed data ${what}`);
}
