import type { ColumnFacts } from '../table/column-facts.ts';
import type { ColumnType } from '../table/column-type.ts';
import type { Format } from '../table/source.ts';

/** What of the values the new file cannot give back. */
export const LOSS_KINDS = ['missing_as_null', 'not_finite_as_null', 'null_text', 'rounded_numbers'] as const;
export type LossKind = (typeof LOSS_KINDS)[number];

/** What changes without a loss: whoever knows the types of the columns gets the same values back. */
export type NoteKind =
  | 'blank_lines'
  | 'byte_order_mark'
  | 'nested_as_json'
  | 'type_as_text'
  | 'types_not_carried'
  | 'written_as_json';

export interface Remark<K> {
  readonly kind: K;
  readonly column?: string;
  readonly count: number;
}

export interface ConvertedColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly facts: ColumnFacts;
}

/** Types that JSON has. */
const JSON_TYPES: ReadonlySet<ColumnType> = new Set(['boolean', 'integer', 'number', 'text', 'json']);

export function lossesOf(target: Format, { name, facts }: ConvertedColumn): Remark<LossKind>[] {
  const found: Remark<LossKind>[] = [];
  const note = (kind: LossKind, count: number): void => {
    if (count > 0) found.push({ kind, column: name, count });
  };
  if (target === 'csv' || target === 'parquet') note('missing_as_null', facts.missing);
  if (target === 'csv') note('null_text', facts.likeNull);
  if (target === 'json' || target === 'ndjson') note('not_finite_as_null', facts.notFinite);
  return found;
}

/** @param written the type of a Parquet column; none for the other formats */
export function notesOf(
  target: Format,
  { name, type, facts }: ConvertedColumn,
  written: ColumnType | undefined,
): Remark<NoteKind>[] {
  const found: Remark<NoteKind>[] = [];
  const note = (kind: NoteKind): void => void found.push({ kind, column: name, count: 1 });
  if (target === 'csv' && type === 'json') note('nested_as_json');
  else if (target === 'csv' && type !== 'text') note('types_not_carried');
  if (written === 'json' && (type !== 'json' || facts.isMixed())) note('written_as_json');
  if (written === 'text' && type !== 'text') note('type_as_text');
  if ((target === 'json' || target === 'ndjson') && !JSON_TYPES.has(type)) note('type_as_text');
  return found;
}
