import type { Chance } from '../chance.ts';
import { nodesOf } from './broken-params.ts';

/** Params that a schema takes, one member changed from ones that are known to be taken. */
export interface SampledParams {
  readonly params: Readonly<Record<string, unknown>>;
  readonly how: string;
}

type SchemaNode = Readonly<Record<string, unknown>>;

/** Longest text that is tried where the schema has no bound below it. */
const LONG = 4_096;
/** Letters that a text has beyond the fewest, at most, where nobody wants an extreme one. */
const USUAL = 24;
/** Of lists and unions within one another. */
const MAX_DEPTH = 4;
const ODD_TEXT = 'ÄÖ\u202E\u0000\uFFFF "\'\\ <>&%{}$\n\t😀';

/** A value of each member that nobody can foresee, its bounds and odd values, and each optional one left out. */
export function sampleParams(
  schema: SchemaNode,
  valid: Readonly<Record<string, unknown>>,
  chance: Chance,
): SampledParams[] {
  const required = new Set(Array.isArray(schema['required']) ? schema['required'].map(String) : []);
  const perMember = Object.entries(nodesOf(schema)).map(([name, node]): SampledParams[] => {
    const { [name]: _left, ...rest } = valid;
    const without =
      required.has(name) || !Object.hasOwn(valid, name) ? [] : [{ params: rest, how: `"${name}" left out` }];
    const values = valuesOf(node, name, chance).map(({ value, how }) => ({
      params: { ...valid, [name]: value },
      how: `"${name}" ${how}`,
    }));
    return [...values, ...without];
  });
  // Turn by turn, so that a cut leaves something of every member.
  const longest = Math.max(0, ...perMember.map((samples) => samples.length));
  return Array.from({ length: longest }, (_, at) => perMember.flatMap((samples) => samples.slice(at, at + 1))).flat();
}

interface Sample {
  readonly value: unknown;
  readonly how: string;
}

/** @param name path of the member, from which chance is drawn */
function valuesOf(node: SchemaNode, name: string, chance: Chance): Sample[] {
  if (name.split('/').length > MAX_DEPTH) return [];
  if (Array.isArray(node['anyOf']))
    return node['anyOf'].flatMap((member: unknown) => (isNode(member) ? valuesOf(member, `${name}/`, chance) : []));
  if ('const' in node) return [{ value: node['const'], how: `of ${JSON.stringify(node['const'])}` }];
  if (Array.isArray(node['enum']))
    return node['enum'].map((value: unknown) => ({ value, how: `of ${JSON.stringify(value)}` }));
  switch (node['type']) {
    case 'string':
      return texts(node, name, chance);
    case 'integer':
    case 'number':
      return numbers(node, name, chance);
    case 'boolean':
      return [true, false].map((value) => ({ value, how: `of ${value}` }));
    case 'null':
      return [{ value: null, how: 'of null' }];
    case 'array':
      return arrays(node, name, chance);
    default:
      return [];
  }
}

function isNode(value: unknown): value is SchemaNode {
  return typeof value === 'object' && value !== null;
}

function boundOf(node: SchemaNode, key: string, otherwise: number): number {
  const value = node[key];
  return typeof value === 'number' ? value : otherwise;
}

function texts(node: SchemaNode, name: string, chance: Chance): Sample[] {
  const least = boundOf(node, 'minLength', 0);
  const most = Math.min(LONG, boundOf(node, 'maxLength', LONG));
  const odd = ODD_TEXT.repeat(1 + Math.ceil(least / 10)).slice(0, most);
  const length = chance.number(`${name} length`, Math.max(1, least), Math.max(1, Math.min(most, least + USUAL)));
  return [
    { value: chance.word(name, length), how: `of ${length} letters` },
    { value: 'x'.repeat(least), how: `of ${least} characters` },
    { value: odd.toWellFormed(), how: 'of odd characters' },
    { value: ' '.repeat(Math.min(most, Math.max(1, least))), how: 'of white space' },
    { value: 'x'.repeat(most), how: `of ${most} characters` },
    { value: '../'.repeat(least + 1).slice(0, most), how: 'that looks like a path upwards' },
  ].filter(({ value }) => value.length >= least && value.length <= most);
}

function numbers(node: SchemaNode, name: string, chance: Chance): Sample[] {
  const least = boundOf(
    node,
    'minimum',
    boundOf(node, 'exclusiveMinimum', -1_000_000) + ('exclusiveMinimum' in node ? 1 : 0),
  );
  const most = boundOf(
    node,
    'maximum',
    boundOf(node, 'exclusiveMaximum', 1_000_000) - ('exclusiveMaximum' in node ? 1 : 0),
  );
  return [chance.number(name, least, most), least, most, Math.min(Math.max(0, least), most)].map((value) => ({
    value,
    how: `of ${value}`,
  }));
}

function arrays(node: SchemaNode, name: string, chance: Chance): Sample[] {
  const least = boundOf(node, 'minItems', 0);
  const items = node['items'];
  const inner = isNode(items) ? valuesOf(items, `${name}/`, chance) : [];
  const [first] = inner;
  const empty = least === 0 ? [{ value: [], how: 'of no items' }] : [];
  if (first === undefined) return empty;
  const filled = Array.from({ length: Math.max(1, least) }, (_, at) => inner[at % inner.length]?.value ?? first.value);
  return [...empty, { value: filled, how: `of ${filled.length} items` }];
}
