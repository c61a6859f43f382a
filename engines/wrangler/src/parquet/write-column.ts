import type { SchemaElement } from 'hyparquet';
import { fromBase64 } from '../table/base64.ts';
import { type Cell, jsonOfCell, textOfCell } from '../table/cell.ts';
import { daysOfDate, unitsOfInstant, unitsOfTime } from './instants.ts';

/** How the cells of a column are written. `digits`: of the fractions of a second. */
export type WrittenType =
  | { readonly type: 'boolean' | 'integer' | 'number' | 'text' | 'date' | 'binary' | 'json' }
  | { readonly type: 'time' | 'timestamp' | 'local_timestamp'; readonly digits: 6 | 9 }
  | { readonly type: 'decimal'; readonly scale: number };

/** Digits of a decimal in 16 bytes. */
export const DECIMAL_DIGITS = 38;

/** A column's element of the schema, and what the library is to be given for a cell that is not null. */
export interface ColumnPlan {
  readonly element: SchemaElement;
  readonly encode: (cell: Exclude<Cell, null | undefined>) => unknown;
}

export function planColumn(name: string, written: WrittenType): ColumnPlan {
  const base = { name, repetition_type: 'OPTIONAL' } as const;
  switch (written.type) {
    case 'boolean':
      return { element: { ...base, type: 'BOOLEAN' }, encode: (cell) => cell === true };
    case 'integer':
      return { element: { ...base, type: 'INT64' }, encode: (cell) => BigInt(textOfCell(cell)) };
    case 'number':
      return { element: { ...base, type: 'DOUBLE' }, encode: Number };
    case 'text':
      return textColumn(base);
    case 'json':
      return jsonColumn(base);
    case 'binary':
      return { element: { ...base, type: 'BYTE_ARRAY' }, encode: (cell) => fromBase64(textOfCell(cell)) };
    case 'decimal':
      return decimalColumn(base, written.scale);
    default:
      return calendarColumn(base, written);
  }
}

type Base = Pick<SchemaElement, 'name' | 'repetition_type'>;

function textColumn(base: Base): ColumnPlan {
  const element: SchemaElement = {
    ...base,
    type: 'BYTE_ARRAY',
    converted_type: 'UTF8',
    logical_type: { type: 'STRING' },
  };
  return { element, encode: textOfCell };
}

/**
 * The library would write JSON itself, without the digits of large numbers. It gets bytes, and the converted type is
 * added when all is written (`JSON_ELEMENTS`).
 */
function jsonColumn(base: Base): ColumnPlan {
  const encoder = new TextEncoder();
  const element: SchemaElement = { ...base, type: 'BYTE_ARRAY', logical_type: { type: 'JSON' } };
  return { element, encode: (cell) => encoder.encode(jsonOfCell(cell)) };
}

function decimalColumn(base: Base, scale: number): ColumnPlan {
  const element: SchemaElement = {
    ...base,
    type: 'FIXED_LEN_BYTE_ARRAY',
    type_length: 16,
    converted_type: 'DECIMAL',
    precision: DECIMAL_DIGITS,
    scale,
    logical_type: { type: 'DECIMAL', precision: DECIMAL_DIGITS, scale },
  };
  return { element, encode: (cell) => unscaled(textOfCell(cell), scale) };
}

function unscaled(text: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(scale, '0'));
}

function calendarColumn(base: Base, written: WrittenType): ColumnPlan {
  if (!('digits' in written)) {
    const element: SchemaElement = { ...base, type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } };
    return { element, encode: (cell) => daysOfDate(textOfCell(cell)) };
  }
  const { digits, type } = written;
  const unit = digits === 9 ? 'NANOS' : 'MICROS';
  const isAdjustedToUTC = type === 'timestamp';
  const logical_type = {
    type: type === 'time' ? ('TIME' as const) : ('TIMESTAMP' as const),
    isAdjustedToUTC,
    unit,
  } as const;
  const encode = type === 'time' ? unitsOfTime : unitsOfInstant;
  return { element: { ...base, type: 'INT64', logical_type }, encode: (cell) => encode(textOfCell(cell), digits) };
}
