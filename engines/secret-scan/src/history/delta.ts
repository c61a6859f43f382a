import { HistoryFault } from './history-fault.ts';

/** Below this a loop is faster than a view and a call. */
const SHORT_COPY = 32;
const WHOLE_COPY = 0x1_0000;

/** Sizes a delta begins with. */
interface DeltaSizes {
  readonly base: number;
  readonly result: number;
  /** Where its instructions begin. */
  readonly at: number;
}

/** @throws HistoryFault `malformed` */
export function readDeltaSizes(delta: Uint8Array): DeltaSizes {
  const base = readSize(delta, 0);
  const result = readSize(delta, base.next);
  return { base: base.value, result: result.value, at: result.next };
}

/** Seven bits a byte, the lowest first. */
function readSize(bytes: Uint8Array, from: number): { value: number; next: number } {
  let value = 0;
  for (let at = from, unit = 1; at < bytes.length; at++, unit *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte & 127) * unit;
    if (value > Number.MAX_SAFE_INTEGER) break;
    if (byte < 128) return { value, next: at + 1 };
  }
  throw malformed('does not say how much it makes');
}

/**
 * Makes an object of another one and what differs.
 * @param result as `readDeltaSizes` has it; whoever calls has agreed to so many bytes
 * @throws HistoryFault `malformed`
 */
export function applyDelta(base: Uint8Array, delta: Uint8Array, sizes: DeltaSizes): Uint8Array {
  if (sizes.base !== base.length) throw malformed('belongs to a base of another size');
  const out = new Uint8Array(sizes.result);
  let [at, end] = [sizes.at, 0];
  while (at < delta.length) {
    const code = delta[at++] ?? 0;
    if (code === 0) throw malformed('has an instruction that nobody defined');
    const copies = code >= 128;
    let [from, length] = [at, code];
    if (copies) {
      from = 0;
      length = 0;
      for (let bit = 0; bit < 4; bit++) if (code & (1 << bit)) from += (delta[at++] ?? 0) * 2 ** (8 * bit);
      for (let bit = 0; bit < 3; bit++) if (code & (16 << bit)) length += (delta[at++] ?? 0) * 2 ** (8 * bit);
      if (length === 0) length = WHOLE_COPY;
    } else at += length;
    const source = copies ? base : delta;
    if (at > delta.length || from + length > source.length) throw malformed('takes more than there is');
    if (end + length > out.length) throw malformed('makes more than it says');
    copy(source, from, out, end, length);
    end += length;
  }
  if (end !== out.length) throw malformed('makes less than it says');
  return out;
}

function copy(source: Uint8Array, from: number, out: Uint8Array, to: number, length: number): void {
  if (length > SHORT_COPY) return out.set(source.subarray(from, from + length), to);
  for (let at = 0; at < length; at++) out[to + at] = source[from + at] ?? 0;
}

function malformed(what: string): HistoryFault {
  return new HistoryFault('malformed', `a delta ${what}`);
}
