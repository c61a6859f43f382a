/** Where something stands in a text: from 1; a column is a UTF-16 code unit, as editors count. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

const BLANKS = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const SCALAR = /[^,\]}\s]+/y;

/**
 * Finds a member in JSON text that was parsed before, for messages to a person. A path that leads nowhere answers with the
 * nearest place on the way.
 * @param path names and indexes, as a validator reports them
 */
export function findJsonPlace(text: string, path: readonly PropertyKey[]): TextPlace {
  return placeOf(text, new Walker(text).find(path));
}

class Walker {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Offset of a member's name, or of a list's entry. */
  find(path: readonly PropertyKey[]): number {
    this.#take(BLANKS);
    let found = this.#at;
    for (const step of path) {
      const place = this.#enter(String(step));
      if (place === undefined) return found;
      found = place;
    }
    return found;
  }

  /** Goes to a member of what begins here; answers where it is named. */
  #enter(step: string): number | undefined {
    const open = this.#text[this.#at];
    if (open !== '{' && open !== '[') return undefined;
    this.#at += 1;
    for (let index = 0; this.#more(); index += 1) {
      const start = this.#at;
      const name = open === '{' ? this.#name() : String(index);
      if (name === step) return start;
      this.#skip();
      this.#take(BLANKS);
      if (this.#text[this.#at] === ',') this.#at += 1;
    }
    return undefined;
  }

  #more(): boolean {
    this.#take(BLANKS);
    const char = this.#text[this.#at];
    return char !== undefined && char !== '}' && char !== ']';
  }

  /** Reads a name and its colon. */
  #name(): string {
    const quoted = this.#take(STRING);
    this.#take(BLANKS);
    this.#at += 1;
    this.#take(BLANKS);
    const name: unknown = quoted === '' ? '' : JSON.parse(quoted);
    return String(name);
  }

  /** Goes past one value, without recursion: policies are short, but nobody has promised that they are flat. */
  #skip(): void {
    let depth = 0;
    do {
      this.#take(BLANKS);
      const char = this.#text[this.#at];
      if (char === undefined) return;
      if (char === '"') this.#take(STRING);
      else if (char === '{' || char === '[') depth += this.#step(1);
      else if (char === '}' || char === ']') depth += this.#step(-1);
      else if (char === ',' || char === ':') this.#step(0);
      else this.#take(SCALAR);
    } while (depth > 0);
  }

  #step(depth: number): number {
    this.#at += 1;
    return depth;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [taken = ''] = pattern.exec(this.#text) ?? [];
    this.#at += taken.length;
    return taken;
  }
}

function placeOf(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
