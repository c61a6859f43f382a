import type { Sought } from './forms-of-value.ts';
import type { PatternSet } from './pattern-set.ts';
import { ROOM, SYMBOL_OF, type Tape } from './tape.ts';

/** Reports a pattern with its place, counted from the first byte of the block. */
export type LaneSink = (sought: Sought, start: number, end: number) => void;

/**
 * One way of reading a source: bytes as they are, or letters and digits only. Keeps the end of what it has read, so that a
 * pattern across two tapes is found.
 */
export class Lane {
  readonly #patterns: PatternSet<Sought>;
  readonly #squeezed: boolean;
  readonly #carry: number;
  readonly #codes: Uint8Array;
  readonly #from: Int32Array;
  readonly #span: Uint8Array;
  #count = 0;
  /** How many of the codes were there before the last tape. */
  #seen = 0;

  constructor(patterns: PatternSet<Sought>, squeezed: boolean) {
    const room = patterns.longest === 0 ? 0 : patterns.longest + ROOM;
    this.#patterns = patterns;
    this.#squeezed = squeezed;
    this.#carry = Math.max(0, patterns.longest - 1);
    this.#codes = new Uint8Array(room);
    this.#from = new Int32Array(room);
    this.#span = new Uint8Array(room).fill(1);
  }

  /** Forgets everything. */
  reset(): void {
    this.#count = 0;
    this.#seen = 0;
  }

  /** Takes over what another lane carried before its last tape. */
  adopt(other: Lane): void {
    this.#count = other.#seen;
    this.#codes.set(other.#codes.subarray(0, other.#seen));
    this.#from.set(other.#from.subarray(0, other.#seen));
    this.#span.set(other.#span.subarray(0, other.#seen));
  }

  /** Reads a tape and reports what ends on it. */
  read(tape: Tape, sink: LaneSink): void {
    if (this.#patterns.longest === 0) return;
    this.#seen = this.#count;
    if (!this.#squeezed) this.#appendAll(tape);
    else if (tape.from === undefined || tape.span === undefined) this.#squeezeBlock(tape);
    else this.#squeezeDecoded(tape, tape.from, tape.span);
    this.#patterns.search(this.#codes, this.#count, this.#seen, (sought, at, length) => {
      const last = at + length - 1;
      sink(sought, this.#from[at] ?? 0, (this.#from[last] ?? 0) + (this.#span[last] ?? 1));
    });
  }

  /** Whether the last tape alone filled what is carried on. */
  get isRefilled(): boolean {
    return this.#count - this.#seen >= this.#carry;
  }

  /** Drops what no later find can begin in, and counts places from the next block, `advance` bytes on. */
  trim(advance: number): void {
    const drop = Math.max(0, this.#count - this.#carry);
    if (drop > 0) {
      this.#codes.copyWithin(0, drop, this.#count);
      this.#from.copyWithin(0, drop, this.#count);
      this.#span.copyWithin(0, drop, this.#count);
      this.#count -= drop;
    }
    for (let at = 0; at < this.#count; at++) this.#from[at] = (this.#from[at] ?? 0) - advance;
    this.#seen = this.#count;
  }

  #appendAll({ bytes, length, from, span }: Tape): void {
    const places = this.#from;
    const count = this.#count;
    this.#codes.set(length === bytes.length ? bytes : bytes.subarray(0, length), count);
    if (from !== undefined && span !== undefined) {
      places.set(from.subarray(0, length), count);
      this.#span.set(span.subarray(0, length), count);
    } else {
      for (let at = 0; at < length; at++) places[count + at] = at;
      this.#span.fill(1, count, count + length);
    }
    this.#count += length;
  }

  /** Writes every symbol and moves on only past those that count: no branch that a processor could guess wrong. */
  #squeezeBlock({ bytes, length }: Tape): void {
    const codes = this.#codes;
    const from = this.#from;
    let count = this.#count;
    for (let at = 0; at < length; at++) {
      const symbol = SYMBOL_OF[bytes[at] ?? 0] ?? 0;
      codes[count] = symbol;
      from[count] = at;
      count += (symbol + 63) >> 6;
    }
    this.#span.fill(1, this.#count, count);
    this.#count = count;
  }

  #squeezeDecoded({ bytes, length }: Tape, starts: Int32Array, spans: Uint8Array): void {
    const codes = this.#codes;
    const from = this.#from;
    const span = this.#span;
    let count = this.#count;
    for (let at = 0; at < length; at++) {
      const symbol = SYMBOL_OF[bytes[at] ?? 0] ?? 0;
      codes[count] = symbol;
      from[count] = starts[at] ?? 0;
      span[count] = spans[at] ?? 1;
      count += (symbol + 63) >> 6;
    }
    this.#count = count;
  }
}
