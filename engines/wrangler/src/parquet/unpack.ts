import { decompress as decompressZstd } from 'fzstd';
import type { CompressionCodec } from 'hyparquet';
import { snappyUncompress } from 'hyparquet/src/snappy.js';
import { gunzip } from 'hyparquet-compressors/src/gzip.js';
import { decompressLz4, decompressLz4Raw } from 'hyparquet-compressors/src/lz4.js';
import { LIMITS } from '../limits.ts';
import { parquetInvalid, parquetTooLarge, parquetUnsupported } from './refusal.ts';

type Unpack = (packed: Uint8Array, size: number) => Uint8Array;

/** Each writes into a buffer of the declared size, which was checked before, and nowhere else. */
const UNPACKERS: Partial<Record<CompressionCodec, Unpack>> = {
  UNCOMPRESSED: (packed) => packed,
  SNAPPY: (packed, size) => {
    const out = new Uint8Array(size);
    snappyUncompress(packed, out);
    return out;
  },
  GZIP: (packed, size) => gunzip(packed, new Uint8Array(size)),
  ZSTD: (packed, size) => decompressZstd(packed, new Uint8Array(size)),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
};

/** Unpacks the content of a page. @throws EngineError `WRANGLER_PARQUET_…`, `WRANGLER_TOO_LARGE` */
export function unpackPage(packed: Uint8Array, size: number, codec: CompressionCodec): Uint8Array {
  const unpack = UNPACKERS[codec];
  if (unpack === undefined) throw parquetUnsupported(`pages compressed with ${String(codec)}`);
  if (size > LIMITS.maxPageBytes) throw parquetTooLarge(`a page of ${size} bytes; ${LIMITS.maxPageBytes} are allowed`);
  let page: Uint8Array;
  try {
    page = unpack(packed, size);
  } catch (cause) {
    throw parquetInvalid(`a page that is compressed with ${codec} cannot be unpacked`, cause);
  }
  if (page.length !== size) throw parquetInvalid('a page unpacks to another size than it says');
  return page;
}
