import { EVENT_SCHEMAS, SystemEvents } from '@mex/envelope';
import { type EventRedactor, hasFixedForm, isCleanJson } from './event-redactor.ts';
import { INDEX_COLUMNS, type IndexColumns, indexColumnsOf } from './index-columns.ts';
import { KnownTexts } from './known-texts.ts';

/*
 * A short cut for the events that make up a log: one pass over the event that checks it against its schema, writes its
 * canonical JSON, and looks at its texts. It knows the few forms that event schemas use, and gives up (`undefined`) at
 * everything else, also at a schema with a form it does not know: then the general way decides. So it can be wrong in
 * one direction only, and a test compares it with the general way.
 */

type Schema = Readonly<Record<string, unknown>>;
type Encode = (value: unknown, pass: Pass) => string | undefined;

/** A text that one member had for the first time, and where to remember it once it is known to be clean. */
interface NewText {
  readonly texts: KnownTexts;
  readonly text: string;
  readonly json: string;
}

/** What one pass over an event collects besides the text. */
interface Pass {
  readonly fresh: NewText[];
  /** Whether some fresh text could hold a secret. */
  isSuspect: boolean;
  /** Members of the event itself that have a column. */
  readonly columns: Record<string, unknown>;
}

/** An event ready to be stored. */
export interface EncodedEvent {
  readonly payload: string;
  readonly columns: IndexColumns;
}

