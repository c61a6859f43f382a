import { type Static, Type } from '@mex/engine-sdk';
import { compileParamsSchema } from '@mex/envelope';
import { wranglerError } from '../errors.ts';
import { Cast } from '../table/cast.ts';
import { type Cell, textOfCell } from '../table/cell.ts';
import { keyOfCell } from '../table/cell-key.ts';
import { COLUMN_TYPES, NOT_OF_TYPE } from '../table/column-type.ts';
import { oneOf } from './open-table.ts';

export const ColumnRule = Type.Object({
  name: Type.String({ maxLength: 1_024 }),
  type: oneOf(COLUMN_TYPES, 'What its cells must be'),
  optional: Type.Optional(Type.Boolean({ description: 'The table may lack the column; default false' })),
  nullable: Type.Optional(Type.Boolean({ description: 'Cells may be null or missing; default false' })),
  unique: Type.Optional(Type.Boolean({ description: 'No value may come twice; nulls do not count' })),
  minimum: Type.Optional(Type.Number()),
  maximum: Type.Optional(Type.Number()),
  min_length: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  max_length: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  pattern: Type.Optional(
    Type.String({
      maxLength: 256,
      description: 'What texts must match, in the dialect of params schemas: no backtracking',
    }),
  ),
  values: Type.Optional(
    Type.Array(Type.Union([Type.String({ maxLength: 256 }), Type.Number(), Type.Boolean()]), {
      minItems: 1,
      maxItems: 1_000,
    }),
  ),
});
export type ColumnRule = Static<typeof ColumnRule>;

/** What may be wrong with a table. Codes of findings, not of errors. */
export type FindingCode =
  | 'COLUMN_MISSING'
  | 'COLUMN_UNKNOWN'
  | 'ROW_RAGGED'
  | 'ROW_SCHEMA'
  | 'VALUE_LENGTH'
  | 'VALUE_NOT_LISTED'
  | 'VALUE_NULL'
  | 'VALUE_PATTERN'
  | 'VALUE_RANGE'
  | 'VALUE_REPEATED'
  | 'VALUE_TYPE';

export interface Fault {
  readonly code: FindingCode;
  readonly message: string;
}

/** Texts that are longer match no pattern. */
const MAX_PATTERN_TEXT = 1_024;

/** One rule, ready to be held against the cells of its column. */
export class ColumnCheck {
  readonly rule: ColumnRule;
  private readonly cast: Cast;
  private readonly isText: boolean;
  private readonly seen: Set<string> | undefined;
  private readonly listed: ReadonlySet<string> | undefined;
  private readonly matches: ((text: string) => boolean) | undefined;

  /** @param isText whether the format has nothing but texts, so that `1` is a number */
  constructor(rule: ColumnRule, isText: boolean) {
    this.rule = rule;
    this.cast = new Cast(rule.type);
    this.isText = isText;
    this.seen = rule.unique === true ? new Set() : undefined;
    this.listed = rule.values === undefined ? undefined : new Set(rule.values.map((value) => keyOfCell(value)));
    this.matches = rule.pattern === undefined ? undefined : compilePattern(rule.pattern);
  }

  check(raw: Cell): Fault | undefined {
    const { rule } = this;
    if (raw === null || raw === undefined)
      return rule.nullable === true ? undefined : { code: 'VALUE_NULL', message: 'The cell is null or missing.' };
    const cell = this.isText ? this.cast.cell(raw) : this.cast.strict(raw);
    if (cell === NOT_OF_TYPE) return { code: 'VALUE_TYPE', message: `The cell is no ${rule.type}.` };
    if (cell === null || cell === undefined) return undefined;
    return this.checkRange(cell) ?? this.checkText(cell) ?? this.checkSet(cell);
  }

  private checkRange(cell: Exclude<Cell, null | undefined>): Fault | undefined {
    const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY, type } = this.rule;
    const value =
      typeof cell === 'number' || typeof cell === 'bigint' ? cell : type === 'decimal' ? Number(cell) : undefined;
    if (value === undefined || (value >= minimum && value <= maximum)) return undefined;
    // NaN is in no range, but without one it is as good a number as any.
    if (this.rule.minimum === undefined && this.rule.maximum === undefined) return undefined;
    return { code: 'VALUE_RANGE', message: `The number is not from ${minimum} to ${maximum}.` };
  }

  private checkText(cell: Exclude<Cell, null | undefined>): Fault | undefined {
    if (typeof cell !== 'string') return undefined;
    const { min_length: least = 0, max_length: most = Number.POSITIVE_INFINITY } = this.rule;
    if ((least > 0 || most < Number.POSITIVE_INFINITY) && !isBetween(countCharacters(cell), least, most))
      return { code: 'VALUE_LENGTH', message: `The text does not have from ${least} to ${most} characters.` };
    if (this.matches === undefined || this.matches(cell)) return undefined;
    return { code: 'VALUE_PATTERN', message: 'The text does not match the pattern.' };
  }

  private checkSet(cell: Exclude<Cell, null | undefined>): Fault | undefined {
    const key = keyOfCell(cell);
    if (this.listed?.has(key) === false)
      return { code: 'VALUE_NOT_LISTED', message: `The value is none of the ${this.listed.size} that are allowed.` };
    if (this.seen === undefined) return undefined;
    if (this.seen.has(key)) return { code: 'VALUE_REPEATED', message: 'The value was there in an earlier row.' };
    this.seen.add(key);
    return undefined;
  }
}

function isBetween(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

/** As JSON Schema counts them: both halves of a surrogate pair are one. */
function countCharacters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) count += 1;
  return count;
}

/** @throws EngineError `WRANGLER_SCHEMA_INVALID` */
function compilePattern(pattern: string): (text: string) => boolean {
  try {
    const checker = compileParamsSchema({
      type: 'object',
      additionalProperties: false,
      required: ['text'],
      properties: { text: { type: 'string', pattern, maxLength: MAX_PATTERN_TEXT } },
    });
    return (text) => checker.check({ text });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : textOfCell(pattern);
    throw wranglerError('WRANGLER_SCHEMA_INVALID', `A pattern cannot be used: ${reason}`, cause);
  }
}
