/**
 * Makes texts that a pattern matches, from the pattern itself, so that no secret-like text stands in the repository.
 * Understands the small dialect that the rules are written in and refuses anything else.
 */
export interface Shape {
  /** A text the pattern matches, drawn by `pick`, which returns an integer in [0, n). */
  readonly sample: (pick: (n: number) => number) => string;
  /** Most characters a match can have; `Infinity` when there is no bound. */
  readonly longest: number;
  /** Whether something repeats a variable number of times inside something that does so too. */
  readonly nested: boolean;
}

const PRINTABLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
const CLASSES: Readonly<Record<string, string>> = {
  d: '0123456789',
  w: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_',
  s: ' ',
  S: 'abcdefghijklmnopqrstuvwxyz0123456789',
};
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '' };
const NOTHING: Shape = { sample: () => '', longest: 0, nested: false };

class Reader {
  at = 0;
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
  peek(text: string): boolean {
    return this.source.startsWith(text, this.at);
  }
  take(text: string): boolean {
    if (!this.peek(text)) return false;
    this.at += text.length;
    return true;
  }
  next(): string {
    return this.source.charAt(this.at++);
  }
}

function choice(options: readonly Shape[]): Shape {
  return {
    sample: (pick) => options[pick(options.length)]?.sample(pick) ?? '',
    longest: Math.max(...options.map((option) => option.longest)),
    nested: options.some((option) => option.nested),
  };
}

function readAlternatives(reader: Reader): Shape {
  const options: Shape[] = [];
  do options.push(readSequence(reader));
  while (reader.take('|'));
  return choice(options);
}

function readSequence(reader: Reader): Shape {
  const parts: Shape[] = [];
  while (reader.at < reader.source.length && !reader.peek('|') && !reader.peek(')')) parts.push(readRepeated(reader));
  return {
    sample: (pick) => parts.map((part) => part.sample(pick)).join(''),
    longest: parts.reduce((sum, part) => sum + part.longest, 0),
    nested: parts.some((part) => part.nested),
  };
}

function readRepeated(reader: Reader): Shape {
  const atom = readAtom(reader);
  const counts = /^(?:\{(\d+)(,?)(\d*)\}|[*+?])\??/.exec(reader.source.slice(reader.at));
  if (counts === null) return atom;
  reader.at += counts[0].length;
  const sign = counts[0].charAt(0);
  const least = sign === '{' ? Number(counts[1]) : sign === '+' ? 1 : 0;
  const open = sign === '*' || sign === '+' || (counts[2] === ',' && counts[3] === '');
  const most = open ? Number.POSITIVE_INFINITY : sign === '?' ? 1 : Number(counts[3] || counts[1]);
  const variable = most !== least && most > 4;
  return {
    sample: (pick) =>
      Array.from({ length: least + (least === 0 || most === least ? 0 : pick(2)) }, () => atom.sample(pick)).join(''),
    longest: atom.longest === 0 ? 0 : atom.longest * most,
    nested: atom.nested || (variable && atom.longest > 1),
  };
}

function readAtom(reader: Reader): Shape {
  for (const around of ['(?=', '(?!', '(?<=', '(?<!']) {
    if (reader.take(around)) {
      readAlternatives(reader);
      reader.take(')');
      return NOTHING;
    }
  }
  if (reader.take('(?:') || reader.take('(')) {
    const inner = readAlternatives(reader);
    reader.take(')');
    return inner;
  }
  if (reader.take('[')) return readClass(reader);
  if (reader.peek('^') || reader.peek('$')) {
    reader.at++;
    return NOTHING;
  }
  if (reader.take('\\')) return escaped(reader.next());
  const char = reader.next();
  return oneOf(char === '.' ? PRINTABLE : [char]);
}

function escaped(char: string): Shape {
  const set = CLASSES[char];
  return set === undefined ? oneOf([ESCAPES[char] ?? char]) : oneOf(set.split(''));
}

function oneOf(chars: readonly string[]): Shape {
  return {
    sample: (pick) => chars[pick(chars.length)] ?? '',
    longest: chars.length === 1 ? (chars[0]?.length ?? 0) : 1,
    nested: false,
  };
}

function readClass(reader: Reader): Shape {
  const negated = reader.take('^');
  let chars: string[] = [];
  while (!reader.take(']')) {
    let char = reader.next();
    if (char === '\\') {
      char = reader.next();
      const set = CLASSES[char];
      if (set !== undefined) {
        chars.push(...set.split(''));
        continue;
      }
      char = ESCAPES[char] ?? char;
    }
    if (reader.peek('-') && reader.source.charAt(reader.at + 1) !== ']') {
      reader.at++;
      const last = reader.next().charCodeAt(0);
      for (let code = char.charCodeAt(0); code <= last; code++) chars.push(String.fromCharCode(code));
    } else chars.push(char);
  }
  if (negated) {
    const out = new Set(chars);
    chars = 'abcdefghijklmnopqrstuvwxyz0123456789'.split('').filter((char) => !out.has(char));
  }
  return oneOf(chars);
}

export function shapeOf(pattern: RegExp): Shape {
  return readAlternatives(new Reader(pattern.source));
}

/** Small, seeded and enough for fixtures. */
export function picker(seed: number): (n: number) => number {
  let state = seed >>> 0 || 1;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** A value drawn at random from an alphabet. */
export function randomText(length: number, alphabet: string, seed: number): string {
  const pick = picker(seed);
  return Array.from({ length }, () => alphabet.charAt(pick(alphabet.length))).join('');
}

export const HEX = '0123456789abcdef';
export const ALNUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
