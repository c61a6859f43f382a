import type { Cell } from './cell.ts';
import type { ColumnType } from './column-type.ts';
import type { ColumnNames } from './columns.ts';

export const FORMATS = ['csv', 'json', 'ndjson', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

/**
 * Gets one row after the other; `cells` is the caller's own only until the visitor returns. A JSON table may learn of
 * a column in a late row: earlier rows were shorter then.
 * @param row counted from 1
 */
export type RowVisitor = (cells: readonly Cell[], row: number) => void;

/** What reading itself lost or passed over, counted. */
export interface ReadNotes {
  byteOrderMark: boolean;
  blankLines: number;
  /** Numbers with more digits than a double keeps. */
  roundedNumbers: number;
}

/** A table that can be read from its beginning as often as needed, without being in memory as a whole. */
export interface Source {
  readonly format: Format;
  /** Complete when the first scan is over; for CSV and Parquet from the start. */
  readonly columns: ColumnNames;
  /** What the file itself says of its columns. Only Parquet does. */
  readonly declared: readonly ColumnType[] | undefined;
  readonly notes: ReadNotes;
  /** @returns the number of rows. @throws EngineError when the input is not what it should be. */
  readonly scan: (visit: RowVisitor) => Promise<number>;
}

export function noNotes(): ReadNotes {
  return { byteOrderMark: false, blankLines: 0, roundedNumbers: 0 };
}
