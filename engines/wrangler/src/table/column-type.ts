import { readJsonCell } from '../json/read-value.ts';
import { type Cell, wholeNumber } from './cell.ts';
import { keepsDigits } from './number-text.ts';

/**
 * What the cells of a column are. `decimal`, `date`, `time`, `timestamp` (in UTC), `local_timestamp` and `binary`
 * (base64) are text in the cells, always in one form.
 */
export const COLUMN_TYPES = [
  'boolean',
  'integer',
  'number',
  'decimal',
  'text',
  'date',
  'time',
  'timestamp',
  'local_timestamp',
  'binary',
  'json',
] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** A text that is no value of its type. */
export const NOT_OF_TYPE = Symbol('not of this type');

export interface TextReader {
  /** The value that a text stands for; only the one canonical form of each value is read, so nothing of it is lost. */
  readonly read: (text: string) => Cell | typeof NOT_OF_TYPE;
  /** Numbers whose digits a double could not keep. */
  readonly rounded: () => number;
}

const INTEGER = /^(?:0|-?[1-9][0-9]{0,4095})$/;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,4})?$/;
const DECIMAL = /^-?(?:0|[1-9][0-9]{0,75})(?:\.[0-9]{1,75})?$/;
const TIME = /^(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

export function isInteger(text: string): boolean {
  return INTEGER.test(text);
}

export function isDate(text: string): boolean {
  if (text.length !== 10 || text[4] !== '-' || text[7] !== '-') return false;
  const year = digitsOf(text, 0, 4);
  const month = digitsOf(text, 5, 7);
  const day = digitsOf(text, 8, 10);
  return year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
}

/** The number that some digits are; -1 where there is anything else. Called for every cell that looks like a date. */
function digitsOf(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function daysOf(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

export function isTime(text: string): boolean {
  return TIME.test(text);
}

export function isTimestamp(text: string): boolean {
  return text.endsWith('Z') && isLocalTimestamp(text.slice(0, -1));
}

export function isLocalTimestamp(text: string): boolean {
  return text[10] === 'T' && isDate(text.slice(0, 10)) && isTime(text.slice(11));
}

/** Reads texts as values of one type. */
export function textReader(type: ColumnType): TextReader {
  let rounded = 0;
  const read = READERS[type];
  return {
    read: (text) =>
      read(text, () => {
        rounded += 1;
      }),
    rounded: () => rounded,
  };
}

type ReadText = (text: string, onRounded: () => void) => Cell | typeof NOT_OF_TYPE;

const when =
  (isOne: (text: string) => boolean): ReadText =>
  (text) =>
    isOne(text) ? text : NOT_OF_TYPE;

const READERS: Readonly<Record<ColumnType, ReadText>> = {
  boolean: (text) => (text === 'true' ? true : text === 'false' ? false : NOT_OF_TYPE),
  integer: (text) => (isInteger(text) ? readInteger(text) : NOT_OF_TYPE),
  number: readNumber,
  decimal: when((text) => DECIMAL.test(text)),
  text: (text) => text,
  date: when(isDate),
  time: when(isTime),
  timestamp: when(isTimestamp),
  local_timestamp: when(isLocalTimestamp),
  binary: when((text) => BASE64.test(text)),
  json: (text, onRounded) => {
    try {
      return readJsonCell(text, onRounded);
    } catch {
      return NOT_OF_TYPE;
    }
  },
};

function readInteger(text: string): number | bigint {
  return text.length < 16 ? Number(text) : wholeNumber(BigInt(text));
}

function readNumber(text: string, onRounded: () => void): Cell | typeof NOT_OF_TYPE {
  if (!NUMBER.test(text)) return NOT_FINITE.get(text) ?? NOT_OF_TYPE;
  if (isInteger(text)) return readInteger(text);
  const value = Number(text);
  if (!keepsDigits(text, value)) onRounded();
  return value;
}
