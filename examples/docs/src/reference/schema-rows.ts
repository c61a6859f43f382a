import { anchor, code } from './markdown.ts';

/** What this reads of JSON Schema: what MEX publishes, and what zod writes. */
export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly pattern?: string;
}

/** One member of a document, wherever it stands. */
export interface SchemaRow {
  /** `context.actor.id`, `outputs[].name`, `profiles.<name>`. */
  readonly path: string;
  readonly required: boolean;
  readonly type: string;
  readonly bounds: string;
  readonly description: string;
}

/** Descriptions of primitives, which say what a text is rather than what it is for. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['RFC 9562 UUID in lower case', 'UUID'],
  ['SHA-256, lower-case hex', 'SHA-256'],
  ['RFC 3339 date-time, UTC', 'time'],
  ['SemVer 2.0.0', 'version'],
  ['Stable engine id, e.g. engine.supply_chain.sbom', 'engine id'],
  ['Operation discriminator, e.g. sbom.generate', 'operation name'],
  ['Capability id: axis, optionally with a scope', 'capability id'],
  ['Opaque identifier, 1 to 256 characters without white space', 'short text'],
  ['RFC 6838 media type', 'media type'],
  ['File-name-like label, 1 to 128 characters', 'label'],
  ['CONTRACT §6', 'determinism level'],
]);

/** The rows of an object's members, nested ones under the path of their parent. */
export function schemaRows(schema: Schema, prefix = ''): SchemaRow[] {
  const required = new Set(schema.required ?? []);
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
    memberRows(`${prefix}${name}`, member, required.has(name)),
  );
  return [...own, ...openRows(schema, prefix)];
}

function memberRows(path: string, member: Schema, required: boolean): SchemaRow[] {
  const kind = KINDS.has(member.description ?? '');
  const row: SchemaRow = {
    path,
    required,
    type: typeOf(member),
    bounds: boundsOf(member),
    description: kind ? '' : (member.description ?? ''),
  };
  return [row, ...below(path, member)];
}

/** What is inside of a member: of an object, of the items of a list, of each form it may have. */
function below(path: string, member: Schema): SchemaRow[] {
  if (member.items !== undefined) return below(`${path}[]`, member.items);
  if (member.anyOf !== undefined) return member.anyOf.flatMap((form) => below(path, form));
  return schemaRows(member, `${path}.`);
}

/** Members whose names are not in the schema. */
function openRows(schema: Schema, prefix: string): SchemaRow[] {
  const values = [
    ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
    ...Object.values(schema.patternProperties ?? {}),
  ];
  return values.filter(hasMembers).flatMap((value) => memberRows(`${prefix}<name>`, value, false));
}

/** Whether there is more to say of a value than its type. */
function hasMembers({ properties, items, anyOf = [], additionalProperties }: Schema): boolean {
  if (properties !== undefined && Object.keys(properties).length > 0) return true;
  const inner = [...anyOf, ...(items === undefined ? [] : [items])];
  return inner.some(hasMembers) || (typeof additionalProperties === 'object' && hasMembers(additionalProperties));
}

function typeOf(schema: Schema): string {
  const kind = KINDS.get(schema.description ?? '');
  if (kind !== undefined) return kind;
  if (schema.$ref !== undefined) return reference(schema.$ref);
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return schema.enum.map((value) => code(JSON.stringify(value))).join(', ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(', ');
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  if (schema.type === 'object') return objectType(schema);
  if (schema.type === 'string') return 'text';
  if (schema.type === 'integer') return 'whole number';
  if (schema.type === 'array') return 'list';
  return typeof schema.type === 'string' ? schema.type : 'any JSON';
}

function objectType(schema: Schema): string {
  const [value] = [schema.additionalProperties, ...Object.values(schema.patternProperties ?? {})].filter(
    (candidate): candidate is Schema => typeof candidate === 'object',
  );
  if (value === undefined || Object.keys(schema.properties ?? {}).length > 0) return 'object';
  return Object.keys(value).length === 0 ? 'object of any members' : `map of names to ${typeOf(value)}`;
}

function reference(ref: string): string {
  const name = ref.replace('#/$defs/', '');
  return `[${name}](documents.md#${anchor(name)})`;
}

function boundsOf(schema: Schema): string {
  const { minimum, maximum, exclusiveMinimum, pattern, default: fallback } = schema;
  const kind = KINDS.has(schema.description ?? '');
  const bounds = [
    range(minimum, maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum, ''),
    exclusiveMinimum === undefined ? '' : `above ${number(exclusiveMinimum)}`,
    kind ? '' : range(schema.minLength, schema.maxLength, 'characters'),
    range(schema.minItems, schema.maxItems, 'items'),
    range(schema.minProperties, undefined, 'members'),
    pattern === undefined || kind ? '' : `matches ${code(pattern)}`,
    fallback === undefined ? '' : `default ${code(JSON.stringify(fallback))}`,
    schema.items === undefined ? '' : each(boundsOf(schema.items)),
  ];
  return bounds.filter((bound) => bound !== '').join('; ');
}

function each(bounds: string): string {
  return bounds === '' ? '' : `each ${bounds}`;
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  const after = unit === '' ? '' : ` ${unit}`;
  if (most === undefined) return least === undefined ? '' : `at least ${number(least)}${after}`;
  return least === undefined || (least === 0 && unit !== '')
    ? `at most ${number(most)}${after}`
    : `${number(least)} to ${number(most)}${after}`;
}

/** With commas between thousands, as the pages write numbers. */
export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 20 });
}
