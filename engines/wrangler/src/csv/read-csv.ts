import { dsvFormat } from 'd3-dsv';
import { wranglerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Cell } from '../table/cell.ts';
import { ColumnNames } from '../table/columns.ts';
import { noNotes, type RowVisitor, type Source } from '../table/source.ts';
import { QuoteAudit } from './quotes.ts';
import { detectEncoding, type Encoding, type TextStart, textPieces } from './text-pieces.ts';

export interface CsvReading {
  readonly delimiter: string;
  /** Whether the first record names the columns; otherwise they are `column_1`, `column_2`, … */
  readonly hasHeader: boolean;
  /** The text that stands for null. */
  readonly nullText: string;
  readonly encoding: Encoding | undefined;
  /** Called for a row with too few or too many fields; without it such a row ends the operation. */
  readonly onRagged?: (row: number, fields: number) => void;
}

/** A CSV file as a table of texts and nulls. @throws EngineError when there is no first record. */
export function openCsv(bytes: Uint8Array, reading: CsvReading): Source {
  const start = detectEncoding(bytes, reading.encoding);
  const first = readRecords(bytes, start, reading.delimiter).next();
  const names = first.done === true ? undefined : first.value[0];
  if (names === undefined || (names.length === 1 && names[0] === '' && reading.hasHeader))
    throw wranglerError('WRANGLER_CSV_MALFORMED', 'The CSV is empty: not even a header names its columns.');
  const columns = new ColumnNames();
  for (const [index, name] of names.entries()) columns.add(reading.hasHeader ? name : `column_${index + 1}`);
  const notes = { ...noNotes(), byteOrderMark: start.hasMark };
  return {
    format: 'csv',
    columns,
    declared: undefined,
    notes,
    scan: async (visit) => {
      notes.blankLines = 0;
      return scan(bytes, start, reading, columns.list.length, visit, () => {
        notes.blankLines += 1;
      });
    },
  };
}

function scan(
  bytes: Uint8Array,
  start: TextStart,
  reading: CsvReading,
  width: number,
  visit: RowVisitor,
  onBlank: () => void,
): number {
  let row = 0;
  let isHeader = reading.hasHeader;
  for (const records of readRecords(bytes, start, reading.delimiter)) {
    for (const fields of records) {
      if (isHeader) {
        isHeader = false;
        continue;
      }
      // An empty line is a row only where rows have one field.
      if (fields.length === 1 && fields[0] === '' && width > 1) {
        onBlank();
        continue;
      }
      row += 1;
      if (fields.length === width) visit(withNulls(fields, reading.nullText), row);
      else refuseRagged(reading, row, fields.length, width);
      if (row > LIMITS.maxRows)
        throw wranglerError('WRANGLER_TOO_LARGE', `A table of more than ${LIMITS.maxRows} rows.`);
    }
  }
  return row;
}

function withNulls(fields: readonly string[], nullText: string): readonly Cell[] {
  if (!fields.includes(nullText)) return fields;
  return fields.map((field) => (field === nullText ? null : field));
}

function refuseRagged({ onRagged }: CsvReading, row: number, fields: number, width: number): void {
  if (onRagged !== undefined) return onRagged(row, fields);
  throw wranglerError(
    'WRANGLER_CSV_RAGGED',
    `Row ${row} has ${fields} fields where there are ${width} columns. wrangler.validate_dataset lists all such rows.`,
  );
}

/** The records of a file, some at a time. A line end at the end of the file begins no record. */
function* readRecords(bytes: Uint8Array, start: TextStart, delimiter: string): Generator<string[][]> {
  const audit = new QuoteAudit(delimiter);
  const format = dsvFormat(delimiter);
  let rest: string[] = [];
  let restChars = 0;
  for (const { text, isLast } of textPieces(bytes, start)) {
    const own = audit.push(text, isLast);
    const end = isLast ? own.length : audit.recordEnd;
    if (end === 0 && !isLast) {
      rest.push(own);
      restChars += own.length;
      if (restChars > LIMITS.maxRowChars)
        throw wranglerError('WRANGLER_TOO_LARGE', `A record of more than ${LIMITS.maxRowChars} characters.`);
      continue;
    }
    const whole = rest.join('') + own.slice(0, end);
    if (whole !== '') yield format.parseRows(whole);
    rest = [own.slice(end)];
    restChars = own.length - end;
  }
}
