import type { SchemaElement } from 'hyparquet';
import { readJsonCell } from '../json/read-value.ts';
import { toBase64 } from '../table/base64.ts';
import { type Cell, wholeNumber } from '../table/cell.ts';
import type { ColumnType } from '../table/column-type.ts';
import { dateText, instantText, timeText } from './instants.ts';
import { parquetInvalid, parquetUnsupported } from './refusal.ts';

/** How the values of a leaf column become cells. */
export interface Leaf {
  readonly type: ColumnType;
  /** Gets what the library decodes: a boolean, a number, a bigint or bytes. */
  readonly convert: (value: unknown) => Cell;
}

const DIGITS = { MILLIS: 3, MICROS: 6, NANOS: 9 } as const;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws EngineError `WRANGLER_PARQUET_UNSUPPORTED` */
export function leafOf(element: SchemaElement, onRounded: () => void): Leaf {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (converted === 'BSON' || converted === 'INTERVAL' || logical?.type === 'VARIANT')
    throw parquetUnsupported(`values of type ${converted ?? 'VARIANT'}`);
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') return decimal(element);
  if (type === 'BOOLEAN') return { type: 'boolean', convert: (value) => value === true };
  if (type === 'FLOAT' || type === 'DOUBLE') return { type: 'number', convert: Number };
  if (type === 'INT96') return { type: 'timestamp', convert: (value) => `${instantText(nanosOf(value), 9)}Z` };
  if (type === 'INT32' || type === 'INT64') return number(element);
  return bytes(element, onRounded);
}

function decimal(element: SchemaElement): Leaf {
  const scale = element.scale ?? (element.logical_type?.type === 'DECIMAL' ? element.logical_type.scale : 0);
  if (!Number.isInteger(scale) || scale < 0 || scale > 75)
    throw parquetInvalid('it has a decimal of an impossible scale');
  return { type: 'decimal', convert: (value) => decimalText(signed(value), scale) };
}

function decimalText(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function signed(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return BigInt(value);
  let whole = 0n;
  const own = bytesOf(value);
  for (const byte of own) whole = whole * 256n + BigInt(byte);
  return BigInt.asIntN(own.length * 8, whole);
}

function number({ type, converted_type: converted, logical_type: logical }: SchemaElement): Leaf {
  if (converted === 'DATE' || logical?.type === 'DATE')
    return { type: 'date', convert: (value) => dateText(Number(value)) };
  if (logical?.type === 'TIME' || converted === 'TIME_MILLIS' || converted === 'TIME_MICROS') {
    const digits = logical?.type === 'TIME' ? DIGITS[logical.unit] : converted === 'TIME_MILLIS' ? 3 : 6;
    return { type: 'time', convert: (value) => timeText(signed(value), digits) };
  }
  if (logical?.type === 'TIMESTAMP' || converted === 'TIMESTAMP_MILLIS' || converted === 'TIMESTAMP_MICROS') {
    const digits = logical?.type === 'TIMESTAMP' ? DIGITS[logical.unit] : converted === 'TIMESTAMP_MILLIS' ? 3 : 6;
    if (logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC)
      return { type: 'local_timestamp', convert: (value) => instantText(signed(value), digits) };
    return { type: 'timestamp', convert: (value) => `${instantText(signed(value), digits)}Z` };
  }
  const isUnsigned = converted?.startsWith('UINT_') ?? (logical?.type === 'INTEGER' && !logical.isSigned);
  const bits = type === 'INT32' ? 32 : 64;
  if (isUnsigned) return { type: 'integer', convert: (value) => wholeNumber(BigInt.asUintN(bits, signed(value))) };
  if (bits === 32) return { type: 'integer', convert: Number };
  return { type: 'integer', convert: (value) => wholeNumber(signed(value)) };
}

function bytes(
  { type_length: length, converted_type: converted, logical_type: logical }: SchemaElement,
  onRounded: () => void,
): Leaf {
  if (converted === 'UTF8' || converted === 'ENUM' || logical?.type === 'STRING' || logical?.type === 'ENUM')
    return { type: 'text', convert: (value) => textOf(bytesOf(value)) };
  if (converted === 'JSON' || logical?.type === 'JSON')
    return { type: 'json', convert: (value) => jsonOf(textOf(bytesOf(value)), onRounded) };
  if (logical?.type === 'UUID' && length === 16) return { type: 'text', convert: (value) => uuidText(bytesOf(value)) };
  if (logical?.type === 'FLOAT16' && length === 2) return { type: 'number', convert: (value) => half(bytesOf(value)) };
  return { type: 'binary', convert: (value) => toBase64(bytesOf(value)) };
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw parquetInvalid('a value is missing');
}

function textOf(own: Uint8Array): string {
  try {
    return decoder.decode(own);
  } catch (cause) {
    throw parquetInvalid('a text in it is not UTF-8', cause);
  }
}

function jsonOf(text: string, onRounded: () => void): Cell {
  try {
    return readJsonCell(text, onRounded);
  } catch (cause) {
    throw parquetInvalid('a JSON value in it is no JSON', cause);
  }
}

function uuidText(own: Uint8Array): string {
  const hex = Array.from(own, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function half(own: Uint8Array): number {
  const bits = (own[1] ?? 0) * 256 + (own[0] ?? 0);
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Julian days and nanoseconds of the day, as the library packs them. */
function nanosOf(value: unknown): bigint {
  const packed = signed(value);
  return (BigInt.asIntN(32, packed >> 64n) - 2_440_588n) * 86_400_000_000_000n + BigInt.asUintN(64, packed);
}
