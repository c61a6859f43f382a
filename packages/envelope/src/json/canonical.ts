import { BOUNDS } from '../bounds.ts';
import { type KeyFault, orderKeys } from './key-order.ts';
import { type CanonicalJsonCode, refuseValue } from './refusal.ts';
import { encodeUtf8, utf8Length } from './utf8.ts';
import { limitDepth } from './value.ts';

/** How large a canonical text may become. */
export interface CanonicalBounds {
  /** Nesting of arrays and objects, as in `JsonBounds`. Default `BOUNDS.maxJsonDepth`. */
  readonly maxDepth: number;
  /** UTF-16 code units of the result. Default 16,777,216 (16 Mi). */
  readonly maxChars: number;
}

/** A value in which parts are shared can stand for a text exponentially larger than itself. */
const DEFAULTS: CanonicalBounds = { maxDepth: BOUNDS.maxJsonDepth, maxChars: 16 * 1024 * 1024 };

/**
 * The RFC 8785 (JCS) text of a value: members sorted by UTF-16 code units, numbers and escapes as ECMAScript writes
 * them, no white space; `-0` becomes `0`. Every member is read once, so the text is a snapshot of the value.
 *
 * A member whose value is `undefined` is left out, as are symbol-keyed and non-enumerable members and named
 * properties of arrays. Everything else without a JSON form is refused, never converted: `undefined` elsewhere, holes,
 * NaN and infinities, lone surrogates, functions, symbols, bigints, accessors, cycles, a `__proto__` member, and every
 * object that is not a plain object (prototype `Object.prototype` or `null`) or a plain array. `toJSON` is not called.
 *
 * @throws MexError with a `CanonicalJsonCode`; the message has the JSON Pointer.
 */
export function canonicalJson(value: unknown, bounds?: Partial<CanonicalBounds>): string {
  const limits = bounds === undefined ? DEFAULTS : { ...DEFAULTS, ...bounds };
  return new CanonicalWriter(limits).document(value);
}

/** `canonicalJson` as UTF-8, ready for a digest or a file. */
export function canonicalBytes(value: unknown, bounds?: Partial<CanonicalBounds>): Uint8Array<ArrayBuffer> {
  return encodeUtf8(canonicalJson(value, bounds));
}

/** How large a value is, and whether it may travel inside an envelope. */
export interface InlineSize {
  /** UTF-8 bytes of its canonical JSON. */
  readonly bytes: number;
  readonly fits: boolean;
}

/**
 * Measures a value for the 32 KB rule (CONTRACT §3): UTF-8 bytes of canonical JSON, not characters.
 * `maxBytes` defaults to `BOUNDS.maxInlineBytes`; exactly that many bytes still fit.
 * @throws MexError with a `CanonicalJsonCode` when the value has no canonical JSON.
 */
export function checkInlineSize(value: unknown, maxBytes: number = BOUNDS.maxInlineBytes): InlineSize {
  const bytes = utf8Length(canonicalJson(value));
  return { bytes, fits: bytes <= maxBytes };
}

/** Any character that must be escaped or could be half a pair: one outside these ranges. */
const SPECIAL = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;
/** Starting a regular expression costs more than looking at this many characters. */
const SHORT = 16;

function isSimple(text: string): boolean {
  if (text.length > SHORT) return !SPECIAL.test(text);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x22 || code === 0x5c || (code & 0xf800) === 0xd800) return false;
  }
  return true;
}

class CanonicalWriter {
  private readonly path: (string | number)[] = [];
  private readonly above: object[] = [];
  private readonly maxDepth: number;
  private readonly maxChars: number;

  constructor(bounds: CanonicalBounds) {
    this.maxDepth = limitDepth(bounds.maxDepth);
    this.maxChars = bounds.maxChars;
  }

  document(value: unknown): string {
    const text = this.write(value, 0);
    if (text.length > this.maxChars) throw this.tooLarge(0);
    return text;
  }

