import { excerpt } from '../table/cast.ts';
import { type Cell, textOfCell, textOfNumber } from '../table/cell.ts';
import { keyOfCell } from '../table/cell-key.ts';
import type { ColumnType } from '../table/column-type.ts';
import { Sample } from './sample.ts';

const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;
const QUANTILE_NAMES = ['p05', 'p25', 'p50', 'p75', 'p95'] as const;

export interface ProfileBounds {
  readonly distinctLimit: number;
  readonly sampleSize: number;
  readonly examples: number;
}

/** What a profile says of a column. Values are shown as texts, masked where they look like secrets. */
export interface DescribedColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly nulls: number;
  readonly missing?: number;
  /** `null` when there are more than were counted; `distinct_more_than` says how many that is. */
  readonly distinct: number | null;
  readonly distinct_more_than?: number;
  readonly is_unique?: boolean;
  readonly min?: string;
  readonly max?: string;
  readonly not_finite?: number;
  readonly quantiles?: Readonly<Record<string, unknown>>;
  readonly text_length?: { readonly min: number; readonly max: number };
  readonly examples: readonly string[];
  readonly masked_values?: number;
}

type Value = Exclude<Cell, null | undefined>;

export class ColumnProfile {
  private nulls = 0;
  private missing = 0;
  private notFinite = 0;
  private isOver = false;
  private low: Value | undefined;
  private high: Value | undefined;
  /** A whole number beyond a double: quantiles show the nearest one. */
  private isRounded = false;
  private shortest = Number.POSITIVE_INFINITY;
  private longest = 0;
  private readonly distinct = new Set<string>();
  private readonly examples: Value[] = [];
  private readonly sample: Sample;
  private readonly name: string;
  private readonly type: ColumnType;
  private readonly bounds: ProfileBounds;

  constructor(name: string, type: ColumnType, bounds: ProfileBounds) {
    this.name = name;
    this.type = type;
    this.bounds = bounds;
    this.sample = new Sample(bounds.sampleSize);
  }

  add(cell: Cell): void {
    if (cell === undefined) this.missing += 1;
    else if (cell === null) this.nulls += 1;
    else this.addValue(cell);
  }

  private addValue(cell: Value): void {
    if (!this.isOver) this.addDistinct(cell);
    if (typeof cell === 'number' && !Number.isFinite(cell)) {
      this.notFinite += 1;
      return;
    }
    if (typeof cell === 'string') {
      this.shortest = Math.min(this.shortest, cell.length);
      this.longest = Math.max(this.longest, cell.length);
    } else if (typeof cell !== 'object') {
      this.sample.add(Number(cell));
      if (typeof cell === 'bigint') this.isRounded = true;
    }
    if (typeof cell === 'object' || this.type === 'json') return;
    if (this.low === undefined || isLess(cell, this.low, this.type)) this.low = cell;
    if (this.high === undefined || isLess(this.high, cell, this.type)) this.high = cell;
  }

  private addDistinct(cell: Value): void {
    const key = keyOfCell(cell);
    if (this.distinct.has(key)) return;
    if (this.distinct.size >= this.bounds.distinctLimit) {
      this.isOver = true;
      this.distinct.clear();
      return;
    }
    this.distinct.add(key);
    if (this.examples.length < this.bounds.examples) this.examples.push(cell);
  }

  /** @param rows of the table */
  describe(rows: number): DescribedColumn {
    const values = rows - this.nulls - this.missing;
    const distinct = this.isOver ? null : this.distinct.size;
    const shown = this.examples.map((cell) => excerpt(this.name, cell));
    const ends = [this.low, this.high].map((cell) => (cell === undefined ? undefined : excerpt(this.name, cell)));
    const masked = [...shown, ...ends].filter((text) => text?.includes('***REDACTED***') === true).length;
    const [min, max] = ends;
    return {
      name: this.name,
      type: this.type,
      nulls: this.nulls,
      ...(this.missing === 0 ? {} : { missing: this.missing }),
      distinct,
      ...(distinct === null ? { distinct_more_than: this.bounds.distinctLimit } : { is_unique: distinct === values }),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
      ...(this.notFinite === 0 ? {} : { not_finite: this.notFinite }),
      ...(this.type === 'integer' || this.type === 'number' ? { quantiles: this.quantiles() } : {}),
      ...(this.longest === 0 ? {} : { text_length: { min: this.shortest, max: this.longest } }),
      examples: shown,
      ...(masked === 0 ? {} : { masked_values: masked }),
    };
  }

  private quantiles(): Record<string, unknown> {
    const { values, isExact, size } = this.sample.quantiles(QUANTILES);
    const named = QUANTILE_NAMES.map((name, at) => [name, textOfNumber(values[at] ?? Number.NaN)]);
    return {
      ...(values.length === 0 ? {} : Object.fromEntries(named)),
      method: isExact ? 'exact' : 'estimate_from_every_nth_row',
      values: size,
      ...(this.isRounded ? { rounded_to_doubles: true } : {}),
    };
  }
}

/** Numbers and decimals by value, times in their order, everything else by its code units. */
function isLess(left: Value, right: Value, type: ColumnType): boolean {
  if (isNumeric(left) && isNumeric(right)) return left < right;
  const [own, other] = [textOfCell(left), textOfCell(right)];
  if (type === 'decimal') return unscaled(own) < unscaled(other);
  // Without its end a time that has no fraction is the beginning of one that has.
  return type === 'timestamp' ? own.slice(0, -1) < other.slice(0, -1) : own < other;
}

function isNumeric(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

const MOST_SCALE = 75;

function unscaled(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(MOST_SCALE, '0'));
}
