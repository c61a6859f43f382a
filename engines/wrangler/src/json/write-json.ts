import { type Cell, jsonOfCell } from '../table/cell.ts';
import type { TextSink } from '../table/text-sink.ts';

/** Writes rows as objects, one a line: inside of an array for `json`, bare for `ndjson`. */
export class JsonWriter {
  private readonly sink: TextSink;
  private readonly isArray: boolean;
  private rows = 0;
  private names: string[] = [];

  constructor(sink: TextSink, format: 'json' | 'ndjson') {
    this.sink = sink;
    this.isArray = format === 'json';
  }

  header(names: readonly string[]): void {
    this.names = names.map((name) => `${JSON.stringify(name)}:`);
    if (this.isArray) this.sink.add('[');
  }

  /** A missing cell stays missing. */
  row(cells: readonly Cell[]): void {
    let text = '';
    for (const [at, name] of this.names.entries()) {
      const cell = cells[at];
      if (cell !== undefined) text += `${text === '' ? '' : ','}${name}${jsonOfCell(cell)}`;
    }
    const before = this.isArray ? (this.rows === 0 ? '\n' : ',\n') : '';
    this.rows += 1;
    this.sink.add(`${before}{${text}}${this.isArray ? '' : '\n'}`);
  }

  end(): void {
    if (this.isArray) this.sink.add(this.rows === 0 ? ']\n' : '\n]\n');
  }
}
