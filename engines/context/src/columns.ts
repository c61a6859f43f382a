/** Columns of ascending offsets in a line: Unicode code points, from 1. */
export class Columns {
  readonly #line: string;
  #offset = 0;
  #column = 1;

  constructor(line: string) {
    this.#line = line;
  }

  /** @param offset UTF-16, not below the one asked for before */
  at(offset: number): number {
    while (this.#offset < offset && this.#offset < this.#line.length) {
      const code = this.#line.codePointAt(this.#offset) ?? 0;
      this.#offset += code > 0xffff ? 2 : 1;
      this.#column++;
    }
    return this.#column;
  }
}
