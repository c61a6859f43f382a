import type { JsonBounds, JsonValue } from './value.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
/** `[` and `{` differ in one bit, as do `]` and `}`. */
const CASE_BIT = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** What the punctuation of a text says about it. Exact for JSON; merely some numbers for anything else. */
export interface JsonStructure {
  readonly depth: number;
  readonly members: number;
  /**
   * Whether a name has an escape. V8 up to 14.6 at least (Node 24 and 26; nodejs/node#63785) can read such a name as
   * another one that an earlier text contained, so a sender chooses what a later sender's document says.
   */
  readonly hasEscapedNames: boolean;
}

/** Counts nesting and members by looking at each UTF-8 byte once. Needs no valid text and never throws. */
export function scanStructure(bytes: Uint8Array, length: number): JsonStructure {
  let members = 0;
  let depth = 0;
  let deepest = 0;
  let escaped = false;
  let hasEscapedNames = false;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      escaped = false;
      for (at++; at < length && bytes[at] !== QUOTE; at++) {
        if (bytes[at] !== BACKSLASH) continue;
        escaped = true;
        at++;
      }
    } else if (byte === COLON) {
      members++;
      if (escaped) hasEscapedNames = true;
    } else if ((byte | CASE_BIT) === OPEN) {
      depth++;
      if (depth > deepest) deepest = depth;
    } else if ((byte | CASE_BIT) === CLOSE) depth--;
  }
  return { depth: deepest, members, hasEscapedNames };
}

/**
 * Counts the members of a parsed value. `NaN` says that only a look at the text can tell whether the value is allowed:
 * a forbidden key, a number that may have lost digits, a string that may be too long or broken.
 *
 * JSON.parse keeps the last of several members of one name, so the value has fewer members than the text has colons
 * exactly when a name was repeated.
 */
export function countMembers(value: JsonValue, checkStrings: boolean, bounds: JsonBounds): number {
  if (typeof value === 'string') return checkStrings && isDoubtful(value, bounds) ? Number.NaN : 0;
  if (typeof value === 'number') return Math.abs(value) > Number.MAX_SAFE_INTEGER ? Number.NaN : 0;
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const element of value) count += countMembers(element, checkStrings, bounds);
    return count;
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || (checkStrings && isDoubtful(key, bounds))) return Number.NaN;
    count += 1 + countMembers(value[key] ?? null, checkStrings, bounds);
  }
  return count;
}

function isDoubtful(text: string, bounds: JsonBounds): boolean {
  return text.length * 3 > bounds.maxStringBytes || !text.isWellFormed();
}
