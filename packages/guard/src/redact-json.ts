import { MASK } from './context/placeholder.ts';
import { redact } from './redact.ts';
import { factsOfName, scanSpans } from './scan/scanner.ts';

/** What JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Nesting beyond this is masked whole: nothing unseen gets through, and no stack is exhausted. */
const DEEPEST = 256;

/** How strings and property names are masked. */
export interface StringMask {
  /** `name` is what the string stands under, if anything. */
  value(text: string, name: string | undefined): string;
  name(name: string): string;
}

/** A value alone says little; under its name it is judged like `name="value"` in a text. */
function maskNamed(text: string, name: string): string {
  const lead = `${name}="`;
  return scanSpans(`${lead}${text}"`).some((span) => span.end > lead.length) ? MASK : text;
}

const PATTERNS: StringMask = {
  value(text, name) {
    const masked = redact(text);
    return name === undefined || masked !== text || !factsOfName(name).tells ? masked : maskNamed(text, name);
  },
  name: (name) => (factsOfName(name).secret ? redact(name) : name),
};

function maskObject(value: { readonly [key: string]: JsonValue }, mask: StringMask, depth: number): JsonValue {
  let changed: [string, JsonValue][] | undefined;
  const keys = Object.keys(value);
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at] ?? '';
    const old = value[key] ?? null;
    const fresh = maskValue(old, key, mask, depth + 1);
    const freshKey = mask.name(key);
    if (changed === undefined && (fresh !== old || freshKey !== key)) {
      changed = keys.slice(0, at).map((before) => [before, value[before] ?? null]);
    }
    changed?.push([freshKey, fresh]);
  }
  return changed === undefined ? value : Object.fromEntries(withoutClashes(changed));
}

/** Two masked keys must not become one: later ones are numbered. */
function withoutClashes(entries: readonly [string, JsonValue][]): [string, JsonValue][] {
  const taken = new Set<string>();
  // Where counting goes on: names by the thousand may become the same mask.
  const next = new Map<string, number>();
  return entries.map(([key, value]) => {
    let free = key;
    if (taken.has(key)) {
      let n = next.get(key) ?? 2;
      while (taken.has(`${key}#${n}`)) n += 1;
      free = `${key}#${n}`;
      next.set(key, n + 1);
    }
    taken.add(free);
    return [free, value];
  });
}

function maskArray(value: readonly JsonValue[], key: string | undefined, mask: StringMask, depth: number): JsonValue {
  let changed: JsonValue[] | undefined;
  for (const [at, item] of value.entries()) {
    const fresh = maskValue(item, key, mask, depth + 1);
    if (changed === undefined && fresh !== item) changed = value.slice(0, at);
    changed?.push(fresh);
  }
  return changed ?? value;
}

function maskValue(value: JsonValue, key: string | undefined, mask: StringMask, depth: number): JsonValue {
  if (typeof value === 'string') return mask.value(value, key);
  if (value === null || typeof value !== 'object') return value;
  if (depth > DEEPEST) return MASK;
  return isList(value) ? maskArray(value, key, mask, depth) : maskObject(value, mask, depth);
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** {@link redactJson} with another way to mask strings. */
export function mapStrings(value: JsonValue, mask: StringMask): JsonValue {
  return maskValue(value, undefined, mask, 0);
}

/**
 * Masks every string and key of a plain JSON value, at most 256 levels deep (deeper parts become the mask).
 * Returns the same object when nothing was found, so `redactJson(x) === x` tells that `x` was clean.
 */
export function redactJson(value: JsonValue): JsonValue {
  return mapStrings(value, PATTERNS);
}
