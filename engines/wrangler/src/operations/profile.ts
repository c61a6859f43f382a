import { type EngineContext, type Static, Type } from '@mex/engine-sdk';
import { Cast } from '../table/cast.ts';
import { ColumnFacts } from '../table/column-facts.ts';
import type { ColumnType } from '../table/column-type.ts';
import { NOT_OF_TYPE } from '../table/column-type.ts';
import type { Source } from '../table/source.ts';
import { ColumnProfile } from './column-profile.ts';
import { openTable, SourceParams } from './open-table.ts';

/** Values that are kept for all columns together, for counts of different values and for quantiles. */
const MAX_KEPT = 4_000_000;
const MAX_DISTINCT = 100_000;
const MAX_SAMPLE = 262_144;

export const ProfileParams = Type.Object({
  source: Type.Optional(SourceParams),
  examples: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 10,
      description: 'Different values to show a column; default 3. Secrets are masked',
    }),
  ),
  distinct_limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description:
        'Different values of a column that are counted exactly; beyond, only that there are more. Default 100,000',
    }),
  ),
});
export type ProfileParams = Static<typeof ProfileParams>;

/** Two passes: what type a column has must be known before its values can be compared. */
export async function profileDataset(
  context: EngineContext<'profile.json'>,
  params: ProfileParams,
): Promise<Record<string, unknown>> {
  const source = await openTable(context, params.source);
  const { types, rows } = await findTypes(source);
  const width = Math.max(1, types.length);
  const distinctLimit = Math.min(params.distinct_limit ?? MAX_DISTINCT, Math.floor(MAX_KEPT / width) + 1);
  const profiles = types.map(
    (type, at) =>
      new ColumnProfile(source.columns.list[at] ?? '', type, {
        distinctLimit,
        sampleSize: Math.min(MAX_SAMPLE, Math.floor(MAX_KEPT / width) + 2),
        examples: params.examples ?? 3,
      }),
  );
  const casts = types.map((type) => (source.format === 'csv' && type !== 'text' ? new Cast(type) : undefined));
  await source.scan((cells) => {
    for (const [at, profile] of profiles.entries()) {
      const cell = casts[at] === undefined ? cells[at] : casts[at].cell(cells[at]);
      profile.add(cell === NOT_OF_TYPE ? cells[at] : cell);
    }
  });
  const columns = profiles.map((profile) => profile.describe(rows));
  const masked = columns.filter(({ masked_values: count }) => count !== undefined).length;
  if (masked > 0) {
    context.problem({
      code: 'WRANGLER_SECRETS_SEEN',
      severity: 'warning',
      title: 'The table seems to hold secrets',
      message: `Values of ${masked} columns look like secrets and are masked in the profile. The profile names the columns.`,
    });
  }
  const summary = { rows, columns: columns.length, format: source.format, columns_with_secrets: masked };
  const notes = { byte_order_mark: source.notes.byteOrderMark, blank_lines: source.notes.blankLines };
  await context.write('profile.json', `${JSON.stringify({ ...summary, ...notes, described: columns }, null, 2)}\n`);
  return summary;
}

async function findTypes(source: Source): Promise<{ types: ColumnType[]; rows: number }> {
  const facts: ColumnFacts[] = [];
  const begin = (at: number): void => {
    facts[at] = new ColumnFacts(source.declared?.[at], source.format === 'csv', '');
  };
  const rows = await source.scan((cells) => {
    for (let at = facts.length; at < cells.length; at += 1) begin(at);
    for (const [at, own] of facts.entries()) own.add(cells[at]);
  });
  for (let at = facts.length; at < source.columns.list.length; at += 1) begin(at);
  return { types: facts.map((own) => own.type()), rows };
}
