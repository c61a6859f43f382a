import { LockfileError } from '../model.ts';
import { type Fields, isFields } from './npm-family-record.ts';
import { placeOf } from './npm-family-text.ts';

/**
 * Parses a JSON lockfile whose root must be an object.
 *
 * JSON.parse itself is iterative in V8 and makes `__proto__` an ordinary own key, so depth and names cannot hurt here.
 *
 * @throws LockfileError SBOM_LOCKFILE_SYNTAX with line and column; SBOM_LOCKFILE_SHAPE when the root is no object.
 */
export function parseJsonFields(path: string, text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const offset = offsetOfJsonError(text);
    const ending = text.trim() === '' ? 'The file is empty' : 'The file ends in the middle: it is truncated';
    const what = offset >= text.length ? ending : 'Not valid JSON';
    const place = placeOf(text, offset);
    const message = `${what} (line ${place.line}, column ${place.column}). Restore it from version control or generate it again.`;
    throw new LockfileError('SBOM_LOCKFILE_SYNTAX', path, message, { ...place, cause });
  }
  if (isFields(value)) return value;
  const message = `The root must be a JSON object, not ${Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`}.`;
  throw new LockfileError('SBOM_LOCKFILE_SHAPE', path, message, { line: 1, column: 1 });
}

interface Scan {
  /** What closes each open object and array, innermost last. */
  readonly closers: string[];
  expected: 'value' | 'value-or-]' | 'key' | 'key-or-}' | ':' | ',' | 'end';
}

/**
 * Offset of the first character at which `text` stops being JSON; `text.length` when it ends too early. V8 names the
 * position only in some messages and quotes file content in the others, so the place is found here, without recursion.
 */
export function offsetOfJsonError(text: string): number {
  const scan: Scan = { closers: [], expected: 'value' };
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const next = step(scan, text, at);
    if (next < 0) return -1 - next;
    at = skipSpace(text, next);
  }
  return text.length;
}

/** Reads one token; the offset after it, or `-1 - offset` of what is wrong. */
function step(scan: Scan, text: string, at: number): number {
  const char = text.charAt(at);
  const { closers, expected } = scan;
  const mayClose = expected === ',' || expected === 'value-or-]' || expected === 'key-or-}';
  if (mayClose && char === closers.at(-1)) {
    closers.pop();
    scan.expected = closers.length === 0 ? 'end' : ',';
    return at + 1;
  }
  if (expected === ':' || expected === ',' || expected === 'end') {
    if (char !== expected) return -1 - at;
    scan.expected = expected === ',' && closers.at(-1) === '}' ? 'key' : 'value';
    return at + 1;
  }
  if (expected === 'key' || expected === 'key-or-}') {
    scan.expected = ':';
    return char === '"' ? stringEnd(text, at + 1) : -1 - at;
  }
  if (char === '{' || char === '[') {
    closers.push(char === '{' ? '}' : ']');
    scan.expected = char === '{' ? 'key-or-}' : 'value-or-]';
    return at + 1;
  }
  scan.expected = closers.length === 0 ? 'end' : ',';
  return scalarEnd(text, at);
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++;
  return at;
}

/** Offset after the scalar that starts at `at`, or `-1 - offset` of the character that is wrong in it. */
function scalarEnd(text: string, at: number): number {
  if (text.charAt(at) === '"') return stringEnd(text, at + 1);
  const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
  scalar.lastIndex = at;
  if (scalar.test(text)) return scalar.lastIndex;
  const rest = text.length - at;
  return rest <= 5 && 'true false null'.includes(text.slice(at)) ? -1 - text.length : -1 - at;
}

function stringEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return -1 - at;
    if (code !== 0x5c) continue;
    const next = text.charAt(at + 1);
    if (next === 'u' && at + 6 <= text.length && !/^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6))) return -1 - at;
    if (next !== '' && !'"\\/bfnrtu'.includes(next)) return -1 - at;
    at++;
  }
  return -1 - text.length;
}
