import { type EngineContext, type Static, Type } from '@mex/engine-sdk';
import { REPORT } from '../limits.ts';
import { excerpt } from '../table/cast.ts';
import type { Cell } from '../table/cell.ts';
import { joinKeys, keyOfCell, looseKeyOfCell, roughHash } from '../table/cell-key.ts';
import type { Source } from '../table/source.ts';
import { oneOf, openTable, SourceParams } from './open-table.ts';

export const DuplicatesParams = Type.Object({
  source: Type.Optional(SourceParams),
  columns: Type.Optional(
    Type.Array(Type.String({ maxLength: 1_024 }), {
      minItems: 1,
      maxItems: 256,
      uniqueItems: true,
      description: 'Columns whose cells must be equal; default all',
    }),
  ),
  match: Type.Optional(
    oneOf(['exact', 'normalised'], 'normalised: case, white space and width aside; default exact, with types'),
  ),
  nulls: Type.Optional(
    oneOf(['equal', 'distinct'], 'distinct: a row with a null among its cells is nobody’s duplicate; default equal'),
  ),
});
export type DuplicatesParams = Static<typeof DuplicatesParams>;

interface Group {
  readonly first: readonly Cell[];
  readonly rows: number[];
  count: number;
}

/**
 * Two passes: the first finds what cannot be a duplicate by a hash, the second compares what is left in full. So the
 * memory grows with the duplicates and not with the rows.
 */
export async function findDuplicates(
  context: EngineContext<'duplicates.json'>,
  params: DuplicatesParams,
): Promise<Record<string, unknown>> {
  const source = await openTable(context, params.source);
  const repeated = new Set<number>();
  const seen = new Set<number>();
  const rows = await eachKey(source, params, (key) => {
    const hash = roughHash(key);
    if (seen.has(hash)) repeated.add(hash);
    else seen.add(hash);
  });
  for (const name of params.columns ?? []) source.columns.place(name);
  seen.clear();
  const groups = new Map<string, Group>();
  await eachKey(source, params, (key, row, cells) => {
    if (!repeated.has(roughHash(key))) return;
    const group = groups.get(key) ?? { first: cells.slice(), rows: [], count: 0 };
    if (group.count === 0) groups.set(key, group);
    group.count += 1;
    if (group.rows.length < REPORT.maxRowsOfGroup) group.rows.push(row);
  });
  return report(
    context,
    source,
    params,
    [...groups.values()].filter(({ count }) => count > 1),
    rows,
  );
}

async function eachKey(
  source: Source,
  params: DuplicatesParams,
  visit: (key: string, row: number, cells: readonly Cell[]) => void,
): Promise<number> {
  const keyOf = params.match === 'normalised' ? looseKeyOfCell : keyOfCell;
  const skipsNulls = params.nulls === 'distinct';
  return source.scan((cells, row) => {
    const own =
      params.columns === undefined ? withoutEnd(cells) : params.columns.map((name) => at(source, name, cells));
    if (skipsNulls && own.some((cell) => cell === null || cell === undefined)) return;
    visit(joinKeys(own.map(keyOf)), row, own);
  });
}

function at(source: Source, name: string, cells: readonly Cell[]): Cell {
  const place = source.columns.find(name);
  return place === undefined ? undefined : cells[place];
}

/** A row before a column was first seen and one after it are equal when neither has it. */
function withoutEnd(cells: readonly Cell[]): readonly Cell[] {
  let length = cells.length;
  while (length > 0 && cells[length - 1] === undefined) length -= 1;
  return length === cells.length ? cells : cells.slice(0, length);
}

async function report(
  context: EngineContext<'duplicates.json'>,
  source: Source,
  params: DuplicatesParams,
  groups: readonly Group[],
  rows: number,
): Promise<Record<string, unknown>> {
  const names = params.columns ?? source.columns.list;
  // A map keeps the order in which keys came first, and that is the order of the first rows.
  const described = groups.slice(0, REPORT.maxGroups).map(({ first, rows: own, count }) => ({
    count,
    rows: own,
    key: first.slice(0, 16).map((cell, index) => ({
      column: names[index] ?? '',
      value: cell === null || cell === undefined ? null : excerpt(names[index] ?? '', cell),
    })),
  }));
  const extra = groups.reduce((sum, { count }) => sum + count - 1, 0);
  const summary = { rows, groups: groups.length, groups_described: described.length, duplicate_rows: extra };
  const document = { ...summary, match: params.match ?? 'exact', columns: params.columns ?? 'all', described };
  await context.write('duplicates.json', `${JSON.stringify(document, null, 2)}\n`);
  return summary;
}
