import { type Checker, wrapChecker } from './checker.ts';
import type { JsonPath } from './json/refusal.ts';
import {
  isAnnotation,
  isSchemaNode,
  MAX_NODES,
  MAX_PATH,
  readNumber,
  readPattern,
  type SchemaNode,
  unsupported,
  verifyKeywords,
} from './params/dialect.ts';
import {
  arrayNode,
  booleanNode,
  type Member,
  nullNode,
  numberNode,
  objectNode,
  type ParamsNode,
  textNode,
  unionNode,
  valueNode,
} from './params/node.ts';
import { quoteText } from './quote.ts';

/*
 * The dialect of JSON Schema in which engines state their `params` (CONTRACT §3). It is what TypeBox writes for
 * closed, bounded data. Anything else is refused when the manifest is loaded: a keyword that is silently ignored
 * would be a check that did not run. The schema comes from an engine author and is used in the host, so it becomes
 * functions of this package rather than generated code, and `pattern` is held to what cannot backtrack.
 */

/**
 * Compiles the JSON Schema of an operation's `params`: draft 2020-12 as validators read it, limited to a dialect. The
 * root must be a closed object. Checking a value takes time in proportion to its size times the size of the schema.
 * @throws MexError `PARAMS_SCHEMA_UNSUPPORTED` naming the place, when it is outside the dialect.
 */
export function compileParamsSchema(schema: unknown): Checker<Record<string, unknown>> {
  if (isSchemaNode(schema) && schema['type'] !== 'object') throw unsupported([], 'the root must be of type object');
  const root = new Compiler().compile(schema, []);
  return wrapChecker(
    () => root.check,
    (value) => root.explain(value, []),
  );
}

class Compiler {
  private nodes = 0;

  compile(schema: unknown, path: JsonPath): ParamsNode {
    this.nodes++;
    if (this.nodes > MAX_NODES || path.length > MAX_PATH) throw unsupported(path, 'too large or too deep');
    if (!isSchemaNode(schema)) throw unsupported(path, 'not an object');
    if ('anyOf' in schema) return this.union(schema, path);
    const { type } = schema;
    if (type === undefined && 'const' in schema) return this.values({ ...schema, type: typeOf(schema['const']) }, path);
    if (typeof type !== 'string') throw unsupported(path, 'needs a "type", "const" or "anyOf"');
    verifyKeywords(schema, type, path);
    if (type === 'object') return this.object(schema, path);
    if (type === 'array') return this.array(schema, path);
    if ('const' in schema || 'enum' in schema) return this.values(schema, path);
    return scalar(schema, type, path);
  }

  private union(schema: SchemaNode, path: JsonPath): ParamsNode {
    const members = schema['anyOf'];
    const stray = Object.entries(schema).find(([key, value]) => key !== 'anyOf' && !isAnnotation(key, value, path));
    if (stray !== undefined || !Array.isArray(members) || members.length === 0) {
      throw unsupported(path, 'anyOf stands alone, as a list of schemas');
    }
    return unionNode(members.map((member, index) => this.compile(member, [...path, 'anyOf', index])));
  }

  private object(schema: SchemaNode, path: JsonPath): ParamsNode {
    const { properties = {}, additionalProperties: rest, required = [] } = schema;
    if (!isSchemaNode(properties)) throw unsupported(path, 'properties is not an object');
    if (rest !== false && !isSchemaNode(rest)) {
      throw unsupported(path, 'additionalProperties must be false or a schema');
    }
    const names = readRequired(required, properties, path);
    const members = Object.entries(properties).map(([name, member]): Member => {
      // Every object has these already, or seems to.
      if (name in Object.prototype) throw unsupported(path, `no property may be called ${quoteText(name)}`);
      return { name, node: this.compile(member, [...path, 'properties', name]), isRequired: names.has(name) };
    });
    const others = rest === false ? undefined : this.compile(rest, [...path, 'additionalProperties']);
    return objectNode(members, others, {
      least: readNumber(schema, 'minProperties', 0),
      most: readNumber(schema, 'maxProperties', Infinity),
    });
  }

  private array(schema: SchemaNode, path: JsonPath): ParamsNode {
    const items = this.compile(schema['items'], [...path, 'items']);
    return arrayNode(items, {
      least: readNumber(schema, 'minItems', 0),
      most: readNumber(schema, 'maxItems', Infinity),
      isUnique: schema['uniqueItems'] === true,
    });
  }

  /** `const` or `enum`. */
  private values(schema: SchemaNode, path: JsonPath): ParamsNode {
    const type = String(schema['type']);
    verifyKeywords(schema, type, path);
    const choices = 'enum' in schema ? schema['enum'] : [schema['const']];
    if (!Array.isArray(choices) || choices.length === 0 || choices.length > MAX_NODES) {
      throw unsupported(path, 'enum is not a list of values');
    }
    if ('enum' in schema && 'const' in schema) throw unsupported(path, 'const and enum; give one of them');
    for (const choice of choices) {
      if (!isOfType(choice, type)) throw unsupported(path, `a value that is not of type ${type} can never be given`);
    }
    return valueNode(choices);
  }
}

function scalar(schema: SchemaNode, type: string, path: JsonPath): ParamsNode {
  if (type === 'boolean') return booleanNode;
  if (type === 'null') return nullNode;
  if (type === 'string') {
    const pattern = readPattern(schema, path);
    return textNode({
      least: readNumber(schema, 'minLength', 0),
      most: readNumber(schema, 'maxLength', Infinity),
      pattern,
    });
  }
  return numberNode({
    isWhole: type === 'integer',
    minimum: readNumber(schema, 'minimum', -Infinity),
    maximum: readNumber(schema, 'maximum', Infinity),
    above: readNumber(schema, 'exclusiveMinimum', -Infinity),
    below: readNumber(schema, 'exclusiveMaximum', Infinity),
    multipleOf: readNumber(schema, 'multipleOf', 0),
  });
}

function readRequired(required: unknown, properties: SchemaNode, path: JsonPath): ReadonlySet<unknown> {
  if (!Array.isArray(required)) throw unsupported(path, 'required is not a list');
  const names = new Set<unknown>(required);
  if (names.size < required.length) throw unsupported(path, 'required names a property twice');
  for (const name of names) {
    if (typeof name !== 'string' || !Object.hasOwn(properties, name)) {
      throw unsupported(path, 'required names an undeclared property');
    }
  }
  return names;
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  return typeOf(value) === type && (type !== 'number' || Number.isFinite(value));
}
