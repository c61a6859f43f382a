import { wranglerError } from '../errors.ts';

export function parquetInvalid(what: string, cause?: unknown): Error {
  return wranglerError('WRANGLER_PARQUET_INVALID', `The Parquet file is damaged or forged: ${what}.`, cause);
}

export function parquetUnsupported(what: string): Error {
  return wranglerError('WRANGLER_PARQUET_UNSUPPORTED', `The Parquet file has ${what}, which is not read here.`);
}

export function parquetTooLarge(what: string): Error {
  return wranglerError('WRANGLER_TOO_LARGE', `The Parquet file has ${what}.`);
}
