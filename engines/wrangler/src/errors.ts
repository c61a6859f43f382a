import { EngineError } from '@mex/engine-sdk';

/** How an operation of the wrangler may fail. */
export type WranglerErrorCode =
  | 'WRANGLER_COLUMN_DUPLICATE'
  | 'WRANGLER_COLUMN_REFUSED'
  | 'WRANGLER_COLUMN_UNKNOWN'
  | 'WRANGLER_CSV_MALFORMED'
  | 'WRANGLER_CSV_RAGGED'
  | 'WRANGLER_FORMAT_UNKNOWN'
  | 'WRANGLER_JSON_INVALID'
  | 'WRANGLER_LOSSY'
  | 'WRANGLER_NOT_TEXT'
  | 'WRANGLER_PARQUET_INVALID'
  | 'WRANGLER_PARQUET_UNSUPPORTED'
  | 'WRANGLER_SCHEMA_INVALID'
  | 'WRANGLER_TOO_LARGE'
  | 'WRANGLER_TYPE_MISMATCH';

/** An error of the data or of the request. Quotes of the data in `message` are short and never a whole cell. */
export function wranglerError(code: WranglerErrorCode, message: string, cause?: unknown): EngineError {
  return new EngineError(code, message, cause === undefined ? {} : { cause });
}
