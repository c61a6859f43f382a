import { fractionDigits } from '../parquet/instants.ts';
import { type Cell, textOfCell } from './cell.ts';
import type { ColumnType } from './column-type.ts';
import { TextKinds } from './text-kinds.ts';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
/** Years that nanoseconds since 1970 reach in 64 bits, whole ones. */
const NANO_YEARS = { first: 1678, last: 2261 };

/** What the cells of one column are, all of them. */
export class ColumnFacts {
  nulls = 0;
  missing = 0;
  notFinite = 0;
  /** Cells, other than null, that CSV would write as the text for null. */
  likeNull = 0;
  /** Most digits after and before the point of a decimal. */
  scale = 0;
  whole = 0;
  digits: 6 | 9 = 6;
  /** A whole number that 64 bits do not hold, or a point in time that they do not hold in its unit. */
  isBeyond64 = false;
  private booleans = 0;
  private integers = 0;
  private unsafe = 0;
  private doubles = 0;
  private texts = 0;
  private nested = 0;
  private firstYear = 9_999;
  private lastYear = 0;
  private readonly fixed: ColumnType | undefined;
  private readonly kinds: TextKinds | undefined;
  private readonly nullText: string;

  /** @param fixed the type that is known; @param infer whether texts may turn out to be of another type */
  constructor(fixed: ColumnType | undefined, infer: boolean, nullText: string) {
    this.fixed = fixed;
    this.kinds = fixed === undefined && infer ? new TextKinds() : undefined;
    this.nullText = nullText;
  }

  add(cell: Cell): void {
    if (cell === undefined) this.missing += 1;
    else if (cell === null) this.nulls += 1;
    else this.addValue(cell);
  }

  private addValue(cell: Exclude<Cell, null | undefined>): void {
    if (typeof cell === 'string') this.addText(cell);
    else if (typeof cell === 'number') this.addNumber(cell);
    else if (typeof cell === 'bigint') {
      this.integers += 1;
      this.unsafe += 1;
      if (cell < INT64_MIN || cell > INT64_MAX) this.isBeyond64 = true;
    } else if (typeof cell === 'boolean') this.booleans += 1;
    else this.nested += 1;
    if (this.nullText !== '' && typeof cell !== 'string' && textOfCell(cell) === this.nullText) this.likeNull += 1;
  }

  private addNumber(cell: number): void {
    if (Number.isSafeInteger(cell) && !Object.is(cell, -0)) this.integers += 1;
    else this.doubles += 1;
    if (!Number.isFinite(cell)) this.notFinite += 1;
  }

  private addText(text: string): void {
    this.texts += 1;
    if (text === this.nullText) this.likeNull += 1;
    this.kinds?.add(text);
    const { fixed } = this;
    if (fixed === 'decimal') {
      const [whole = '', fraction = ''] = text.replace('-', '').split('.');
      this.scale = Math.max(this.scale, fraction.length);
      this.whole = Math.max(this.whole, whole.length);
    } else if (fixed === 'text' || text.length > 40) return;
    else if (this.kinds !== undefined && text.length > 18) {
      if (/^-?[0-9]+$/.test(text) && BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) this.isBeyond64 = true;
    }
    if (text[4] === '-' || text[2] === ':') this.addCalendar(text);
  }

  private addCalendar(text: string): void {
    if (fractionDigits(text) === 9) this.digits = 9;
    const year = text[4] === '-' ? Number(text.slice(0, 4)) : NANO_YEARS.first;
    if (year < this.firstYear) this.firstYear = year;
    if (year > this.lastYear) this.lastYear = year;
  }

  /** Whether every point in time of the column fits into 64 bits in its unit. */
  fitsCalendar(): boolean {
    return this.digits === 6 || (this.firstYear >= NANO_YEARS.first && this.lastYear <= NANO_YEARS.last);
  }

  /** The type of the column; `json` where its cells are of several kinds, or nested. */
  type(): ColumnType {
    if (this.fixed !== undefined) return this.fixed;
    if (this.kinds !== undefined) return this.kinds.type();
    const numbers = this.integers + this.doubles;
    const kinds = [this.booleans, numbers, this.texts, this.nested].filter((count) => count > 0).length;
    if (kinds > 1 || this.nested > 0) return 'json';
    if (this.booleans > 0) return 'boolean';
    if (numbers === 0) return 'text';
    if (this.doubles === 0) return 'integer';
    return this.unsafe === 0 ? 'number' : 'json';
  }

  /** Whether the column is `json` only because its cells are of several kinds. */
  isMixed(): boolean {
    return this.fixed === undefined && this.nested === 0 && this.type() === 'json';
  }
}
