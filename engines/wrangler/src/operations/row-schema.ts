import type { EngineContext } from '@mex/engine-sdk';
import { type Checker, compileParamsSchema, parseStrictJson } from '@mex/envelope';
import { wranglerError } from '../errors.ts';
import { Cast } from '../table/cast.ts';
import type { Cell } from '../table/cell.ts';
import { type ColumnType, NOT_OF_TYPE } from '../table/column-type.ts';

/** A JSON Schema that every row must fit, in the closed dialect of `params` schemas. */
export interface RowSchema {
  readonly check: Checker<Record<string, unknown>>;
  /** The row as the object that the schema is about. */
  readonly toObject: (names: readonly string[], cells: readonly Cell[]) => Record<string, unknown>;
}

/** @param isText whether the format has nothing but texts: then the schema says what they stand for. */
export function compileRowSchema(schema: unknown, isText: boolean): RowSchema {
  try {
    const check = compileParamsSchema(schema);
    const columns = isText ? readProperties(schema) : new Map<string, TextColumn>();
    return { check, toObject: (names, cells) => rowObject(names, cells, columns, isText) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it is none.';
    throw wranglerError('WRANGLER_SCHEMA_INVALID', `The JSON Schema cannot be used: ${reason}`, cause);
  }
}

/** The schema that was handed in as the second input. @throws EngineError `WRANGLER_SCHEMA_INVALID` */
export async function readSchemaInput(context: EngineContext<string>): Promise<unknown> {
  const [, input] = context.inputs;
  if (input === undefined || input.kind === 'bundle') return undefined;
  try {
    return parseStrictJson(await input.bytes());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it cannot be read.';
    throw wranglerError('WRANGLER_SCHEMA_INVALID', `The second input is no JSON Schema: ${reason}`, cause);
  }
}

interface TextColumn {
  readonly cast: Cast | undefined;
  readonly isNullable: boolean;
}

function rowObject(
  names: readonly string[],
  cells: readonly Cell[],
  columns: ReadonlyMap<string, TextColumn>,
  isText: boolean,
): Record<string, unknown> {
  const members: [string, unknown][] = [];
  for (const [at, name] of names.entries()) {
    const cell = cells[at];
    if (cell === undefined) continue;
    const column = columns.get(name);
    // A null of a text format is a member only where the schema knows nulls; otherwise the member is missing.
    if (cell === null && isText && column?.isNullable !== true) continue;
    const typed = column?.cast?.cell(cell);
    // What cannot be read stays a text, for the schema to refuse.
    members.push([name, typed === undefined || typed === NOT_OF_TYPE ? cell : typed]);
  }
  return Object.fromEntries(members);
}

function readProperties(schema: unknown): Map<string, TextColumn> {
  const properties: unknown = memberOf(schema, 'properties');
  if (typeof properties !== 'object' || properties === null) return new Map();
  return new Map(
    Object.entries(properties).map(([name, node]) => {
      const types = typesOf(node);
      const type = types.has('string') ? undefined : CAST_TYPES.find(([named]) => types.has(named))?.[1];
      return [name, { cast: type === undefined ? undefined : new Cast(type), isNullable: types.has('null') }];
    }),
  );
}

const CAST_TYPES: readonly (readonly [string, ColumnType])[] = [
  ['integer', 'integer'],
  ['number', 'number'],
  ['boolean', 'boolean'],
  ['object', 'json'],
  ['array', 'json'],
];

function typesOf(node: unknown): ReadonlySet<string> {
  const members: unknown = memberOf(node, 'anyOf');
  const nodes: unknown[] = Array.isArray(members) ? members : [node];
  return new Set(nodes.map(typeOf));
}

function typeOf(node: unknown): string {
  const type = memberOf(node, 'type');
  if (typeof type === 'string') return type;
  const value = memberOf(node, 'const');
  return value === null ? 'null' : typeof value;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
