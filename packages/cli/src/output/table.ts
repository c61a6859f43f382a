import { type Piece, safeLine, textOf } from './style.ts';

/** Widest a column is made for the sake of one cell; longer cells push the rest of their own line. */
const MAX_WIDTH = 60;

export interface TableOptions {
  /** Columns set flush right, by index: figures. */
  readonly right?: readonly number[];
  readonly indent?: number;
}

/** Lines with aligned columns, as pieces, so that looks survive. */
export function layoutTable(rows: readonly (readonly Piece[])[], options: TableOptions = {}): Piece[][] {
  const right = new Set(options.right);
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, Math.min(widthOf(cell), MAX_WIDTH));
    });
  }
  return rows.map((row) => {
    const line: Piece[] = [' '.repeat(options.indent ?? 0)];
    row.forEach((cell, column) => {
      const padding = ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell)));
      if (right.has(column)) line.push(padding, cell);
      else line.push(cell, padding);
      if (column < row.length - 1) line.push('  ');
    });
    return line;
  });
}

function widthOf(piece: Piece): number {
  return Array.from(safeLine(textOf(piece))).length;
}
