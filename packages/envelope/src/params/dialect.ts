import { MexError } from '../errors.ts';
import { formatPointer, type JsonPath } from '../json/refusal.ts';
import { quoteText } from '../quote.ts';
import { patternFault } from './pattern.ts';

/** Most schemas and subschemas in one params schema. */
export const MAX_NODES = 2_000;
/** Most segments of the path to a subschema. */
export const MAX_PATH = 64;
/** Most characters of a text that a `pattern` looks at. */
const MAX_PATTERN_INPUT = 1_024;

/** A schema object as its author wrote it. */
export type SchemaNode = Readonly<Record<string, unknown>>;

export function isSchemaNode(value: unknown): value is SchemaNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function unsupported(path: JsonPath, what: string): MexError<'PARAMS_SCHEMA_UNSUPPORTED'> {
  return new MexError({
    code: 'PARAMS_SCHEMA_UNSUPPORTED',
    kind: 'validation',
    message: `params schema at ${formatPointer(path)}: ${what}`,
    remedy: 'Write the schema with TypeBox object, array, string, number, integer, boolean, literal and union types.',
  });
}

const NUMERIC = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'enum', 'const'];
const KEYWORDS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['object', new Set(['properties', 'required', 'additionalProperties', 'minProperties', 'maxProperties'])],
  ['array', new Set(['items', 'minItems', 'maxItems', 'uniqueItems'])],
  ['string', new Set(['minLength', 'maxLength', 'pattern', 'enum', 'const'])],
  ['number', new Set(NUMERIC)],
  ['integer', new Set(NUMERIC)],
  ['boolean', new Set(['enum', 'const'])],
  ['null', new Set(['const'])],
]);

const isText = (value: unknown): boolean => typeof value === 'string';
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

/** Keywords that say something without checking anything. */
const ANNOTATIONS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['title', isText],
  ['description', isText],
  ['default', () => true],
  ['examples', Array.isArray],
  ['deprecated', isFlag],
]);

/** Once, at the root: an id that two subschemas share makes a schema that no validator loads. */
const ROOT_ANNOTATIONS: typeof ANNOTATIONS = new Map([
  ['$id', (value) => typeof value === 'string' && /^[A-Za-z][A-Za-z0-9:._/-]{0,255}$/.test(value)],
  ['$schema', (value) => value === 'https://json-schema.org/draft/2020-12/schema'],
]);

const LIMITS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['minLength', isCount],
  ['maxLength', isCount],
  ['minItems', isCount],
  ['maxItems', isCount],
  ['minProperties', isCount],
  ['maxProperties', isCount],
  ['uniqueItems', isFlag],
  ['minimum', isNumber],
  ['maximum', isNumber],
  ['exclusiveMinimum', isNumber],
  ['exclusiveMaximum', isNumber],
  // Whether 1.1 is a multiple of 0.1 depends on who computes it.
  ['multipleOf', (value) => isCount(value) && value !== 0],
]);

/** Refuses whatever is not in the dialect for this type: a keyword that is ignored would be a check that did not run. */
export function verifyKeywords(schema: SchemaNode, type: string, path: JsonPath): void {
  const known = KEYWORDS.get(type);
  if (known === undefined) throw unsupported(path, `type ${quoteText(type)} is not in the dialect`);
  const isChoice = 'const' in schema || 'enum' in schema;
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'type' || isAnnotation(key, value, path)) continue;
    if (!known.has(key)) throw unsupported(path, `keyword ${quoteText(key)} is not in the dialect for ${type}`);
    if (isChoice && key !== 'const' && key !== 'enum') {
      throw unsupported(path, `keyword "${key}" beside const or enum; give the values that are allowed, only`);
    }
    if (LIMITS.get(key)?.(value) === false) throw unsupported(path, `keyword "${key}" has a value of the wrong type`);
  }
}

/** Whether a keyword is one that checks nothing. @throws MexError when its value is not of its kind. */
export function isAnnotation(key: string, value: unknown, path: JsonPath): boolean {
  const isFitting = ANNOTATIONS.get(key) ?? (path.length === 0 ? ROOT_ANNOTATIONS.get(key) : undefined);
  if (isFitting === undefined) return false;
  if (!isFitting(value)) throw unsupported(path, `keyword "${key}" has a value of the wrong type`);
  return true;
}

/** A number of a verified schema; `absent` when it says none. */
export function readNumber(schema: SchemaNode, key: string, absent: number): number {
  const value = schema[key];
  return typeof value === 'number' ? value : absent;
}

/** The compiled `pattern` of a verified string schema. */
export function readPattern(schema: SchemaNode, path: JsonPath): RegExp | undefined {
  const { pattern } = schema;
  if (pattern === undefined) return undefined;
  const fault = typeof pattern === 'string' ? patternFault(pattern) : 'pattern is not a string';
  if (fault !== undefined || typeof pattern !== 'string') throw unsupported(path, fault ?? 'pattern is not a string');
  if (readNumber(schema, 'maxLength', Number.POSITIVE_INFINITY) > MAX_PATTERN_INPUT) {
    throw unsupported(path, `pattern needs a maxLength of at most ${MAX_PATTERN_INPUT}`);
  }
  return new RegExp(pattern, 'u');
}
