import { formatPointer, formatPosition, type JsonDoorCode, refuseText } from './refusal.ts';
import { utf8Length } from './utf8.ts';
import type { JsonBounds } from './value.ts';

const LITERALS = ['true', 'false', 'null'] as const;
const END = Number.NaN;

/**
 * Reads a text by the letter of RFC 8259 and the rules of the strict door, and stops at the first fault. It is the
 * reference that the fast path of `parseStrictJson` must agree with, and the source of every position in a message.
 * @throws MexError with a `JsonDoorCode`.
 */
export function verifyExactly(text: string, bounds: JsonBounds): void {
  new ExactReader(text, bounds).document();
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

  document(): void {
    this.value();
    if (this.at < this.text.length) throw this.unexpected('the end of the text');
  }

  /** One value with the white space around it. Recursion ends at `maxDepth`. */
  private value(): void {
    this.space();
    const char = this.text[this.at];
    if (char === '"') this.string();
    else if (char === '{') this.object();
    else if (char === '[') this.array();
    else if (char === '-' || isDigit(this.peek())) this.number();
    else this.literal();
    this.space();
  }

  private object(): void {
    this.enter();
    const names = new Set<string>();
    this.space();
    if (!this.skip('}')) {
      do {
        this.space();
        this.name(names);
        this.space();
        if (!this.skip(':')) throw this.unexpected('":"');
        this.value();
        this.path.pop();
      } while (this.skip(','));
      if (!this.skip('}')) throw this.unexpected('"," or "}"');
    }
  }

  private array(): void {
    this.enter();
    this.space();
    if (!this.skip(']')) {
      let index = 0;
      do {
        this.path.push(index++);
        this.value();
        this.path.pop();
      } while (this.skip(','));
      if (!this.skip(']')) throw this.unexpected('"," or "]"');
    }
  }

  private enter(): void {
    // Each open array or object but the innermost has put one segment on the path.
    if (this.path.length >= this.bounds.maxDepth) {
      throw this.refuse('JSON_TOO_DEEP', `more than ${this.bounds.maxDepth} levels of nesting`);
    }
    this.at++;
  }

  private name(names: Set<string>): void {
    const start = this.at;
    if (this.text[start] !== '"') throw this.unexpected('a name in double quotes');
    const name = this.string();
    this.path.push(name);
    if (name === '__proto__') throw this.refuse('JSON_FORBIDDEN_KEY', 'no member may be called "__proto__"', start);
    if (names.has(name)) throw this.refuse('JSON_DUPLICATE_KEY', 'this name was already given in this object', start);
    names.add(name);
    this.members++;
    if (this.members > this.bounds.maxKeys) {
      throw this.refuse('JSON_TOO_MANY_KEYS', `more than ${this.bounds.maxKeys} members`, start);
    }
  }

  private string(): string {
    const start = this.at;
    const escaped = this.skipString();
    const raw = this.text.slice(start + 1, this.at - 1);
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

  private number(): void {
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
  }

  private digits(): void {
    if (!isDigit(this.peek())) throw this.unexpected('a digit');
    while (isDigit(this.peek())) this.at++;
  }

  private literal(): void {
    const literal = LITERALS.find((word) => this.text.startsWith(word, this.at));
    if (literal === undefined) throw this.unexpected('a value');
    this.at += literal.length;
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
