import { containsSecret, type JsonValue, redactJson } from '@mex/guard';

/** What keeps secrets out of the log; a `Redactor` as `createRedactor` of `@mex/guard` makes it fits. */
export interface EventRedactor {
  readonly containsSecret: (text: string) => boolean;
  readonly redactJson: (value: JsonValue) => JsonValue;
}

/** The patterns of `@mex/guard`. */
export const DEFAULT_REDACTOR: EventRedactor = { containsSecret, redactJson };

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]{8,18}Z$/;
const DASH = 0x2d;

/** Whether a text has only lower-case hex digits, and with `dashes` dashes where a UUID has them. */
function isHex(text: string, dashes: boolean): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (dashes && (at === 8 || at === 13 || at === 18 || at === 23)) {
      if (code !== DASH) return false;
    } else if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) {
      return false;
    }
  }
  return true;
}

/** Hashes, UUIDs and times have one fixed form that holds no secret. */
export function hasFixedForm(text: string): boolean {
  const { length } = text;
  if (length === 36) return isHex(text, true);
  if (length === 64) return isHex(text, false);
  return length >= 20 && length <= 30 && TIME.test(text);
}

/** Whether a canonical JSON text holds no secret. `false` may also mean that a look at the whole cannot tell. */
export function isCleanJson(json: string, redactor: EventRedactor): boolean {
  // An escape could hide a secret; then each string has to be looked at by itself.
  return !json.includes('\\') && !redactor.containsSecret(json);
}

/** The value of a canonical JSON text with secrets masked; `undefined` when there are none. */
export function maskJson(json: string, redactor: EventRedactor): unknown {
  const value: JsonValue = JSON.parse(json);
  const masked = keepFixedForms(value, redactor.redactJson(value));
  return masked === value ? undefined : masked;
}

/** A random id looks like a key to a pattern; but an event whose own ids are masked could not be recorded at all. */
function keepFixedForms(before: JsonValue, after: JsonValue): JsonValue {
  if (before === after) return before;
  if (typeof before === 'string') return hasFixedForm(before) ? before : after;
  if (!isNested(before) || !isNested(after)) return after;
  const names = Object.keys(after);
  const members = names.map((name) => keepFixedForms(member(before, name), member(after, name)));
  if (names.every((name, index) => member(before, name) === members[index])) return before;
  return Array.isArray(after)
    ? members
    : Object.fromEntries(names.map((name, index) => [name, members[index] ?? null]));
}

function isNested(value: JsonValue): value is Extract<JsonValue, object> {
  return typeof value === 'object' && value !== null;
}

function member(value: Extract<JsonValue, object>, name: string): JsonValue {
  const found: JsonValue | undefined = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
  return found ?? null;
}
