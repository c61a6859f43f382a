import { parseStrictJson } from '@mex/envelope';
import { LIMITS } from '../limits.ts';
import type { Cell } from '../table/cell.ts';
import { wholeNumber } from '../table/cell.ts';
import { keepsDigits } from '../table/number-text.ts';

const BOUNDS = {
  maxBytes: LIMITS.maxRowChars,
  maxDepth: LIMITS.maxDepth,
  maxKeys: LIMITS.maxRowMembers,
  maxStringBytes: LIMITS.maxRowChars,
};

/** A string, or a number. Long ones are all this is used for. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*/g;
const SHORT_NUMBER = 15;
const MAX_MARKS = 64;

/**
 * Reads one JSON text through the strict door, with every digit of its whole numbers.
 * @param onRounded called for each other number whose digits a double does not keep
 * @throws MexError with a `JsonDoorCode`
 */
export function readJsonCell(text: string, onRounded: () => void): Cell {
  return /[0-9][0-9.eE+-]{14}/.test(text) ? readLongNumbers(text, onRounded) : parseStrictJson(text, BOUNDS);
}

/** For bytes that have no number of more than 15 characters. @throws MexError with a `JsonDoorCode` */
export function readPlainJson(bytes: Uint8Array): Cell {
  return parseStrictJson(bytes, BOUNDS);
}

/**
 * Long numbers go through the strict door as marked strings. A string of the text that looks like a mark would be
 * counted, too, so the count tells whether a mark is unique; if not, another one is tried.
 */
function readLongNumbers(text: string, onRounded: () => void): Cell {
  for (let attempt = 0; attempt < MAX_MARKS; attempt += 1) {
    const mark = `number ${attempt}:`;
    let hidden = 0;
    const masked = text.replace(TOKENS, (token) => {
      if (token.startsWith('"') || token.length <= SHORT_NUMBER) return token;
      // What JSON does not allow as a number stays, for the strict door to refuse.
      if (!/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/.test(token)) return token;
      hidden += 1;
      return `"${mark}${token}"`;
    });
    const value: Cell = parseStrictJson(masked, BOUNDS);
    if (countMarks(value, mark) === hidden) return hidden === 0 ? value : reveal(value, mark, onRounded);
  }
  throw new Error('A text that holds every mark is no data.');
}

function countMarks(value: Cell, mark: string): number {
  if (typeof value === 'string') return value.startsWith(mark) ? 1 : 0;
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  for (const item of Object.values(value)) count += countMarks(item, mark);
  return count;
}

function reveal(value: Cell, mark: string, onRounded: () => void): Cell {
  if (typeof value === 'string')
    return value.startsWith(mark) ? readNumber(value.slice(mark.length), onRounded) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Cell) => reveal(item, mark, onRounded));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, reveal(item, mark, onRounded)]));
}

function readNumber(text: string, onRounded: () => void): number | bigint {
  if (/^-?[0-9]+$/.test(text)) return wholeNumber(BigInt(text));
  const value = Number(text);
  if (!Number.isFinite(value)) throw new RangeError('A number is beyond what a double holds.');
  if (!keepsDigits(text, value)) onRounded();
  return value;
}
