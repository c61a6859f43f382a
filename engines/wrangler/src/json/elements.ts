import { wranglerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
/** `[` and `{` differ in one bit, as do `]` and `}`. */
const CASE_BIT = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
/** Characters of a number that a double may not keep. */
const LONG_NUMBER = 15;

/** Gets the bytes of one object. `hasLongNumber`: a number in it, or digits in a text, are longer than 15 characters. */
export type ElementVisitor = (element: Uint8Array, hasLongNumber: boolean) => void;

/**
 * Splits a JSON array of objects into its elements, without reading it as a whole. Only where an element begins and
 * ends is decided here; whether it is JSON is for its reader to say.
 * @throws EngineError `WRANGLER_JSON_INVALID`
 */
export function eachElement(bytes: Uint8Array, visit: ElementVisitor): void {
  const split = new Splitter(bytes, visit);
  let at = skipSpace(bytes, skipMark(bytes));
  if (bytes[at] !== OPEN_LIST) throw invalid('it does not begin with "["; a table is an array of objects');
  at = skipSpace(bytes, at + 1);
  if (bytes[at] !== CLOSE_LIST) {
    for (;;) {
      at = skipSpace(bytes, split.element(at, bytes.length));
      if (bytes[at] !== COMMA) break;
      at = skipSpace(bytes, at + 1);
    }
  }
  if (bytes[at] !== CLOSE_LIST) throw invalid(`row ${split.rows} is followed by something else than "," or "]"`);
  if (skipSpace(bytes, at + 1) < bytes.length) throw invalid('something follows its end');
}

/** Splits newline-delimited JSON. @returns the number of empty lines. @throws EngineError `WRANGLER_JSON_INVALID` */
export function eachLine(bytes: Uint8Array, visit: ElementVisitor): number {
  const split = new Splitter(bytes, visit);
  let blank = 0;
  for (let start = skipMark(bytes); start < bytes.length; ) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found < 0 ? bytes.length : found;
    const at = skipSpace(bytes, start, end);
    if (at === end) blank += 1;
    else if (skipSpace(bytes, split.element(at, end), end) < end)
      throw invalid(`line ${split.rows + blank} has more than one object`);
    start = end + 1;
  }
  return blank;
}

class Splitter {
  rows = 0;
  private readonly bytes: Uint8Array;
  private readonly visit: ElementVisitor;

  constructor(bytes: Uint8Array, visit: ElementVisitor) {
    this.bytes = bytes;
    this.visit = visit;
  }

  /** @returns where the element that begins at `start` ends. */
  element(start: number, limit: number): number {
    this.rows += 1;
    if (this.rows > LIMITS.maxRows)
      throw wranglerError('WRANGLER_TOO_LARGE', `A table of more than ${LIMITS.maxRows} rows.`);
    const { bytes } = this;
    if (bytes[start] !== OPEN) throw invalid(`row ${this.rows} is no object`);
    let depth = 0;
    let digits = 0;
    let hasLongNumber = false;
    for (let at = start; at < limit; at += 1) {
      const byte = bytes[at] ?? 0;
      if (isNumeric(byte)) {
        digits += 1;
        if (digits > LONG_NUMBER) hasLongNumber = true;
        continue;
      }
      digits = 0;
      if (byte === QUOTE) at = endOfString(bytes, at, limit);
      else if ((byte | CASE_BIT) === OPEN) depth += 1;
      else if ((byte | CASE_BIT) === CLOSE) {
        depth -= 1;
        if (depth === 0) {
          this.give(start, at + 1, hasLongNumber);
          return at + 1;
        }
      }
    }
    throw invalid(`row ${this.rows} is cut off`);
  }

  private give(start: number, end: number, hasLongNumber: boolean): void {
    if (end - start > LIMITS.maxRowChars)
      throw wranglerError('WRANGLER_TOO_LARGE', `Row ${this.rows} has more than ${LIMITS.maxRowChars} bytes.`);
    this.visit(this.bytes.subarray(start, end), hasLongNumber);
  }
}

function isNumeric(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x2d || byte === 0x2b || (byte | CASE_BIT) === 0x65
  );
}

function endOfString(bytes: Uint8Array, start: number, limit: number): number {
  let at = start + 1;
  while (at < limit && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

function skipSpace(bytes: Uint8Array, from: number, limit = bytes.length): number {
  let at = from;
  while (at < limit && (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09)) at += 1;
  return Math.min(at, limit);
}

export function hasMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function skipMark(bytes: Uint8Array): number {
  return hasMark(bytes) ? 3 : 0;
}

function invalid(what: string): Error {
  return wranglerError('WRANGLER_JSON_INVALID', `The JSON cannot be read as a table: ${what}.`);
}
