import { readExactly } from './exact.ts';
import { formatPosition, refuseText } from './refusal.ts';
import { countMembers, scanStructure } from './structure.ts';
import { type BorrowedBytes, borrowUtf8, decodeUtf8, decodeValidPrefix, utf8Length } from './utf8.ts';
import { completeBounds, type JsonBounds, type JsonValue } from './value.ts';

const BYTE_ORDER_MARK = 0xfeff;

/**
 * The door for hostile JSON text (CONTRACT §3). What it accepts, it reads as the standard says `JSON.parse`
 * does; what it hands out are ordinary objects and arrays. Beyond bad syntax it refuses:
 *
 * - a name given twice in one object, also when the two are escaped differently;
 * - a member called `__proto__` (`constructor` and `prototype` are ordinary own members here and allowed);
 * - half a surrogate pair in a string or key, written raw or escaped;
 * - a number beyond the range of a double, and an integer beyond ±(2^53−1) written without fraction or exponent
 *   whose double prints with other digits: two readers could see two numbers;
 * - bytes that are not UTF-8, a byte order mark, and whatever exceeds `bounds` (defaults: `BOUNDS`).
 *
 * @throws MexError with a `JsonDoorCode`; the message has line, column and JSON Pointer of the first fault.
 */
export function parseStrictJson(input: string | Uint8Array, bounds?: Partial<JsonBounds>): JsonValue {
  const limits = completeBounds(bounds);
  const own = typeof input === 'string' ? input : withoutSharing(input);
  if (own.length > limits.maxBytes) throw tooLarge(limits);
  const text = typeof own === 'string' ? own : decode(own);
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) {
    throw refuseText('JSON_NOT_UTF8', 'it starts with a byte order mark', 'line 1, column 1');
  }
  const utf8 = typeof own === 'string' ? borrowUtf8(own) : { bytes: own, length: own.length };
  if (utf8.length > limits.maxBytes) throw tooLarge(limits);
  const plain = parsePlain(text, utf8, limits);
  return plain === undefined ? readExactly(text, limits) : plain;
}

/** Reads text that is beyond doubt at the speed of JSON.parse; `undefined` leaves it to the exact reading. */
function parsePlain(text: string, utf8: BorrowedBytes, limits: JsonBounds): JsonValue | undefined {
  if (!text.isWellFormed()) return undefined;
  // Before JSON.parse: a few megabytes of brackets cost it most of a second.
  const { depth, members, hasEscapedNames } = scanStructure(utf8.bytes, utf8.length);
  if (hasEscapedNames || depth > limits.maxDepth || members > limits.maxKeys) return undefined;
  const checkStrings = utf8.length > limits.maxStringBytes || text.includes('\\u');
  try {
    const value: JsonValue = JSON.parse(text);
    return countMembers(value, checkStrings, limits) === members ? value : undefined;
  } catch {
    // V8's message quotes the text and has no pointer; the exact reading says what is wrong, and where.
    return undefined;
  }
}

/** Another thread could change shared bytes between the check and the use of them. */
function withoutSharing(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes);
}

function decode(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text !== undefined) return text;
  const before = decodeValidPrefix(bytes);
  const what = `byte ${utf8Length(before)} (counted from 0) begins no UTF-8 character`;
  throw refuseText('JSON_NOT_UTF8', what, formatPosition(before, before.length));
}

function tooLarge(limits: JsonBounds): Error {
  return refuseText('JSON_TOO_LARGE', `it has more than the ${limits.maxBytes} bytes allowed`);
}
