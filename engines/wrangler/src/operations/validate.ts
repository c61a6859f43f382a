import { type EngineContext, type Static, Type } from '@mex/engine-sdk';
import { parseStrictJson } from '@mex/envelope';
import { wranglerError } from '../errors.ts';
import type { Cell } from '../table/cell.ts';
import type { Source } from '../table/source.ts';
import { ColumnCheck, ColumnRule } from './column-rules.ts';
import { Findings } from './findings.ts';
import { openTable, SourceParams } from './open-table.ts';
import { compileRowSchema, type RowSchema, readSchemaInput } from './row-schema.ts';

export const ValidateParams = Type.Object({
  source: Type.Optional(SourceParams),
  columns: Type.Optional(
    Type.Array(ColumnRule, { minItems: 1, maxItems: 512, description: 'A rule for each column; or give a schema' }),
  ),
  closed: Type.Optional(Type.Boolean({ description: 'With columns: other columns are findings; default false' })),
  schema_json: Type.Optional(
    Type.String({
      maxLength: 30_000,
      description: 'JSON Schema of a row, as text, in the closed dialect of params schemas; or as the second input',
    }),
  ),
});
export type ValidateParams = Static<typeof ValidateParams>;

/** @throws EngineError when the table cannot be read, or there is nothing to hold it against. */
export async function validateDataset(
  context: EngineContext<'findings.json'>,
  params: ValidateParams,
): Promise<Record<string, unknown>> {
  const schema = await readSchema(context, params);
  if ((schema === undefined) === (params.columns === undefined))
    throw wranglerError(
      'WRANGLER_SCHEMA_INVALID',
      'Give either params.columns or a JSON Schema, in params.schema_json or as the second input.',
    );
  const findings = new Findings();
  const source = await openTable(context, params.source, (row, fields) => {
    findings.add({ row, code: 'ROW_RAGGED', message: `The row has ${fields} fields.` });
  });
  const isText = source.format === 'csv';
  const rows =
    params.columns === undefined
      ? await checkRows(source, compileRowSchema(schema, isText), findings)
      : await checkColumns(source, params.columns, params.closed ?? false, findings);
  const summary = { valid: findings.total === 0, rows, findings: findings.total, format: source.format };
  const document = { ...summary, by_code: findings.counts(), described: findings.described() };
  await context.write('findings.json', `${JSON.stringify(document, null, 2)}\n`);
  findings.reportTo(context);
  return { ...summary, by_code: findings.counts() };
}

async function readSchema(context: EngineContext<string>, { schema_json: text }: ValidateParams): Promise<unknown> {
  if (text === undefined) return readSchemaInput(context);
  try {
    return parseStrictJson(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it cannot be read.';
    throw wranglerError('WRANGLER_SCHEMA_INVALID', `params.schema_json is no JSON: ${reason}`, cause);
  }
}

async function checkRows(source: Source, schema: RowSchema, findings: Findings): Promise<number> {
  return source.scan((cells, row) => {
    const value = schema.toObject(source.columns.list, cells);
    if (schema.check.check(value)) return;
    for (const { path, message } of schema.check.issues(value)) {
      const name = path.split('/')[1]?.replaceAll('~1', '/').replaceAll('~0', '~');
      const at = name === undefined ? undefined : source.columns.find(name);
      const column = at === undefined ? {} : { column: name ?? '', value: cells[at] };
      findings.add({ row, code: 'ROW_SCHEMA', message: `${path}: ${message}`, ...column });
    }
  });
}

async function checkColumns(
  source: Source,
  rules: readonly ColumnRule[],
  closed: boolean,
  findings: Findings,
): Promise<number> {
  const names = new Set(rules.map(({ name }) => name));
  if (names.size < rules.length)
    throw wranglerError('WRANGLER_SCHEMA_INVALID', 'params.columns has two rules for one column.');
  const checks = rules.map((rule) => new ColumnCheck(rule, source.format === 'csv'));
  const places: (number | undefined)[] = [];
  const rows = await source.scan((cells, row) => {
    for (const [index, check] of checks.entries()) {
      places[index] ??= source.columns.find(check.rule.name);
      checkCell(check, cells, places[index], row, findings);
    }
  });
  for (const { name, optional } of rules) {
    if (source.columns.find(name) !== undefined) continue;
    findings.forget(name);
    if (optional !== true)
      findings.add({ code: 'COLUMN_MISSING', message: 'The table lacks the column.', column: name });
  }
  for (const name of closed ? source.columns.list : []) {
    if (!names.has(name)) findings.add({ code: 'COLUMN_UNKNOWN', message: 'No rule names the column.', column: name });
  }
  return rows;
}

function checkCell(
  check: ColumnCheck,
  cells: readonly Cell[],
  place: number | undefined,
  row: number,
  findings: Findings,
): void {
  const cell = place === undefined ? undefined : cells[place];
  const fault = check.check(cell);
  if (fault !== undefined) findings.add({ row, column: check.rule.name, ...fault, value: cell });
}
