import { type EngineContext, type Static, Type } from '@mex/engine-sdk';
import { clipText } from '@mex/envelope';
import { redact, stripControl } from '@mex/guard';
import { wranglerError } from '../errors.ts';
import { DECIMAL_DIGITS, type WrittenType } from '../parquet/write-column.ts';
import { Cast, refuseCell } from '../table/cast.ts';
import { ColumnFacts } from '../table/column-facts.ts';
import { COLUMN_TYPES, NOT_OF_TYPE } from '../table/column-type.ts';
import { FORMATS, type Format, type Source } from '../table/source.ts';
import {
  type ConvertedColumn,
  LOSS_KINDS,
  type LossKind,
  lossesOf,
  type NoteKind,
  notesOf,
  type Remark,
} from './losses.ts';
import { DELIMITERS, oneOf, openTable, SourceParams } from './open-table.ts';
import { writeTable } from './write-table.ts';

const ColumnTypes = Type.Array(
  Type.Object({ name: Type.String({ maxLength: 1_024 }), type: oneOf(COLUMN_TYPES, 'What its cells are') }),
  { maxItems: 1_024, description: 'Types of columns; those of others are found out, or those of the file' },
);

export const ConvertParams = Type.Object({
  to: oneOf(FORMATS, 'The format to write'),
  source: Type.Optional(SourceParams),
  columns: Type.Optional(ColumnTypes),
  infer_types: Type.Optional(
    Type.Boolean({ description: 'Of CSV: find types of columns; default true. Otherwise text' }),
  ),
  target: Type.Optional(
    Type.Object({
      delimiter: Type.Optional(oneOf(DELIMITERS, 'Of CSV; default comma')),
      line_end: Type.Optional(oneOf(['lf', 'crlf'], 'Of CSV; default lf')),
      null_text: Type.Optional(Type.String({ maxLength: 64, description: 'Of CSV; default the empty text' })),
      compression: Type.Optional(oneOf(['snappy', 'none'], 'Of Parquet; default snappy')),
    }),
  ),
  allow_lossy: Type.Optional(
    Type.Union([Type.Boolean(), Type.Array(oneOf(LOSS_KINDS, 'A kind of loss'), { maxItems: LOSS_KINDS.length })], {
      description: 'Losses to accept: true for all, or their kinds. Default none: a lossy conversion is refused',
    }),
  ),
});
export type ConvertParams = Static<typeof ConvertParams>;

/** @throws EngineError `WRANGLER_…` */
export async function convertTable(
  context: EngineContext<`table.${Format}` | 'report.json'>,
  params: ConvertParams,
): Promise<Record<string, unknown>> {
  const source = await openTable(context, params.source);
  const nullText = params.target?.null_text ?? '';
  const survey = await surveyColumns(source, params, nullText);
  const { columns, rows } = survey;
  if (columns.length === 0 && (params.to === 'csv' || params.to === 'parquet'))
    throw wranglerError(
      'WRANGLER_COLUMN_REFUSED',
      `The table has no columns: there is nothing that ${params.to} can hold.`,
    );
  const written = columns.map((column) => writtenType(column));
  const losses = columns.flatMap((column) => lossesOf(params.to, column));
  if (survey.rounded > 0) losses.push({ kind: 'rounded_numbers', count: survey.rounded });
  verifyLosses(losses, params.allow_lossy ?? false);
  const bytes = await writeTable(source, columns, written, params);
  await context.write(`table.${params.to}`, bytes);
  const notes = notesAbout(source, params.to, columns, written);
  const report = { rows, from: source.format, to: params.to, bytes: bytes.length, losses, notes };
  const described = columns.map(({ name, type, facts }) => ({
    name,
    type,
    nulls: facts.nulls,
    ...(facts.missing === 0 ? {} : { missing: facts.missing }),
  }));
  await context.write('report.json', `${JSON.stringify({ ...report, columns: described }, null, 2)}\n`);
  return {
    rows,
    columns: columns.length,
    from: source.format,
    to: params.to,
    bytes: bytes.length,
    losses: countKinds(losses),
    notes: countKinds(notes),
  };
}

interface Survey {
  readonly columns: readonly ConvertedColumn[];
  readonly rows: number;
  readonly rounded: number;
}

