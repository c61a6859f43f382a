import { wranglerError } from '../errors.ts';
import type { Cell, CellObject } from '../table/cell.ts';
import { isList } from '../table/cell.ts';
import { ColumnNames } from '../table/columns.ts';
import { noNotes, type RowVisitor, type Source } from '../table/source.ts';
import { eachElement, eachLine, hasMark } from './elements.ts';
import { readJsonCell, readPlainJson } from './read-value.ts';

/** A JSON array of objects, or newline-delimited objects, as a table: its columns are all names, in order of appearance. */
export function openJson(bytes: Uint8Array, format: 'json' | 'ndjson'): Source {
  const columns = new ColumnNames();
  const notes = { ...noNotes(), byteOrderMark: hasMark(bytes) };
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const scan = (visit: RowVisitor): number => {
    let row = 0;
    notes.roundedNumbers = 0;
    notes.blankLines = 0;
    const onRounded = (): void => {
      notes.roundedNumbers += 1;
    };
    const visitElement = (element: Uint8Array, hasLongNumber: boolean): void => {
      row += 1;
      const value = readRow(row, () =>
        hasLongNumber ? readJsonCell(decoder.decode(element), onRounded) : readPlainJson(element),
      );
      visit(cellsOf(value, columns), row);
    };
    if (format === 'json') eachElement(bytes, visitElement);
    else notes.blankLines = eachLine(bytes, visitElement);
    return row;
  };
  return { format, columns, declared: undefined, notes, scan: async (visit) => scan(visit) };
}

function readRow(row: number, read: () => Cell): CellObject {
  let value: Cell;
  try {
    value = read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it cannot be read.';
    throw wranglerError('WRANGLER_JSON_INVALID', `Row ${row}: ${reason}`, cause);
  }
  if (typeof value === 'object' && value !== null && !isList(value)) return value;
  throw wranglerError('WRANGLER_JSON_INVALID', `Row ${row} is no object.`);
}

function cellsOf(value: CellObject, columns: ColumnNames): readonly Cell[] {
  const cells: Cell[] = columns.list.map(() => undefined);
  for (const name of Object.keys(value)) cells[columns.find(name) ?? columns.add(name)] = value[name];
  return cells;
}
