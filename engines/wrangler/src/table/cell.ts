/**
 * One value of a table, the same from every format. `undefined`: the row has no such member, which only JSON knows.
 * Whole numbers are `number` where a double holds them exactly, and `bigint` beyond. Dates, times, decimals and bytes
 * are text in their canonical form; the type of the column says what they are.
 */
export type Cell = null | undefined | boolean | number | bigint | string | readonly Cell[] | CellObject;

export interface CellObject {
  readonly [name: string]: Cell;
}

/** JSON of a cell with every digit of its numbers. What JSON cannot say, `NaN` and the infinities, becomes null. */
export function jsonOfCell(cell: Cell): string {
  switch (typeof cell) {
    case 'string':
      return JSON.stringify(cell);
    case 'number':
      return Number.isFinite(cell) ? textOfNumber(cell) : 'null';
    case 'bigint':
    case 'boolean':
      return String(cell);
    case 'object':
      return cell === null ? 'null' : jsonOfNested(cell);
    default:
      return 'null';
  }
}

function jsonOfNested(cell: readonly Cell[] | CellObject): string {
  if (isList(cell)) return `[${cell.map(jsonOfCell).join(',')}]`;
  return `{${Object.keys(cell)
    .map((name) => `${JSON.stringify(name)}:${jsonOfCell(cell[name])}`)
    .join(',')}}`;
}

export function isList(cell: readonly Cell[] | CellObject): cell is readonly Cell[] {
  return Array.isArray(cell);
}

/** Like `String`, but minus zero stays itself. */
export function textOfNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The text of a cell where there is only text, as in CSV. Null and missing have none. */
export function textOfCell(cell: Exclude<Cell, null | undefined>): string {
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number') return textOfNumber(cell);
  return typeof cell === 'object' ? jsonOfCell(cell) : String(cell);
}

/** A whole number as a cell: a `number` where it is safe. */
export function wholeNumber(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
