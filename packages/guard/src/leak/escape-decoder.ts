import { utf8Bytes } from '../mask/encodings.ts';
import { LONGEST_ESCAPE, ROOM, SYMBOL_OF, type Tape } from './tape.ts';

/** One escape: how many characters it takes and the code point it stands for. */
interface Escape {
  readonly length: number;
  readonly code: number;
}

const PERCENT = 37;
const AMPERSAND = 38;
const BACKSLASH = 92;
const STARTS = new Uint8Array(256);
for (const code of [PERCENT, AMPERSAND, BACKSLASH]) STARTS[code] = 1;
const NAMED: Readonly<Record<string, number>> = { amp: 38, lt: 60, gt: 62, quot: 34, apos: 39, nbsp: 32, sol: 47 };
/** What a backslash and one more character stand for: a byte, nothing, or something longer. */
const NO_ESCAPE = 256;
const LONGER = 257;
const AFTER_BACKSLASH = new Uint16Array(256).fill(NO_ESCAPE);
for (let code = 1; code < 128; code++) if (SYMBOL_OF[code] === 0) AFTER_BACKSLASH[code] = code;
for (const [letter, code] of Object.entries({ n: 10, r: 13, t: 9, b: 8, f: 12, v: 11 }))
  AFTER_BACKSLASH[letter.charCodeAt(0)] = code;
