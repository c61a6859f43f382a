import { CsvWriter } from '../csv/write-csv.ts';
import { JsonWriter } from '../json/write-json.ts';
import type { WrittenType } from '../parquet/write-column.ts';
import { ParquetTable } from '../parquet/write-parquet.ts';
import { Cast, refuseCell } from '../table/cast.ts';
import type { Cell } from '../table/cell.ts';
import { NOT_OF_TYPE } from '../table/column-type.ts';
import type { RowVisitor, Source } from '../table/source.ts';
import { TextSink } from '../table/text-sink.ts';
import type { ConvertParams } from './convert.ts';
import type { ConvertedColumn } from './losses.ts';

/** Reads the table once more and writes it. @returns the bytes of the file. */
export async function writeTable(
  source: Source,
  columns: readonly ConvertedColumn[],
  written: readonly WrittenType[],
  params: ConvertParams,
): Promise<Uint8Array> {
  const names = columns.map(({ name }) => name);
  const ready = readyCells(source, columns, params);
  if (params.to === 'parquet') {
    const codec = params.target?.compression === 'none' ? 'UNCOMPRESSED' : 'SNAPPY';
    const table = new ParquetTable(names, written, codec);
    await source.scan((cells, row) => table.row(ready(cells, row)));
    return table.end();
  }
  const sink = new TextSink();
  if (params.to === 'csv') {
    const { delimiter = ',', line_end: lineEnd = 'lf', null_text: nullText = '' } = params.target ?? {};
    const writer = new CsvWriter(sink, { delimiter, nullText, lineEnd: lineEnd === 'crlf' ? '\r\n' : '\n' });
    writer.header(names);
    await source.scan((cells, row) => writer.row(ready(cells, row), names.length));
  } else {
    const writer = new JsonWriter(sink, params.to);
    writer.header(names);
    await source.scan((cells, row) => writer.row(ready(cells, row)));
    writer.end();
  }
  return sink.finish();
}

/** Texts become values of the type of their column where that was found out or said; all others are as they stand. */
function readyCells(
  source: Source,
  columns: readonly ConvertedColumn[],
  params: ConvertParams,
): (...row: Parameters<RowVisitor>) => readonly Cell[] {
  const given = new Set(params.columns?.map(({ name }) => name));
  const casts = columns.map(({ name, type }) => {
    const isCast = source.format === 'csv' ? params.to !== 'csv' : given.has(name);
    return isCast && type !== 'text' ? new Cast(type) : undefined;
  });
  if (casts.every((cast) => cast === undefined)) return (cells) => cells;
  return (cells, row) =>
    cells.map((cell, at) => {
      const cast = casts[at];
      if (cast === undefined) return cell;
      const own = cast.cell(cell);
      return own === NOT_OF_TYPE ? refuseCell(row, columns[at]?.name ?? '', cast.type) : own;
    });
}
