import type { SchemaIssue } from '../issue.ts';
import { issueAt } from '../issue.ts';
import { canonicalJson } from '../json/index.ts';
import type { JsonPath } from '../json/refusal.ts';

/** One compiled schema. `explain` is asked only about values that `check` refused, and says at least one thing. */
export interface ParamsNode {
  readonly check: (value: unknown) => boolean;
  readonly explain: (value: unknown, path: JsonPath) => Iterable<SchemaIssue>;
}

/** A node that is right or wrong as a whole. */
function leaf(expected: string, check: (value: unknown) => boolean): ParamsNode {
  return { check, explain: (_value, path) => [issueAt(path, expected)] };
}

/** Exactly one of the listed values. */
export function valueNode(values: readonly unknown[]): ParamsNode {
  const listed = values.map((value) => JSON.stringify(value).slice(0, 80)).slice(0, 20);
  const allowed = new Set(values);
  return leaf(`Expected ${listed.length === 1 ? '' : 'one of '}${listed.join(', ')}`, (value) => allowed.has(value));
}

export const booleanNode: ParamsNode = leaf('Expected true or false', (value) => typeof value === 'boolean');
export const nullNode: ParamsNode = leaf('Expected null', (value) => value === null);

export interface NumberLimits {
  readonly isWhole: boolean;
  readonly minimum: number;
  readonly maximum: number;
  readonly above: number;
  readonly below: number;
  /** 0: any. */
  readonly multipleOf: number;
}

export function numberNode(limits: NumberLimits): ParamsNode {
  const { isWhole, minimum, maximum, above, below, multipleOf } = limits;
  const said = [
    ...(minimum === -Infinity ? [] : [`at least ${minimum}`]),
    ...(maximum === Infinity ? [] : [`at most ${maximum}`]),
    ...(above === -Infinity ? [] : [`more than ${above}`]),
    ...(below === Infinity ? [] : [`less than ${below}`]),
    ...(multipleOf === 0 ? [] : [`a multiple of ${multipleOf}`]),
  ];
  return leaf(
    `Expected ${isWhole ? 'a whole number' : 'a number'}${said.map((text) => `, ${text}`).join('')}`,
    (value) => {
      if (typeof value !== 'number' || !(isWhole ? Number.isInteger(value) : Number.isFinite(value))) return false;
      if (value < minimum || value > maximum || value <= above || value >= below) return false;
      return multipleOf === 0 || value % multipleOf === 0;
    },
  );
}

export interface TextLimits {
  /** In code points, as JSON Schema counts. */
  readonly least: number;
  readonly most: number;
  readonly pattern: RegExp | undefined;
}

export function textNode({ least, most, pattern }: TextLimits): ParamsNode {
  const length = most === Infinity ? `${least} or more` : `${least} to ${most}`;
  const sized = least > 0 || most < Infinity ? ` of ${length} characters` : '';
  const shaped = pattern === undefined ? '' : ` that matches ${pattern.source}`;
  return leaf(`Expected a text${sized}${shaped}`, (value) => {
    if (typeof value !== 'string' || !isLength(value, least, most)) return false;
    return pattern === undefined || pattern.test(value);
  });
}

/** A code point is one or two units, so most texts need no counting. */
function isLength(text: string, least: number, most: number): boolean {
  const units = text.length;
  if (units < least || units > most * 2) return false;
  if (units <= most && units >= least * 2) return true;
  let points = 0;
  for (const _ of text) points++;
  return points >= least && points <= most;
}

export function unionNode(members: readonly ParamsNode[]): ParamsNode {
  return {
    check: (value) => members.some((member) => member.check(value)),
    explain(value, path) {
      const [first] = members;
      if (members.length === 1 && first !== undefined) return first.explain(value, path);
      const said = members.slice(0, 8).flatMap((member) => [...member.explain(value, path)].slice(0, 1));
      return [issueAt(path, `Fits none of ${members.length} alternatives. ${said.map(place).join('; ')}`)];
    },
  };
}

function place({ path, message }: SchemaIssue): string {
  return `${path}: ${message}`.slice(0, 200);
}

export interface ArrayLimits {
  readonly least: number;
  readonly most: number;
  readonly isUnique: boolean;
}

export function arrayNode(items: ParamsNode, { least, most, isUnique }: ArrayLimits): ParamsNode {
  return {
    check(value) {
      if (!Array.isArray(value) || value.length < least || value.length > most) return false;
      for (let index = 0; index < value.length; index++) if (!items.check(value[index])) return false;
      return !isUnique || isAllDifferent(value);
    },
    *explain(value, path) {
      if (!Array.isArray(value)) return yield issueAt(path, 'Expected a list');
      if (value.length < least) return yield issueAt(path, `Expected at least ${least} elements`);
      if (value.length > most) return yield issueAt(path, `Expected at most ${most} elements`);
      let isEachFine = true;
      for (const [index, element] of value.entries()) {
        if (items.check(element)) continue;
        isEachFine = false;
        yield* items.explain(element, [...path, index]);
      }
      if (isEachFine) yield issueAt(path, 'Expected elements that all differ');
    },
  };
}

function isAllDifferent(values: readonly unknown[]): boolean {
  return new Set(values.map((value) => canonicalJson(value))).size === values.length;
}

export interface Member {
  readonly name: string;
  readonly node: ParamsNode;
  readonly isRequired: boolean;
}

export interface ObjectLimits {
  readonly least: number;
  readonly most: number;
}

/** `rest` checks members that are not declared; without it there may be none. */
export function objectNode(
  members: readonly Member[],
  rest: ParamsNode | undefined,
  { least, most }: ObjectLimits,
): ParamsNode {
  const byName = new Map(members.map((member) => [member.name, member]));
  const required = members.filter((member) => member.isRequired).map((member) => member.name);
  return {
    check(value) {
      if (!isObject(value)) return false;
      const keys = Object.keys(value);
      if (keys.length < least || keys.length > most) return false;
      for (const name of required) if (!Object.hasOwn(value, name)) return false;
      for (const key of keys) {
        const node = byName.get(key)?.node ?? rest;
        if (node === undefined || !node.check(value[key])) return false;
      }
      return true;
    },
    *explain(value, path) {
      if (!isObject(value)) return yield issueAt(path, 'Expected an object');
      for (const name of required) {
        if (!Object.hasOwn(value, name)) yield issueAt([...path, name], 'Expected this member; it is missing');
      }
      const keys = Object.keys(value);
      for (const key of keys) {
        const node = byName.get(key)?.node ?? rest;
        if (node === undefined) yield issueAt([...path, key], 'Unexpected member');
        else if (!node.check(value[key])) yield* node.explain(value[key], [...path, key]);
      }
      if (keys.length < least) yield issueAt(path, `Expected at least ${least} members`);
      if (keys.length > most) yield issueAt(path, `Expected at most ${most} members`);
    },
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
