import { EngineError } from '@mex/engine-sdk';
import type { FileMetaData, RowGroup, SchemaTree } from 'hyparquet';
import { assembleNested } from 'hyparquet/src/assemble.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { parquetMetadata } from 'hyparquet/src/metadata.js';
import { LIMITS } from '../limits.ts';
import type { Cell } from '../table/cell.ts';
import { ColumnNames } from '../table/columns.ts';
import { noNotes, type RowVisitor, type Source } from '../table/source.ts';
import { tidyNested } from './nested.ts';
import { type GroupAllowance, readChunk } from './read-pages.ts';
import { parquetInvalid, parquetTooLarge, parquetUnsupported } from './refusal.ts';
import { type ParquetSchema, pathKey, readSchema } from './schema.ts';
import { auditThrift } from './thrift-audit.ts';

const MAGIC = 0x31524150;

/** A Parquet file as a table; one row group at a time is in memory. @throws EngineError `WRANGLER_…` */
export function openParquet(file: Uint8Array): Source {
  const notes = noNotes();
  const onRounded = (): void => {
    notes.roundedNumbers += 1;
  };
  const metadata = guarded(() => readMetadata(file));
  const schema = guarded(() => readSchema(metadata, onRounded));
  const columns = new ColumnNames();
  for (const { element } of schema.columns) columns.add(element.name);
  const scan = async (visit: RowVisitor): Promise<number> => {
    notes.roundedNumbers = 0;
    let row = 0;
    for (const group of metadata.row_groups) {
      const cells = guarded(() => readGroup(file, group, schema));
      const rows = Number(group.num_rows);
      for (let index = 0; index < rows; index += 1) {
        row += 1;
        visit(
          cells.map((column) => column[index]),
          row,
        );
      }
    }
    return row;
  };
  return { format: 'parquet', columns, declared: schema.types, notes, scan };
}

/** What the library throws of a damaged file is of any kind; a file is never a fault of the engine. */
function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw parquetInvalid(cause instanceof Error ? cause.message.slice(0, 200) : 'it cannot be read', cause);
  }
}

function readMetadata(file: Uint8Array): FileMetaData {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const size = file.byteLength;
  if (size < 12 || view.getUint32(0, true) !== MAGIC) throw parquetInvalid('it does not begin with "PAR1"');
  if (view.getUint32(size - 4, true) !== MAGIC)
    throw parquetInvalid('it does not end with "PAR1": it is cut off, or encrypted');
  const length = view.getUint32(size - 8, true);
  if (length > size - 12) throw parquetInvalid('its metadata are longer than the file');
  const end = auditThrift(new DataView(file.buffer, file.byteOffset, size - 8), size - 8 - length);
  if (end > size - 8) throw parquetInvalid('its metadata are cut off');
  const metadata = parquetMetadata(file, { geoparquet: false, parsers: PLAIN_STATISTICS });
  verifyGroups(metadata);
  return metadata;
}

/** Statistics are not used: nothing in them shall be a reason to refuse a file. */
const nothing = (): undefined => undefined;
const PLAIN_STATISTICS = {
  timestampFromMilliseconds: nothing,
  timestampFromMicroseconds: nothing,
  timestampFromNanoseconds: nothing,
  dateFromDays: nothing,
  stringFromBytes: nothing,
  jsonFromBytes: nothing,
  uuidFromBytes: nothing,
};

function verifyGroups({ row_groups: groups, num_rows: claimed }: FileMetaData): void {
  let rows = 0;
  for (const group of groups) {
    const own = Number(group.num_rows);
    if (!Number.isSafeInteger(own) || own < 0) throw parquetInvalid('a row group has an impossible number of rows');
    if (own > LIMITS.maxGroupValues) throw parquetTooLarge(`a row group of ${own} rows`);
    rows += own;
    for (const { file_path: path, meta_data: data, crypto_metadata: crypto } of group.columns) {
      if (path !== undefined && path !== '') throw parquetUnsupported('columns in other files');
      if (crypto !== undefined || data === undefined) throw parquetUnsupported('encrypted columns');
    }
  }
  if (rows !== Number(claimed)) throw parquetInvalid('its row groups have another number of rows than it says');
  if (rows > LIMITS.maxRows) throw parquetTooLarge(`${rows} rows; ${LIMITS.maxRows} are allowed`);
}

/** One array of cells a column, each of as many as the group has rows. */
function readGroup(file: Uint8Array, group: RowGroup, schema: ParquetSchema): (readonly Cell[])[] {
  const allowance: GroupAllowance = { values: LIMITS.maxGroupValues, bytes: LIMITS.maxGroupBytes };
  const rows = Number(group.num_rows);
  const found = new Map<string, Cell[]>();
  for (const { meta_data: chunk } of group.columns) {
    const column = chunk === undefined ? undefined : schema.leaves.get(pathKey(chunk.path_in_schema));
    if (chunk === undefined || column === undefined)
      throw parquetInvalid('it has a column that its schema does not know');
    found.set(pathKey(column.path), readChunk(file, chunk, column, allowance));
  }
  return schema.columns.map((node) => {
    const cells = columnCells(node, found, schema);
    if (cells.length !== rows)
      throw parquetInvalid(`a column has ${cells.length} values in a row group of ${rows} rows`);
    return cells;
  });
}

function columnCells(node: SchemaTree, found: ReadonlyMap<string, Cell[]>, schema: ParquetSchema): readonly Cell[] {
  if (node.children.length === 0) {
    const cells = found.get(pathKey(node.path));
    if (cells === undefined) throw parquetInvalid('a row group lacks a column');
    if (node.element.repetition_type === 'REPEATED') return cells.map((cell) => tidyNested(cell, node, schema.maps));
    if (cells.includes(undefined)) throw parquetInvalid('a value refers to an entry that its dictionary lacks');
    return cells;
  }
  const parts = new Map<string, Cell[]>();
  for (const [key, cells] of found) {
    const path = key.split('\u0000');
    if (path[0] === node.path[0]) parts.set(path.join('.'), cells);
  }
  assembleNested(parts, node, DEFAULT_PARSERS);
  const assembled = parts.get(node.path.join('.'));
  if (assembled === undefined) throw parquetInvalid('a nested column cannot be put together');
  return assembled.map((cell) => tidyNested(cell, node, schema.maps));
}
