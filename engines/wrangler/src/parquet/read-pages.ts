import type { ColumnMetaData, DataReader, DecodedArray, PageHeader } from 'hyparquet';
import { parquetHeader, readPage } from 'hyparquet/src/column.js';
import { convert, DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import type { ColumnDecoder } from 'hyparquet/src/types.js';
import type { Cell } from '../table/cell.ts';
import { auditPage, isCount } from './page-audit.ts';
import { parquetInvalid, parquetTooLarge } from './refusal.ts';
import type { LeafColumn } from './schema.ts';
import { auditThrift } from './thrift-audit.ts';
import { unpackPage } from './unpack.ts';

/** What a row group may still take: its values and bytes are in memory together. */
export interface GroupAllowance {
  values: number;
  bytes: number;
}

/**
 * Decodes one column chunk. Every length that the file claims is compared with what is there, and with the
 * allowance, before the library sees the page.
 * @throws EngineError `WRANGLER_PARQUET_…`, `WRANGLER_TOO_LARGE`
 */
export function readChunk(
  file: Uint8Array,
  chunk: ColumnMetaData,
  column: LeafColumn,
  allowance: GroupAllowance,
): Cell[] {
  const view = chunkView(file, chunk);
  const decoder = decoderOf(chunk, column);
  const reader = { view, offset: 0 };
  let dictionary: DecodedArray | undefined;
  let cells: Cell[] | undefined;
  while (reader.offset < view.byteLength - 1) {
    auditThrift(view, reader.offset);
    const header = parquetHeader(reader);
    const packed = takeBody(reader, header);
    if (header.type === 'INDEX_PAGE') continue;
    charge(header, allowance);
    const { page, plain } = unpack(packed, header, chunk);
    const own = { view: new DataView(page.buffer, page.byteOffset, page.byteLength), offset: 0 };
    if (header.type === 'DICTIONARY_PAGE') {
      const { data } = readPage(own, plain, decoder, undefined, undefined, 0);
      dictionary = data === undefined ? undefined : convert(data, decoder);
      continue;
    }
    auditPage(page, plain, column);
    if (dictionary === undefined && encodingOf(plain).endsWith('_DICTIONARY'))
      throw parquetInvalid('a page refers to a dictionary that is not there');
    // A row of a nested column may go on from page to page, so those are assembled onto what there is.
    const { data } = readPage(own, plain, decoder, dictionary, column.isFlat ? undefined : cells, 0);
    if (data === undefined || data === cells) continue;
    cells = cells === undefined ? Array.from<Cell>(data) : append(cells, data);
  }
  return cells ?? [];
}

function encodingOf({ data_page_header: first, data_page_header_v2: second }: PageHeader): string {
  return first?.encoding ?? second?.encoding ?? '';
}

function append(cells: Cell[], data: DecodedArray): Cell[] {
  for (const value of data) cells.push(value);
  return cells;
}

function chunkView(file: Uint8Array, chunk: ColumnMetaData): DataView {
  const { data_page_offset: data, dictionary_page_offset: dictionary, total_compressed_size: size } = chunk;
  const start = Number(dictionary === undefined || dictionary === 0n || dictionary > data ? data : dictionary);
  if (!isCount(start) || !isCount(Number(size)) || start + Number(size) > file.byteLength)
    throw parquetInvalid('a column lies outside of it');
  // In a buffer of its own: pages are read as views at any alignment.
  return new DataView(file.buffer, file.byteOffset + start, Number(size));
}

function decoderOf(chunk: ColumnMetaData, { type, path, schemaPath, leaf }: LeafColumn): ColumnDecoder {
  const element = schemaPath.at(-1)?.element;
  if (element === undefined || chunk.type !== type) throw parquetInvalid('a column is not of the type of its schema');
  const toCell = (value: unknown): Cell => (value === undefined || value === null ? null : leaf.convert(value));
  return {
    pathInSchema: [...path],
    type,
    element,
    schemaPath,
    codec: 'UNCOMPRESSED',
    utf8: false,
    parsers: { ...DEFAULT_PARSERS, timestampFromMilliseconds: toCell, timestampFromNanoseconds: toCell },
  };
}

function takeBody(reader: DataReader, header: PageHeader): Uint8Array {
  const size = header.compressed_page_size;
  if (!isCount(size) || size > reader.view.byteLength - reader.offset) throw parquetInvalid('a page is cut off');
  const body = new Uint8Array(reader.view.buffer, reader.view.byteOffset + reader.offset, size);
  reader.offset += size;
  return body;
}

/** @throws EngineError when the page claims more than a row group may hold. */
function charge(header: PageHeader, allowance: GroupAllowance): void {
  const bytes = header.uncompressed_page_size;
  const own = header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header;
  const values = own?.num_values;
  if (!isCount(bytes) || !isCount(values)) throw parquetInvalid('a page says nothing of its size');
  if (header.type === 'DICTIONARY_PAGE' && values > bytes)
    throw parquetInvalid('a dictionary has more values than bytes');
  allowance.bytes -= bytes;
  allowance.values -= values;
  if (allowance.bytes < 0) throw parquetTooLarge('a row group whose pages unpack to more bytes than are allowed');
  if (allowance.values < 0) throw parquetTooLarge('a row group with more values than are allowed');
}

/** The page without compression, and a header that says so. */
function unpack(
  packed: Uint8Array,
  header: PageHeader,
  { codec }: ColumnMetaData,
): { page: Uint8Array; plain: PageHeader } {
  const second = header.data_page_header_v2;
  let page = packed;
  if (header.type !== 'DATA_PAGE_V2') page = unpackPage(packed, header.uncompressed_page_size, codec);
  else if (second !== undefined && second.is_compressed !== false) {
    // Levels come first, and are never compressed.
    const levels = second.repetition_levels_byte_length + second.definition_levels_byte_length;
    if (!isCount(levels) || levels > packed.length || levels > header.uncompressed_page_size)
      throw parquetInvalid('the lengths of a page contradict each other');
    const values = unpackPage(packed.subarray(levels), header.uncompressed_page_size - levels, codec);
    page = new Uint8Array(levels + values.length);
    page.set(packed.subarray(0, levels));
    page.set(values, levels);
  }
  const plain = { ...header, compressed_page_size: page.length, uncompressed_page_size: page.length };
  return {
    page,
    plain: second === undefined ? plain : { ...plain, data_page_header_v2: { ...second, is_compressed: false } },
  };
}
