import { EscapeDecoder } from './escape-decoder.ts';
import type { Sought, ValuePatterns } from './forms-of-value.ts';
import { Lane, type LaneSink } from './lane.ts';
import type { LeakForm, LeakSink } from './leak.ts';
import { PatternSet } from './pattern-set.ts';
import { BLOCK, type Tape } from './tape.ts';

/** Escapes are undone so many times: JSON in JSON, percent signs that were escaped themselves. */
const LAYERS = 2;

/** The patterns of all values, ready to search. */
export class PatternTable {
  readonly exact: PatternSet<Sought>;
  readonly squeezed: PatternSet<Sought>;

  constructor(values: readonly ValuePatterns[]) {
    this.exact = new PatternSet(values.flatMap(({ exact }) => exact));
    this.squeezed = new PatternSet(values.flatMap(({ squeezed }) => squeezed));
  }
}

/** One reading of the source with so many layers of escapes undone. */
class Level {
  readonly decoder: EscapeDecoder | undefined;
  readonly exact: Lane;
  readonly squeezed: Lane;
  /** Reads along. A level whose text is that of the level below may rest. */
  active: boolean;

  constructor(table: PatternTable, layer: number) {
    this.decoder = layer === 0 ? undefined : new EscapeDecoder();
    this.exact = new Lane(table.exact, false);
    this.squeezed = new Lane(table.squeezed, true);
    this.active = layer === 0;
  }

  adopt(below: Level): void {
    this.active = true;
    this.exact.adopt(below.exact);
    this.squeezed.adopt(below.squeezed);
  }

  trim(advance: number): void {
    this.exact.trim(advance);
    this.squeezed.trim(advance);
  }

  reset(): void {
    this.exact.reset();
    this.squeezed.reset();
    this.active = this.decoder === undefined;
  }
}

/** Reads a source piece by piece. Takes memory for some tapes of 16 KiB, whatever the length of the source. */
export class LeakReader {
  readonly #table: PatternTable;
  readonly #ground: Level;
  /** Made when the first escape is met: most sources have none. */
  readonly #higher: Level[] = [];
  readonly #sink: LeakSink;
  #base = 0;
  /** Length of the last block. */
  #advance = 0;

  constructor(table: PatternTable, sink: LeakSink) {
    this.#table = table;
    this.#ground = new Level(table, 0);
    this.#sink = sink;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length <= BLOCK) this.#readBlock(bytes, false);
    else for (let at = 0; at < bytes.length; at += BLOCK) this.#readBlock(bytes.subarray(at, at + BLOCK), false);
  }

  /** Reads what was held back and makes ready for another source. */
  finish(): void {
    if (this.#higher.some(({ decoder }) => decoder?.isHolding)) this.#readBlock(new Uint8Array(0), true);
    this.#ground.reset();
    for (const level of this.#higher) level.reset();
    this.#base = 0;
    this.#advance = 0;
  }

  #readBlock(bytes: Uint8Array, last: boolean): void {
    if (bytes.length === 0 && !last) return;
    let tape: Tape = { bytes, length: bytes.length };
    this.#readLevel(this.#ground, tape, 0);
    let below = this.#ground;
    for (let layer = 1; layer <= LAYERS; layer++) {
      const level = this.#higher[layer - 1];
      if (level?.active !== true && !hasEscape(tape)) continue;
      const awake = level ?? this.#addLevel(layer);
      const decoded = awake.decoder?.decode(tape, last, this.#advance) ?? tape;
      const changed = awake.decoder === undefined || awake.decoder.decoded > 0 || awake.decoder.isHolding;
      // The text is that of the level below: a further decoder would find nothing either.
      if (!awake.active && !changed) {
        if (this.#higher[layer]?.active !== true) break;
        continue;
      }
      if (!awake.active) awake.adopt(below);
      tape = decoded;
      this.#readLevel(awake, tape, layer);
      below = awake;
      if (!changed && awake.exact.isRefilled && awake.squeezed.isRefilled) awake.active = false;
    }
    this.#advance = bytes.length;
    this.#base += bytes.length;
    this.#ground.trim(bytes.length);
    for (const level of this.#higher) level.trim(bytes.length);
  }

  #addLevel(layer: number): Level {
    const level = new Level(this.#table, layer);
    this.#higher.push(level);
    return level;
  }

  #readLevel(level: Level, tape: Tape, layer: number): void {
    const report: LaneSink = (sought, start, end) =>
      this.#sink({
        value: sought.value,
        form: formOf(sought, layer, end - start),
        start: this.#base + start,
        end: this.#base + end,
      });
    level.exact.read(tape, report);
    level.squeezed.read(tape, report);
  }
}

function hasEscape({ bytes, length }: Tape): boolean {
  const part = length === bytes.length ? bytes : bytes.subarray(0, length);
  return part.includes(37) || part.includes(38) || part.includes(92);
}

/** A pattern is named by how it was hidden as well: behind escapes, between other signs, in another case. */
function formOf({ form, width }: Sought, layer: number, length: number): LeakForm {
  if (form === 'plain') return layer > 0 ? 'escaped' : 'plain';
  if (form !== 'split') return form;
  if (layer > 0) return 'escaped';
  return length === width ? 'case-changed' : 'split';
}
