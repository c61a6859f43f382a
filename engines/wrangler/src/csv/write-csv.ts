import { type Cell, textOfCell } from '../table/cell.ts';
import type { TextSink } from '../table/text-sink.ts';

export interface CsvWriting {
  readonly delimiter: string;
  readonly nullText: string;
  readonly lineEnd: '\n' | '\r\n';
}

/** Writes records as RFC 4180 has them; quotes only what needs them. */
export class CsvWriter {
  private readonly sink: TextSink;
  private readonly writing: CsvWriting;
  private readonly special: RegExp;

  constructor(sink: TextSink, writing: CsvWriting) {
    this.sink = sink;
    this.writing = writing;
    // A delimiter is one of a few known characters.
    this.special = new RegExp(`["\\r\\n\\${writing.delimiter}]`);
  }

  header(names: readonly string[]): void {
    const quoted = names.map((name) => this.quote(name));
    this.sink.add(`${quoted.length === 1 && names[0] === '' ? '""' : quoted.join(this.writing.delimiter)}`);
    this.sink.add(this.writing.lineEnd);
  }

  /** @param width number of columns: what a row lacks at its end is null. */
  row(cells: readonly Cell[], width: number): void {
    let line = '';
    for (let at = 0; at < width; at += 1) {
      const cell = cells[at] ?? null;
      const text = cell === null ? this.writing.nullText : textOfCell(cell);
      line += at === 0 ? this.quote(text) : this.writing.delimiter + this.quote(text);
    }
    // A lone empty field would be an empty line.
    this.sink.add((line === '' ? '""' : line) + this.writing.lineEnd);
  }

  private quote(text: string): string {
    return this.special.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }
}