const NOT_SIMPLE = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;
/** Texts of these forms hold no secret: UUID, SHA-256 and time of `@mex/envelope`. */
const FIXED_FORMS = /^\^\[0-9a-f\]\{(?:64\}\$|8\}-\[0-9a-f\]\{4\}-)|^\^\\d\{4\}-\(0/;
const COLUMN_NAMES: ReadonlySet<string> = new Set(INDEX_COLUMNS);
const ANNOTATIONS = new Set(['description', 'title', '$id', 'examples', 'default']);

function isRecord(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a schema says nothing but this. */
function saysOnly(schema: Schema, ...keywords: string[]): boolean {
  return Object.keys(schema).every((key) => ANNOTATIONS.has(key) || keywords.includes(key));
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

function compile(schema: unknown): Encode | undefined {
  if (!isRecord(schema)) return undefined;
  if ('const' in schema) return saysOnly(schema, 'const', 'type') ? compileChoice([schema['const']]) : undefined;
  if ('anyOf' in schema) return saysOnly(schema, 'anyOf') ? compileUnion(schema['anyOf']) : undefined;
  switch (schema['type']) {
    case 'string':
      return compileString(schema);
    case 'integer':
    case 'number':
      return compileNumber(schema);
    case 'boolean':
      return saysOnly(schema, 'type') ? (value) => (typeof value === 'boolean' ? String(value) : undefined) : undefined;
    case 'null':
      return saysOnly(schema, 'type') ? (value) => (value === null ? 'null' : undefined) : undefined;
    case 'array':
      return compileArray(schema);
    case 'object':
      return compileObject(schema);
    default:
      return undefined;
  }
}

function compileChoice(choices: readonly unknown[]): Encode | undefined {
  if (!choices.every((choice) => typeof choice === 'string' || typeof choice === 'boolean')) return undefined;
  const texts = new Map<unknown, string>(choices.map((choice) => [choice, JSON.stringify(choice)]));
  return (value) => texts.get(value);
}

function compileUnion(members: unknown): Encode | undefined {
  if (!Array.isArray(members)) return undefined;
  const schemas = members.filter(isRecord);
  if (schemas.every((schema) => 'const' in schema)) return compileChoice(schemas.map((schema) => schema['const']));
  const encoders = schemas.map(compile);
  const known = encoders.filter((encode) => encode !== undefined);
  if (known.length !== members.length) return undefined;
  return (value, pass) => {
    for (const encode of known) {
      const text = encode(value, pass);
      if (text !== undefined) return text;
    }
    return undefined;
  };
}

function compileString(schema: Schema): Encode | undefined {
  if (!saysOnly(schema, 'type', 'pattern', 'minLength', 'maxLength')) return undefined;
  const { pattern } = schema;
  const form = typeof pattern === 'string' ? new RegExp(pattern) : undefined;
  if (typeof pattern === 'string' && FIXED_FORMS.test(pattern)) {
    return (value) => (typeof value === 'string' && form?.test(value) === true ? `"${value}"` : undefined);
  }
  const min = numberOf(schema['minLength'], 0);
  const max = numberOf(schema['maxLength'], Number.POSITIVE_INFINITY);
  const texts = new KnownTexts();
  return (value, pass) => {
    if (typeof value !== 'string') return undefined;
    const known = texts.jsonOf(value);
    if (known !== undefined) return known;
    if (value.length < min || value.length > max || form?.test(value) === false) return undefined;
    if (NOT_SIMPLE.test(value) && !value.isWellFormed()) return undefined;
    const json = JSON.stringify(value);
    pass.fresh.push({ texts, text: value, json });
    pass.isSuspect ||= !hasFixedForm(value);
    return json;
  };
}

function compileNumber(schema: Schema): Encode | undefined {
  if (!saysOnly(schema, 'type', 'minimum', 'maximum')) return undefined;
  const min = numberOf(schema['minimum'], Number.NEGATIVE_INFINITY);
  const max = numberOf(schema['maximum'], Number.POSITIVE_INFINITY);
  const fits = schema['type'] === 'integer' ? Number.isInteger : Number.isFinite;
  return (value) => (typeof value === 'number' && fits(value) && value >= min && value <= max ? `${value}` : undefined);
}

function compileArray(schema: Schema): Encode | undefined {
  const item = compile(schema['items']);
  if (item === undefined || !saysOnly(schema, 'type', 'items', 'minItems', 'maxItems')) return undefined;
  const min = numberOf(schema['minItems'], 0);
  const max = numberOf(schema['maxItems'], Number.POSITIVE_INFINITY);
  return (value, pass) => {
    if (!Array.isArray(value) || Object.getPrototypeOf(value) !== Array.prototype) return undefined;
    if (value.length < min || value.length > max) return undefined;
    let out = '[';
    for (let index = 0; index < value.length; index += 1) {
      const text = item(value[index], pass);
      if (text === undefined) return undefined;
      out += index === 0 ? text : `,${text}`;
    }
    return `${out}]`;
  };
}

interface Member {
  readonly key: string;
  readonly optional: boolean;
  readonly encode: Encode;
  readonly hasColumn: boolean;
  readonly first: string;
  readonly next: string;
}

function compileMembers(schema: Schema, isEvent: boolean): readonly Member[] | undefined {
  const { properties, required, additionalProperties } = schema;
  if (!isRecord(properties) || additionalProperties !== false) return undefined;
  if (!saysOnly(schema, 'type', 'properties', 'required', 'additionalProperties')) return undefined;
  const members: Member[] = [];
  for (const key of Object.keys(properties).toSorted()) {
    const encode = compile(properties[key]);
    if (encode === undefined) return undefined;
    const optional = !Array.isArray(required) || !required.includes(key);
    const lead = `${JSON.stringify(key)}:`;
    const hasColumn = isEvent && COLUMN_NAMES.has(key);
    members.push({ key, optional, encode, hasColumn, first: `{${lead}`, next: `,${lead}` });
  }
  return members;
}

function compileObject(schema: Schema, isEvent = false): Encode | undefined {
  const members = compileMembers(schema, isEvent);
  if (members === undefined) return undefined;
  return (value, pass) => {
    if (!isRecord(value) || Object.getPrototypeOf(value) !== Object.prototype) return undefined;
    let out = '';
    let count = 0;
    for (const { key, optional, encode, hasColumn, first, next } of members) {
      // Read once: what was checked is what is written, whatever an accessor would say the next time.
      const member = value[key];
      if (member === undefined && optional) continue;
      const text = encode(member, pass);
      if (text === undefined) return undefined;
      if (hasColumn) pass.columns[key] = member;
      out += (count === 0 ? first : next) + text;
      count += 1;
    }
    // Members beyond the schema's, or `undefined` ones: the general way says what becomes of them.
    for (const _key in value) count -= 1;
    if (count !== 0) return undefined;
    return out === '' ? '{}' : `${out}}`;
  };
}

interface Slot {
  readonly schema: unknown;
  encode?: Encode | undefined;
}

function slots(entries: readonly (readonly [string, unknown])[]): Map<unknown, Slot> {
  return new Map(entries.map(([name, schema]) => [name, { schema }]));
}

/** The short cut of one recorder: what it remembers as clean is clean by that recorder's redactor. */
export class EventEncoder {
  readonly #redactor: EventRedactor;
  readonly #plain = slots(Object.entries(EVENT_SCHEMAS));
  readonly #system = slots(SystemEvents.map((schema) => [schema.properties.subject.const, schema]));

  constructor(redactor: EventRedactor) {
    this.#redactor = redactor;
  }

  /** An event that is in order and holds no secret; `undefined` when the short cut cannot tell. */
  encode(value: unknown): EncodedEvent | undefined {
    if (!isRecord(value)) return undefined;
    const { type } = value;
    const slot = type === 'system' ? this.#system.get(value['subject']) : this.#plain.get(type);
    if (slot === undefined) return undefined;
    // Compiled at first use: most processes record a few types only, and start-up counts.
    if (!('encode' in slot)) slot.encode = isRecord(slot.schema) ? compileObject(slot.schema, true) : undefined;
    const pass: Pass = { fresh: [], isSuspect: false, columns: {} };
    const payload = slot.encode?.(value, pass);
    if (payload === undefined || (pass.isSuspect && !isCleanJson(payload, this.#redactor))) return undefined;
    for (const { texts, text, json } of pass.fresh) texts.add(text, json);
    return { payload, columns: indexColumnsOf(pass.columns) };
  }
}
