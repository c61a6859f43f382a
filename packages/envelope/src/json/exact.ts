import { formatPointer, formatPosition, type JsonDoorCode, refuseText } from './refusal.ts';
import { utf8Length } from './utf8.ts';
import type { JsonBounds, JsonObject, JsonValue } from './value.ts';

const LITERALS: readonly (readonly [word: string, value: JsonValue])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
const END = Number.NaN;

/**
 * Reads a text by the letter of RFC 8259 and the rules of the strict door, and stops at the first fault. It is the
 * reference that the fast path of `parseStrictJson` must agree with, and the source of every position in a message.
 * @throws MexError with a `JsonDoorCode`.
 */
export function readExactly(text: string, bounds: JsonBounds): JsonValue {
  return new ExactReader(text, bounds).document();
}

class ExactReader {
  private at = 0;
  private members = 0;
  private readonly path: (string | number)[] = [];
  private readonly text: string;
  private readonly bounds: JsonBounds;

  constructor(text: string, bounds: JsonBounds) {
    this.text = text;
    this.bounds = bounds;
  }

  document(): JsonValue {
    const value = this.value();
    if (this.at < this.text.length) throw this.unexpected('the end of the text');
    return value;
  }

  /** One value with the white space around it. Recursion ends at `maxDepth`. */
  private value(): JsonValue {
    this.space();
    const value = this.bareValue();
    this.space();
    return value;
  }

  private bareValue(): JsonValue {
    const char = this.text[this.at];
    if (char === '"') return this.string();
    if (char === '{') return this.object();
    if (char === '[') return this.array();
    return char === '-' || isDigit(this.peek()) ? this.number() : this.literal();
  }

  private object(): JsonObject {
    this.enter();
    const members = new Map<string, JsonValue>();
    this.space();
    if (this.skip('}')) return {};
    do {
      this.space();
      const name = this.name(members);
      this.space();
      if (!this.skip(':')) throw this.unexpected('":"');
      members.set(name, this.value());
      this.path.pop();
    } while (this.skip(','));
    if (!this.skip('}')) throw this.unexpected('"," or "}"');
    // Unlike assignment, this neither runs setters of a changed Object.prototype nor fails on a frozen one.
    return Object.fromEntries(members);
  }

  private array(): JsonValue[] {
    this.enter();
    const elements: JsonValue[] = [];
    this.space();
    if (this.skip(']')) return elements;
    do {
      this.path.push(elements.length);
      elements.push(this.value());
      this.path.pop();
    } while (this.skip(','));
    if (!this.skip(']')) throw this.unexpected('"," or "]"');
    return elements;
  }

  private enter(): void {
    // Each open array or object but the innermost has put one segment on the path.
    if (this.path.length >= this.bounds.maxDepth) {
      throw this.refuse('JSON_TOO_DEEP', `more than ${this.bounds.maxDepth} levels of nesting`);
    }
    this.at++;
  }

  private name(members: ReadonlyMap<string, JsonValue>): string {
    const start = this.at;
    if (this.text[start] !== '"') throw this.unexpected('a name in double quotes');
    const name = this.string();
    this.path.push(name);
    if (name === '__proto__') throw this.refuse('JSON_FORBIDDEN_KEY', 'no member may be called "__proto__"', start);
    if (members.has(name)) throw this.refuse('JSON_DUPLICATE_KEY', 'this name was already given in this object', start);
    this.members++;
    if (this.members > this.bounds.maxKeys) {
      throw this.refuse('JSON_TOO_MANY_KEYS', `more than ${this.bounds.maxKeys} members`, start);
    }
    return name;
  }

  private string(): string {
    const start = this.at;
    const escaped = this.skipString();
    const raw = this.text.slice(start + 1, this.at - 1);
    // As a document of its own the string is beyond the fault of V8 that `JsonStructure.hasEscapedNames` is about.
    const string: string = escaped ? JSON.parse(`"${raw}"`) : raw;
    // The raw text counts too: a raw half and an escaped half make a pair only after unescaping.
    if (!raw.isWellFormed() || !string.isWellFormed()) {
      throw this.refuse('JSON_LONE_SURROGATE', 'the string that starts here has half a surrogate pair', start);
    }
    if (utf8Length(string) > this.bounds.maxStringBytes) {
      const most = this.bounds.maxStringBytes;
      throw this.refuse('JSON_TOO_LARGE', `the string that starts here has more than ${most} bytes`, start);
    }
    return string;
  }

  /** Steps over a string and says whether it has escapes. */
  private skipString(): boolean {
    let escaped = false;
    for (this.at++; this.text[this.at] !== '"'; this.at++) {
      const code = this.peek();
      if (Number.isNaN(code)) throw this.refuse('JSON_SYNTAX', 'the text ends inside a string');
      if (code < 0x20) throw this.refuse('JSON_SYNTAX', `${nameChar(code)} must be escaped in a string`);
      if (code === 0x5c) {
        escaped = true;
        this.escape();
      }
    }
    this.at++;
    return escaped;
  }

  /** Leaves the reader on the last character of the escape. */
  private escape(): void {
    const next = this.text[this.at + 1] ?? '';
    if (next !== '' && '"\\/bfnrt'.includes(next)) this.at++;
    else if (/^u[0-9a-fA-F]{4}$/.test(this.text.slice(this.at + 1, this.at + 6))) this.at += 5;
    else throw this.refuse('JSON_SYNTAX', 'not an escape that JSON knows');
  }

  private number(): number {
    const start = this.at;
    this.skip('-');
    if (!this.skip('0')) this.digits();
    const isInteger = this.text[this.at] !== '.' && this.text[this.at] !== 'e' && this.text[this.at] !== 'E';
    if (this.skip('.')) this.digits();
    if (this.skip('e') || this.skip('E')) {
      if (!this.skip('+')) this.skip('-');
      this.digits();
    }
    const written = this.text.slice(start, this.at);
    const double = Number(written);
    if (!Number.isFinite(double)) throw this.refuse('JSON_NUMBER', 'the number is beyond what a double holds', start);
    if (isInteger && Math.abs(double) > Number.MAX_SAFE_INTEGER && String(double) !== written) {
      throw this.refuse('JSON_NUMBER', 'the integer has more digits than a double keeps', start);
    }
    return double;
  }

  private digits(): void {
    if (!isDigit(this.peek())) throw this.unexpected('a digit');
    while (isDigit(this.peek())) this.at++;
  }

  private literal(): JsonValue {
    const literal = LITERALS.find(([word]) => this.text.startsWith(word, this.at));
    if (literal === undefined) throw this.unexpected('a value');
    this.at += literal[0].length;
    return literal[1];
  }

  private space(): void {
    while (isSpace(this.peek())) this.at++;
  }

  private skip(char: string): boolean {
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private peek(): number {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : END;
  }

  private unexpected(wanted: string): Error {
    const code = this.peek();
    const found = Number.isNaN(code) ? 'the text ends' : `found ${nameChar(code)}`;
    return this.refuse('JSON_SYNTAX', `expected ${wanted}, ${found}`);
  }

  private refuse(code: JsonDoorCode, what: string, offset = this.at): Error {
    return refuseText(code, what, `${formatPosition(this.text, offset)} (${formatPointer(this.path)})`);
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function nameChar(code: number): string {
  if (code > 0x20 && code < 0x7f) return `"${String.fromCharCode(code)}"`;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
