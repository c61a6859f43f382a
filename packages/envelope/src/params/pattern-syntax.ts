import { ANY, type CharSet, complement, NAMED_SETS, union } from './char-set.ts';

/** What a pattern is made of. An assertion (`^`, `$`) matches no character and is an empty sequence here. */
export type PatternNode =
  | { readonly kind: 'chars'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly body: PatternNode; readonly least: number; readonly most: number };

const EMPTY: PatternNode = { kind: 'sequence', parts: [] };
const CONTROL: ReadonlyMap<string, number> = new Map([
  ['t', 0x09],
  ['n', 0x0a],
  ['v', 0x0b],
  ['f', 0x0c],
  ['r', 0x0d],
  ['0', 0x00],
]);

/**
 * Reads a pattern that `new RegExp(source, 'u')` accepted. `undefined` when it uses what the dialect has not:
 * look-around, backreferences, named groups, modifiers, `\b`.
 */
export function parsePattern(source: string): PatternNode | undefined {
  const reader = new PatternReader(source);
  const node = reader.choice();
  return reader.isForeign ? undefined : node;
}

class PatternReader {
  isForeign = false;
  private at = 0;
  /** By code point, as the `u` flag reads. */
  private readonly chars: readonly string[];

  constructor(source: string) {
    this.chars = Array.from(source);
  }

  choice(): PatternNode {
    const options = [this.sequence()];
    while (this.skip('|')) options.push(this.sequence());
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: 'choice', options };
  }

  private sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (!this.isForeign && this.at < this.chars.length && this.peek() !== '|' && this.peek() !== ')') {
      parts.push(this.quantified());
    }
    return { kind: 'sequence', parts };
  }

  private quantified(): PatternNode {
    const body = this.atom();
    const range = this.quantifier();
    if (range === undefined) return body;
    // Lazy or greedy: the same texts match.
    this.skip('?');
    return { kind: 'repeat', body, ...range };
  }

  private quantifier(): { least: number; most: number } | undefined {
    if (this.skip('*')) return { least: 0, most: Number.POSITIVE_INFINITY };
    if (this.skip('+')) return { least: 1, most: Number.POSITIVE_INFINITY };
    if (this.skip('?')) return { least: 0, most: 1 };
    if (!this.skip('{')) return undefined;
    const [least = '', most] = this.until('}').split(',');
    if (most === undefined) return { least: Number(least), most: Number(least) };
    return { least: Number(least), most: most === '' ? Number.POSITIVE_INFINITY : Number(most) };
  }

  private atom(): PatternNode {
    const char = this.next();
    if (char === '^' || char === '$') return EMPTY;
    if (char === '(') return this.group();
    if (char === '[') return { kind: 'chars', set: this.charClass() };
    if (char === '\\') return { kind: 'chars', set: this.escape() };
    return { kind: 'chars', set: NAMED_SETS.get(char === '.' ? char : '') ?? single(char) };
  }

  private group(): PatternNode {
    if (this.skip('?') && !this.skip(':')) this.isForeign = true;
    const inside = this.choice();
    this.skip(')');
    return inside;
  }

  private charClass(): CharSet {
    const isNegated = this.skip('^');
    const sets: CharSet[] = [];
    while (this.at < this.chars.length && !this.skip(']')) {
      const from = this.classAtom();
      const isRange = this.peek() === '-' && this.chars[this.at + 1] !== ']';
      if (!isRange) {
        sets.push(from);
        continue;
      }
      this.at++;
      sets.push([[from[0]?.[0] ?? 0, this.classAtom()[0]?.[1] ?? 0]]);
    }
    if (!isNegated) return union(sets);
    // `\p{…}` is taken as every character; its complement must not become none.
    return sets.includes(ANY) ? ANY : complement(union(sets));
  }

  private classAtom(): CharSet {
    const char = this.next();
    if (char !== '\\') return single(char);
    return this.skip('b') ? [[0x08, 0x08]] : this.escape();
  }

  /** One escape after its backslash. */
  private escape(): CharSet {
    const char = this.next();
    const named = NAMED_SETS.get(char === '.' ? '' : char);
    if (named !== undefined) return named;
    if (char === 'p' || char === 'P') {
      this.until('}');
      return ANY;
    }
    const control = CONTROL.get(char);
    if (control !== undefined) return [[control, control]];
    if (char === 'x') return this.hex(2);
    if (char === 'u') return this.peek() === '{' ? this.bracedHex() : this.surrogates();
    if (char === 'c') return single(String.fromCharCode(this.next().charCodeAt(0) % 32));
    // What is left as letter or digit is an assertion or a backreference; anything else stands for itself.
    if (/[A-Za-z0-9]/.test(char)) this.isForeign = true;
    return single(char);
  }

  private hex(digits: number): CharSet {
    const code = Number.parseInt(this.chars.slice(this.at, this.at + digits).join(''), 16);
    this.at += digits;
    return [[code, code]];
  }

  private bracedHex(): CharSet {
    this.at++;
    const code = Number.parseInt(this.until('}'), 16);
    return [[code, code]];
  }

  /** `\uD83D\uDE00` is one character under the `u` flag. */
  private surrogates(): CharSet {
    const rest = this.chars.slice(this.at, this.at + 10).join('');
    const pair = /^(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})/i.exec(rest);
    if (pair === null) return this.hex(4);
    this.at += 10;
    const [, high = '', low = ''] = pair;
    return single(String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)));
  }

  /** The text up to a character, and past it. */
  private until(end: string): string {
    const stop = this.chars.indexOf(end, this.at);
    const text = this.chars.slice(this.at, stop).join('');
    this.at = stop + 1;
    return text;
  }

  private peek(): string | undefined {
    return this.chars[this.at];
  }

  private next(): string {
    const char = this.chars[this.at] ?? '';
    this.at++;
    return char;
  }

  private skip(char: string): boolean {
    if (this.chars[this.at] !== char) return false;
    this.at++;
    return true;
  }
}

function single(char: string): CharSet {
  const code = char.codePointAt(0) ?? 0;
  return [[code, code]];
}
