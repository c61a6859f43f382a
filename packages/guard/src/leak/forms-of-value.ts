import { base64Cores, toHex } from '../mask/encodings.ts';
import type { LeakForm } from './leak.ts';
import type { Pattern } from './pattern-set.ts';
import { SYMBOL_OF, squeeze } from './tape.ts';
import { bytesOfText } from './text-bytes.ts';

/** Bytes, or what stands for them. */
type Row = readonly number[] | Uint8Array;

/** What a pattern stands for. */
export interface Sought {
  readonly value: number;
  readonly form: LeakForm;
  /** Source bytes it takes when nothing stands between its parts. */
  readonly width: number;
}

/** Patterns by the tape they are sought on. */
export interface ValuePatterns {
  /** Bytes as they are. */
  readonly exact: readonly Pattern<Sought>[];
  /** Letters in one case and digits; whatever stands between is left out. */
  readonly squeezed: readonly Pattern<Sought>[];
}

/** Longer patterns are sought by so many codes from their middle: their ends are often boilerplate, as in key files. */
const LONGEST_SOUGHT = 96;
/**
 * So many bytes of the middle are encoded: each form of them comes to more codes than are sought, and encoding the whole
 * of a key file would stop the host for a good part of a second.
 */
const LONGEST_ENCODED = 192;
/** A value is looked at for so many characters. */
const LONGEST_VALUE = 65_536;
/** Squeezed patterns below this many bits stand in ordinary text by chance. */
const LEAST_BITS = 32;
const LEAST_SYMBOLS = 8;
const LEAST_DISTINCT = 4;

const ascii = (text: string): number[] => Array.from(text, (char) => char.charCodeAt(0));

/** Two bytes a character, without the zero at either end, so that both byte orders hold it. */
function utf16Bytes(text: string): number[] {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    bytes.push(code & 255, code >> 8);
  }
  if (bytes.at(-1) === 0) bytes.pop();
  return bytes;
}

function utf16BigBytes(text: string): number[] {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) bytes.push(text.charCodeAt(at) >> 8, text.charCodeAt(at) & 255);
  if (bytes[0] === 0) bytes.shift();
  return bytes;
}

/** How much a squeezed pattern tells: letters alone may be words. */
function bitsOf(symbols: Uint8Array): number {
  const digits = symbols.some((symbol) => symbol <= 10);
  const letters = symbols.some((symbol) => symbol > 10);
  const perSymbol = digits && letters ? 4.2 : digits ? 3.2 : 2.6;
  return symbols.length * perSymbol;
}

function isTelling(symbols: Uint8Array): boolean {
  return symbols.length >= LEAST_SYMBOLS && new Set(symbols).size >= LEAST_DISTINCT && bitsOf(symbols) >= LEAST_BITS;
}

/** The middle of a text, which may cut a character of two units. */
function middleOf(text: string, most: number): string {
  if (text.length <= most) return text;
  const from = (text.length - most) >> 1;
  return text.slice(from, from + most);
}

/** The middle of a row that is longer than `most`. */
function middle(row: Uint8Array, most: number): Uint8Array {
  if (row.length <= most) return row;
  const from = (row.length - most) >> 1;
  return row.slice(from, from + most);
}

/** Byte encodings that show as letters and digits. @param bytes no more than {@link LONGEST_ENCODED}, in each of these */
function encodingsOf(bytes: readonly number[]): readonly (readonly [LeakForm, string])[] {
  const hex = toHex(bytes);
  const cores = base64Cores(bytes);
  return [
    ...cores.map((core) => ['base64', core] as const),
    ['hex', hex],
    ['hex', bytes.map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join('')],
    ['decimal', bytes.join('')],
  ];
}

/** One encoding within another. Cores have no edges, for an inner encoding of more than the value begins and ends otherwise. */
function encodedTwice(bytes: readonly number[]): string[] {
  const hex = toHex(bytes);
  const cores = base64Cores(bytes);
  return [
    ...[...cores, hex, hex.toUpperCase()].flatMap((inner) => base64Cores(ascii(inner))),
    ...cores.map((core) => toHex(ascii(core))),
    ...cores.map((core) => Array.from(core).reverse().join('')),
  ];
}

/** @param isPart of a longer encoding, which tells enough even where its middle says the same again and again */
function squeezedOf(value: number, form: LeakForm, bytes: Row, isPart = false): Pattern<Sought> | undefined {
  const symbols = squeeze(bytes);
  if (!isPart && !isTelling(symbols)) return undefined;
  const isSymbol = (byte: number): boolean => SYMBOL_OF[byte] !== 0;
  const lead = bytes.findIndex(isSymbol);
  const trail = bytes.length - 1 - bytes.findLastIndex(isSymbol);
  return { codes: middle(symbols, LONGEST_SOUGHT), payload: { value, form, width: bytes.length - lead - trail } };
}

/** Everything a value is sought as. Takes some milliseconds at most, however long the value. */
export function patternsOf(text: string, value: number): ValuePatterns {
  const sought = text.slice(0, LONGEST_VALUE).toWellFormed();
  const turned = Array.from(sought).reverse().join('');
  const [bytes, back] = [bytesOfText(sought), bytesOfText(turned)];
  // Two bytes a unit: cut by units, so that the bytes do not come to more than are encoded.
  const units = middleOf(sought, LONGEST_ENCODED / 2);
  const wide = Uint8Array.from(utf16Bytes(units));
  const exactly = (form: LeakForm, codes: Uint8Array): Pattern<Sought> => {
    const part = middle(codes, LONGEST_SOUGHT);
    return { codes: part, payload: { value, form, width: part.length } };
  };
  const exact = [
    exactly('plain', bytes),
    exactly('utf-16', wide),
    exactly('utf-16', Uint8Array.from(utf16BigBytes(units))),
  ];
  if (turned !== sought) exact.push(exactly('reversed', back));
  const isPart = bytes.length > LONGEST_ENCODED;
  const encoded = (form: LeakForm, shown: string) => squeezedOf(value, form, ascii(shown), isPart);
  const core = [...middle(bytes, LONGEST_ENCODED)];
  const squeezed = [
    squeezedOf(value, 'split', bytes),
    turned === sought ? undefined : squeezedOf(value, 'reversed', back),
    ...[core, [...wide], [...middle(back, LONGEST_ENCODED)]].flatMap((part) =>
      encodingsOf(part).map(([form, shown]) => encoded(form, shown)),
    ),
    ...encodedTwice(core).map((shown) => encoded('encoded-twice', shown)),
  ];
  return { exact: distinct(exact), squeezed: distinct(squeezed.filter((pattern) => pattern !== undefined)) };
}

/** The first of equal patterns. */
function distinct(patterns: readonly Pattern<Sought>[]): Pattern<Sought>[] {
  return [...new Map(patterns.toReversed().map((pattern) => [pattern.codes.join(), pattern])).values()];
}
