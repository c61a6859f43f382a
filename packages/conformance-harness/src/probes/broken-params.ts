/** Params that a schema refuses, made from ones that it takes. */
export interface BrokenParams {
  readonly params: Readonly<Record<string, unknown>>;
  readonly how: string;
}

type SchemaNode = Readonly<Record<string, unknown>>;

/** A value of another type than this one. */
const OTHER_TYPES: Readonly<Record<string, unknown>> = {
  array: 'no array',
  boolean: 'no boolean',
  integer: 1.5,
  null: 0,
  number: 'no number',
  object: ['no object'],
  string: { no: 'string' },
};

/** An unknown member, each required member left out, each member of a wrong type. */
export function brokenParams(schema: SchemaNode, valid: Readonly<Record<string, unknown>>): BrokenParams[] {
  const broken: BrokenParams[] = [
    { params: { ...valid, mexConformanceUnknown: 'x' }, how: 'a member that the schema does not name' },
  ];
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : [];
  for (const name of required) {
    const { [name]: _left, ...rest } = valid;
    broken.push({ params: rest, how: `"${name}" left out` });
  }
  for (const [name, node] of Object.entries(nodesOf(schema))) {
    const wrong = OTHER_TYPES[String(node['type'])];
    if (wrong !== undefined) broken.push({ params: { ...valid, [name]: wrong }, how: `"${name}" of a wrong type` });
  }
  return broken;
}

export function nodesOf(schema: SchemaNode): Readonly<Record<string, SchemaNode>> {
  const { properties } = schema;
  if (typeof properties !== 'object' || properties === null) return {};
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, node]: [string, unknown]) =>
      typeof node === 'object' && node !== null ? [[name, { ...node }]] : [],
    ),
  );
}
