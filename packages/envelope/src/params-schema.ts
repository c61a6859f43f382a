import { Kind, type TProperties, type TSchema, Type } from '@sinclair/typebox';
import { type Checker, createChecker } from './checker.ts';
import { MexError } from './errors.ts';

/*
 * The dialect of JSON Schema in which engines state their `params` (CONTRACT §3). It is what TypeBox writes for
 * closed, bounded data. Anything else is refused when the manifest is loaded: a keyword that is silently ignored
 * would be a check that did not run. The schema comes from an engine author and is compiled in the host, so
 * `pattern` is held to what cannot backtrack catastrophically.
 */

const MAX_NODES = 2_000;
const MAX_DEPTH = 32;
const MAX_PATTERN = 256;
const MAX_PATTERN_INPUT = 1_024;

const ANNOTATIONS = new Set(['title', 'description', 'default', 'examples', '$id', '$schema', 'deprecated']);
const KEYWORDS: Readonly<Record<string, ReadonlySet<string>>> = {
  object: new Set(['properties', 'required', 'additionalProperties', 'minProperties', 'maxProperties']),
  array: new Set(['items', 'minItems', 'maxItems', 'uniqueItems']),
  string: new Set(['minLength', 'maxLength', 'pattern', 'enum', 'const']),
  number: new Set(['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'enum', 'const']),
  integer: new Set(['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'enum', 'const']),
  boolean: new Set(['const']),
  null: new Set(),
};

function unsupported(path: string, what: string): MexError {
  return new MexError({
    code: 'PARAMS_SCHEMA_UNSUPPORTED',
    kind: 'validation',
    message: `params schema at ${path === '' ? '/' : path}: ${what}`,
    remedy: 'Write the schema with TypeBox object, array, string, number, integer, boolean, literal and union types.',
  });
}

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Nested quantifiers, backreferences and look-around can take exponential time on a planner's text. */
function isSafePattern(source: string): boolean {
  if (source.length > MAX_PATTERN || /\\[1-9k]|\(\?(?!:)/.test(source)) return false;
  const bare = source.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x');
  const quantifiedGroup = /\)(?:[*+]|\{\d*,?\d*\})/;
  return !quantifiedGroup.test(bare) || !/[*+|]|\{\d+,\d*\}/.test(bare.replace(/\)(?:[*+?]|\{\d*,?\d*\})/g, ')'));
}

class Reviver {
  private nodes = 0;

  revive(value: unknown, path: string, depth: number): TSchema {
    this.nodes += 1;
    if (this.nodes > MAX_NODES || depth > MAX_DEPTH) throw unsupported(path, 'too large or too deep');
    if (!isNode(value)) throw unsupported(path, 'not an object');
    if ('anyOf' in value) return this.union(value, path, depth);
    const type = value['type'];
    if ('const' in value && (type === undefined || typeof type === 'string')) return this.literal(value, path);
    if (typeof type !== 'string') throw unsupported(path, 'needs a "type", "const" or "anyOf"');
    this.allow(value, path, type);
    if (type === 'object') return this.object(value, path, depth);
    if (type === 'array') return this.array(value, path, depth);
    return this.scalar(value, path, type);
  }

  private allow(value: Node, path: string, type: string): void {
    const known = KEYWORDS[type];
    if (known === undefined) throw unsupported(path, `type "${type.slice(0, 40)}" is not in the dialect`);
    for (const key of Object.keys(value)) {
      if (key === 'type' || ANNOTATIONS.has(key) || known.has(key)) continue;
      throw unsupported(path, `keyword "${key.slice(0, 40)}" is not in the dialect for ${type}`);
    }
  }

  private union(value: Node, path: string, depth: number): TSchema {
    const members = value['anyOf'];
    const stray = Object.keys(value).find((key) => key !== 'anyOf' && !ANNOTATIONS.has(key));
    if (stray !== undefined || !Array.isArray(members)) throw unsupported(path, 'anyOf stands alone, as an array');
    return Type.Union(members.map((member, i) => this.revive(member, `${path}/anyOf/${i}`, depth + 1)));
  }

  private literal(value: Node, path: string): TSchema {
    const constant = value['const'];
    const stray = Object.keys(value).find((key) => key !== 'const' && key !== 'type' && !ANNOTATIONS.has(key));
    if (stray !== undefined) throw unsupported(path, `keyword "${stray.slice(0, 40)}" beside const`);
    if (constant === null) return Type.Null();
    if (typeof constant !== 'string' && typeof constant !== 'number' && typeof constant !== 'boolean') {
      throw unsupported(path, 'const must be a string, number, boolean or null');
    }
    return Type.Literal(constant);
  }

  private object(value: Node, path: string, depth: number): TSchema {
    const members = value['properties'] ?? {};
    const rest = value['additionalProperties'];
    if (!isNode(members)) throw unsupported(path, 'properties is not an object');
    if (rest !== false && !isNode(rest)) throw unsupported(path, 'additionalProperties must be false or a schema');
    const required = value['required'] ?? [];
    if (!Array.isArray(required)) throw unsupported(path, 'required is not an array');
    const properties: TProperties = Object.create(null);
    for (const [name, member] of Object.entries(members)) {
      const schema = this.revive(member, `${path}/properties/${name}`, depth + 1);
      properties[name] = required.includes(name) ? schema : Type.Optional(schema);
    }
    const missing = required.find((name) => typeof name !== 'string' || !Object.hasOwn(members, name));
    if (missing !== undefined) throw unsupported(path, 'required names an undeclared property');
    const limits = pick(value, ['minProperties', 'maxProperties']);
    const additionalProperties = rest === false ? false : this.revive(rest, `${path}/additionalProperties`, depth + 1);
    return Type.Object({ ...properties }, { ...limits, additionalProperties });
  }

  private array(value: Node, path: string, depth: number): TSchema {
    const items = this.revive(value['items'], `${path}/items`, depth + 1);
    return Type.Array(items, pick(value, ['minItems', 'maxItems', 'uniqueItems']));
  }

  private scalar(value: Node, path: string, type: string): TSchema {
    const choices = value['enum'];
    if (choices !== undefined) {
      if (!Array.isArray(choices) || choices.length === 0) throw unsupported(path, 'enum is not a list of values');
      return Type.Union(choices.map((choice, i) => this.literal({ const: choice }, `${path}/enum/${i}`)));
    }
    if (type === 'string') return Type.String(this.stringLimits(value, path));
    const limits = pick(value, ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']);
    if (type === 'number') return Type.Number(limits);
    if (type === 'integer') return Type.Integer(limits);
    return type === 'boolean' ? Type.Boolean() : Type.Null();
  }

  private stringLimits(value: Node, path: string): Record<string, unknown> {
    const pattern = value['pattern'];
    if (pattern === undefined) return pick(value, ['minLength', 'maxLength']);
    const limit = value['maxLength'];
    if (typeof pattern !== 'string' || !isSafePattern(pattern)) {
      throw unsupported(path, 'pattern is too long, or has nested quantifiers, look-around or backreferences');
    }
    if (typeof limit !== 'number' || limit > MAX_PATTERN_INPUT) {
      throw unsupported(path, `pattern needs a maxLength of at most ${MAX_PATTERN_INPUT}`);
    }
    return pick(value, ['minLength', 'maxLength', 'pattern']);
  }
}

const WHOLE = new Set(['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties']);

function pick(value: Node, names: readonly string[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const name of names) {
    const limit = value[name];
    if (limit === undefined) continue;
    const fits =
      name === 'pattern'
        ? typeof limit === 'string'
        : name === 'uniqueItems'
          ? typeof limit === 'boolean'
          : typeof limit === 'number' &&
            Number.isFinite(limit) &&
            (!WHOLE.has(name) || (Number.isInteger(limit) && limit >= 0));
    if (!fits) throw unsupported('', `keyword "${name}" has a value of the wrong type`);
    found[name] = limit;
  }
  return found;
}

/**
 * Compiles the JSON Schema of an operation's `params`. The root must be a closed object.
 * @throws MexError `PARAMS_SCHEMA_UNSUPPORTED` naming the place, when it is outside the dialect.
 */
export function compileParamsSchema(schema: unknown): Checker<Record<string, unknown>> {
  const revived = new Reviver().revive(schema, '', 0);
  if (revived[Kind] !== 'Object') throw unsupported('', 'the root must be of type object');
  const checker = createChecker(revived);
  return {
    ...checker,
    check: (value: unknown): value is Record<string, unknown> => checker.check(value),
    parse: (value: unknown, what: string) => {
      checker.parse(value, what);
      if (isNode(value)) return { ...value };
      throw unsupported('', 'the root must be of type object');
    },
  };
}