  private write(value: unknown, depth: number): string {
    switch (typeof value) {
      case 'string':
        return isSimple(value) ? `"${value}"` : this.string(value, depth);
      case 'number':
        if (!Number.isFinite(value)) throw this.refuse('JSON_NUMBER', `${value} is no JSON number`, depth);
        return `${value}`;
      case 'boolean':
        return value ? 'true' : 'false';
      case 'object':
        if (value === null) return 'null';
        return Array.isArray(value) ? this.array(value, depth) : this.object(value, depth);
      default:
        throw this.refuse('JSON_NOT_CANONICAL', `${typeof value} has no JSON form`, depth);
    }
  }

  private string(value: string, depth: number): string {
    if (!value.isWellFormed()) throw this.refuse('JSON_LONE_SURROGATE', 'the string has half a surrogate pair', depth);
    return JSON.stringify(value);
  }

  private object(value: object, depth: number): string {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw this.refuse('JSON_NOT_CANONICAL', 'the object is an instance of a class', depth);
    }
    this.enter(value, depth);
    const keys = Object.keys(value);
    if (keys.length === 0) return '{}';
    const { sorted, before, beforeString, fault } = orderKeys(keys);
    if (fault !== undefined) throw this.badName(fault, depth);
    let out = '';
    for (let index = 0; index < sorted.length; index++) {
      const key = sorted[index] ?? '';
      this.path[depth] = key;
      const member = this.read(value, key, depth);
      if (member === undefined) continue;
      const isText = typeof member === 'string' && isSimple(member);
      let lead = (isText ? beforeString : before)[index] ?? '';
      // The first key was left out, so this one opens the object.
      if (out === '' && index > 0) lead = `{${lead.slice(1)}`;
      out += isText ? `${lead}${member}"` : lead + this.write(member, depth + 1);
      if (out.length > this.maxChars) throw this.tooLarge(depth);
    }
    return out === '' ? '{}' : `${out}}`;
  }

  private array(value: readonly unknown[], depth: number): string {
    if (Object.getPrototypeOf(value) !== Array.prototype) {
      throw this.refuse('JSON_NOT_CANONICAL', 'the array is an instance of a class', depth);
    }
    this.enter(value, depth);
    let out = '[';
    for (let index = 0; index < value.length; index++) {
      this.path[depth] = index;
      const element = this.read(value, index, depth);
      out += index === 0 ? this.write(element, depth + 1) : `,${this.write(element, depth + 1)}`;
      if (out.length > this.maxChars) throw this.tooLarge(depth);
    }
    return `${out}]`;
  }

  /** An accessor could answer differently the next time it is asked; then the digest would be of another value. */
  private read(value: object, key: string | number, depth: number): unknown {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined) throw this.refuse('JSON_NOT_CANONICAL', 'the array has a hole', depth + 1);
    if (property.get !== undefined || property.set !== undefined) {
      throw this.refuse('JSON_NOT_CANONICAL', 'the member is an accessor', depth + 1);
    }
    return property.value;
  }

  private enter(value: object, depth: number): void {
    this.above[depth] = value;
    if (depth < this.maxDepth) return;
    // A cycle always ends here, so looking for one on the way would be wasted.
    const open = this.above.slice(0, depth + 1);
    if (new Set(open).size < open.length) throw this.refuse('JSON_CYCLE', 'the value contains itself', depth);
    throw this.refuse('JSON_TOO_DEEP', `more than ${this.maxDepth} levels of nesting`, depth);
  }

  private tooLarge(depth: number): Error {
    return this.refuse('JSON_TOO_LARGE', `the text would have more than ${this.maxChars} characters`, depth);
  }

  private badName(fault: KeyFault, depth: number): Error {
    if (fault === 'forbidden') return this.refuse('JSON_FORBIDDEN_KEY', 'it has a member called "__proto__"', depth);
    return this.refuse('JSON_LONE_SURROGATE', 'it has a name with half a surrogate pair', depth);
  }

  /** The value at `depth` is the one the first `depth` segments lead to; what follows is left from its siblings. */
  private refuse(code: CanonicalJsonCode, what: string, depth: number): Error {
    return refuseValue(code, what, this.path.slice(0, depth));
  }
}