/** Looks at every cell once, before anything is written: what the file cannot hold must be known by then. */
async function surveyColumns(source: Source, params: ConvertParams, nullText: string): Promise<Survey> {
  const given = new Map((params.columns ?? []).map(({ name, type }) => [name, type]));
  const infer = source.format === 'csv' && params.to !== 'csv' && (params.infer_types ?? true);
  const casts: (Cast | undefined)[] = [];
  const facts: ColumnFacts[] = [];
  const begin = (at: number, before: number): void => {
    const name = source.columns.list[at] ?? '';
    const type = given.get(name);
    casts[at] = type === undefined ? undefined : new Cast(type);
    const known = type ?? source.declared?.[at] ?? (source.format === 'csv' && !infer ? 'text' : undefined);
    const own = new ColumnFacts(known, infer, nullText);
    own.missing = before;
    facts[at] = own;
  };
  const rows = await source.scan((cells, row) => {
    for (let at = facts.length; at < cells.length; at += 1) begin(at, row - 1);
    for (let at = 0; at < facts.length; at += 1) {
      const cast = casts[at];
      const cell = cast === undefined ? cells[at] : cast.cell(cells[at]);
      if (cell === NOT_OF_TYPE) refuseCell(row, source.columns.list[at] ?? '', cast?.type ?? 'text');
      else facts[at]?.add(cell);
    }
  });
  for (let at = facts.length; at < source.columns.list.length; at += 1) begin(at, 0);
  for (const name of given.keys()) source.columns.place(name);
  const columns = source.columns.list.map((name, at): ConvertedColumn => {
    const own = facts[at] ?? new ColumnFacts('text', false, nullText);
    return { name, type: own.type(), facts: own };
  });
  const cast = casts.reduce((sum, own) => sum + (own?.rounded ?? 0), 0);
  return { columns, rows, rounded: source.notes.roundedNumbers + cast };
}

/** How Parquet holds a column. What does not fit into its types stays text. */
function writtenType({ type, facts }: ConvertedColumn): WrittenType {
  if (type === 'integer') return { type: facts.isBeyond64 ? 'json' : 'integer' };
  if (type === 'time') return { type, digits: facts.digits };
  if (type === 'timestamp' || type === 'local_timestamp')
    return facts.fitsCalendar() ? { type, digits: facts.digits } : { type: 'text' };
  if (type === 'decimal')
    return facts.whole + facts.scale <= DECIMAL_DIGITS ? { type, scale: facts.scale } : { type: 'text' };
  return { type };
}

function verifyLosses(losses: readonly Remark<LossKind>[], allowed: boolean | readonly LossKind[]): void {
  const refused = losses.filter(({ kind }) => (typeof allowed === 'boolean' ? !allowed : !allowed.includes(kind)));
  if (refused.length === 0) return;
  const texts = refused.slice(0, 5).map(({ kind, column, count }) => {
    const where =
      column === undefined ? '' : ` in column ${JSON.stringify(redact(stripControl(clipText(column, 60))))}`;
    return `${kind}${where} (${count})`;
  });
  const more = refused.length > texts.length ? ` and ${refused.length - texts.length} more` : '';
  throw wranglerError(
    'WRANGLER_LOSSY',
    `The conversion would lose something: ${texts.join(', ')}${more}. Accept it in allow_lossy, or choose another format, null_text or column type.`,
  );
}

function notesAbout(
  source: Source,
  to: Format,
  columns: readonly ConvertedColumn[],
  written: readonly WrittenType[],
): Remark<NoteKind>[] {
  const notes = columns.flatMap((column, at) => notesOf(to, column, to === 'parquet' ? written[at]?.type : undefined));
  // What was text before loses no type by being text again.
  if (source.format === 'csv') return [...notes.filter(({ kind }) => kind !== 'type_as_text'), ...aboutText(source)];
  return [...notes, ...aboutText(source)];
}

function aboutText({ notes: read }: Source): Remark<NoteKind>[] {
  const notes: Remark<NoteKind>[] = [];
  if (read.byteOrderMark) notes.push({ kind: 'byte_order_mark', count: 1 });
  if (read.blankLines > 0) notes.push({ kind: 'blank_lines', count: read.blankLines });
  return notes;
}

function countKinds(remarks: readonly Remark<string>[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { kind, count } of remarks) counts.set(kind, (counts.get(kind) ?? 0) + count);
  return Object.fromEntries(counts);
}