for (const first of 'ux0123') AFTER_BACKSLASH[first.charCodeAt(0)] = LONGER;
/** Bounded, and tried at one place only. */
const BACKSLASH_ESCAPE = /^\\(?:u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,8})\}|x([0-9a-fA-F]{2})|([0-3][0-7]{2}))/;
const PERCENT_ESCAPE = /^%u([0-9a-fA-F]{4})/;
const HTML_ESCAPE = /^&(?:#(\d{1,8});?|#[xX]([0-9a-fA-F]{1,8});?|(amp|lt|gt|quot|apos|nbsp|sol);)/;

const fromHex = (digits: string): number => Number.parseInt(digits, 16);

function readBackslash(text: string): Escape | undefined {
  const match = BACKSLASH_ESCAPE.exec(text);
  if (match === null) return undefined;
  const [all, unit, point, byte, octal = '0'] = match;
  const high = unit === undefined ? 0 : fromHex(unit);
  if (high >= 0xd800 && high < 0xdc00) {
    const low = /^\\u([dD][c-fC-F][0-9a-fA-F]{2})/.exec(text.slice(6))?.[1];
    if (low !== undefined) return { length: 12, code: ((high - 0xd800) << 10) + (fromHex(low) - 0xdc00) + 0x10000 };
  }
  const hex = unit ?? point ?? byte;
  if (hex !== undefined) return { length: all.length, code: fromHex(hex) };
  return { length: all.length, code: Number.parseInt(octal, 8) };
}

function readPercent(text: string): Escape | undefined {
  const digits = PERCENT_ESCAPE.exec(text)?.[1];
  return digits === undefined ? undefined : { length: 6, code: fromHex(digits) };
}

/** Value of a hexadecimal digit; 255 for anything else. */
const HEX_VALUE = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i++) {
  HEX_VALUE[i.toString(16).charCodeAt(0)] = i;
  HEX_VALUE[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}

function readHtml(text: string): Escape | undefined {
  const match = HTML_ESCAPE.exec(text);
  if (match === null) return undefined;
  const [all, decimal, hex, name] = match;
  if (decimal !== undefined) return { length: all.length, code: Number(decimal) };
  return { length: all.length, code: hex === undefined ? (NAMED[name ?? ''] ?? 0) : fromHex(hex) };
}

/** The bytes of one code point; what is none stands for nothing. */
function bytesOf(code: number): readonly number[] {
  if (code < 128) return [code];
  return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? [0] : utf8Bytes(String.fromCodePoint(code));
}

/** A simple escape at a place, as `length * 256 + byte`; 0 when it is none or not simple. */
function readSimple(bytes: Uint8Array, at: number): number {
  const next = bytes[at + 1] ?? 0;
  if (bytes[at] === PERCENT) {
    const [high, low] = [HEX_VALUE[next] ?? 255, HEX_VALUE[bytes[at + 2] ?? 0] ?? 255];
    return high < 16 && low < 16 ? 3 * 256 + high * 16 + low : 0;
  }
  if (bytes[at] !== BACKSLASH) return 0;
  const stands = AFTER_BACKSLASH[next] ?? NO_ESCAPE;
  if (stands < NO_ESCAPE) return 2 * 256 + stands;
  // `\u0041`
  if (next !== 117 || bytes[at + 2] !== 48 || bytes[at + 3] !== 48) return 0;
  const [high, low] = [HEX_VALUE[bytes[at + 4] ?? 0] ?? 255, HEX_VALUE[bytes[at + 5] ?? 0] ?? 255];
  return high < 8 && low < 16 ? 6 * 256 + high * 16 + low : 0;
}

/** Whether the sign and the next character can begin an escape that is not simple. */
function mayBegin(byte: number, next: number): boolean {
  if (byte === PERCENT) return next === 117;
  if (byte === BACKSLASH) return AFTER_BACKSLASH[next] === LONGER;
  // `#` or the first letter of a known name.
  return next === 35 || next === 97 || next === 103 || next === 108 || next === 110 || next === 113 || next === 115;
}

/**
 * Undoes one layer of escapes: `%41`, `%u0041`, `&#65;`, `&#x41;`, `&amp;`, `\u0041`, `\u{41}`, `\x41`, `\101`, `\n`, `\"`. What is no
 * escape goes through as it is. Holds back an unfinished escape until the next tape.
 */
export class EscapeDecoder {
  readonly #in = new Uint8Array(ROOM);
  readonly #inFrom = new Int32Array(ROOM);
  readonly #inSpan = new Uint8Array(ROOM);
  readonly #bytes = new Uint8Array(ROOM);
  readonly #from = new Int32Array(ROOM);
  readonly #span = new Uint8Array(ROOM);
  #held = 0;
  #out = 0;
  /** Escapes undone on the last tape. */
  decoded = 0;

  /** Whether an unfinished escape waits. */
  get isHolding(): boolean {
    return this.#held > 0;
  }

  /**
   * @param last nothing follows: an unfinished escape is no escape
   * @param advance source bytes of the block before, by which places held back move
   * @returns a tape that is valid until the next call
   */
  decode(tape: Tape, last: boolean, advance: number): Tape {
    const count = this.#gather(tape, advance);
    this.#out = 0;
    // Beyond the end stands nothing that could belong to an escape.
    this.#in.fill(0, count, count + LONGEST_ESCAPE);
    const safe = last ? count : count - LONGEST_ESCAPE;
    this.decoded = 0;
    let at = this.#copyPlain(0, count);
    while (at < count && at <= safe) {
      const length = this.#decodeAt(at, this.#in[at] ?? 0);
      if (length === 0) this.#copyOne(at);
      at = this.#copyPlain(at + Math.max(1, length), count);
    }
    this.#hold(at, count);
    return { bytes: this.#bytes, from: this.#from, span: this.#span, length: this.#out };
  }

  /** Copies up to the next byte that may begin an escape, and returns its place. A loop of its own, for speed. */
  #copyPlain(start: number, count: number): number {
    const [input, inFrom, inSpan] = [this.#in, this.#inFrom, this.#inSpan];
    const [bytes, from, span] = [this.#bytes, this.#from, this.#span];
    let at = start;
    let out = this.#out;
    for (; at < count; at++, out++) {
      const byte = input[at] ?? 0;
      if (STARTS[byte] === 1) break;
      bytes[out] = byte;
      from[out] = inFrom[at] ?? 0;
      span[out] = inSpan[at] ?? 1;
    }
    this.#out = out;
    return at;
  }

  #copyOne(at: number): void {
    this.#bytes[this.#out] = this.#in[at] ?? 0;
    this.#from[this.#out] = this.#inFrom[at] ?? 0;
    this.#span[this.#out++] = this.#inSpan[at] ?? 1;
  }

  /** Puts what was held back and the tape into one row. */
  #gather({ bytes, length, from, span }: Tape, advance: number): number {
    const held = this.#held;
    for (let i = 0; i < held; i++) this.#inFrom[i] = (this.#inFrom[i] ?? 0) - advance;
    this.#in.set(length === bytes.length ? bytes : bytes.subarray(0, length), held);
    if (from !== undefined && span !== undefined) {
      this.#inFrom.set(from.subarray(0, length), held);
      this.#inSpan.set(span.subarray(0, length), held);
    } else {
      const places = this.#inFrom;
      for (let i = 0; i < length; i++) places[held + i] = i;
      this.#inSpan.fill(1, held, held + length);
    }
    return held + length;
  }

  #hold(at: number, count: number): void {
    this.#held = count - at;
    this.#in.copyWithin(0, at, count);
    this.#inFrom.copyWithin(0, at, count);
    this.#inSpan.copyWithin(0, at, count);
  }

  /** Writes what an escape stands for; returns how many bytes of input it took, 0 when there is none. */
  #decodeAt(at: number, byte: number): number {
    const simple = readSimple(this.#in, at);
    if (simple !== 0) {
      this.#write(at, simple >> 8, simple & 255);
      return simple >> 8;
    }
    if (!mayBegin(byte, this.#in[at + 1] ?? 0)) return 0;
    const text = String.fromCharCode(...this.#in.subarray(at, at + LONGEST_ESCAPE));
    const escape = byte === BACKSLASH ? readBackslash(text) : byte === PERCENT ? readPercent(text) : readHtml(text);
    if (escape === undefined) return 0;
    for (const written of bytesOf(escape.code)) this.#write(at, escape.length, written);
    return escape.length;
  }

  #write(at: number, length: number, byte: number): void {
    this.decoded++;
    const start = this.#inFrom[at] ?? 0;
    const last = at + length - 1;
    const end = (this.#inFrom[last] ?? 0) + (this.#inSpan[last] ?? 1);
    this.#bytes[this.#out] = byte;
    this.#from[this.#out] = start;
    this.#span[this.#out++] = Math.min(255, end - start);
  }
}
