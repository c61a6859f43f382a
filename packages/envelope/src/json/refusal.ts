import { MexError } from '../errors.ts';

/** Why the strict door refused a text. */
export type JsonDoorCode =
  | 'JSON_SYNTAX'
  | 'JSON_NOT_UTF8'
  | 'JSON_DUPLICATE_KEY'
  | 'JSON_FORBIDDEN_KEY'
  | 'JSON_LONE_SURROGATE'
  | 'JSON_NUMBER'
  | 'JSON_TOO_DEEP'
  | 'JSON_TOO_LARGE'
  | 'JSON_TOO_MANY_KEYS';

/** Why a value has no canonical form. */
export type CanonicalJsonCode =
  | 'JSON_NOT_CANONICAL'
  | 'JSON_CYCLE'
  | 'JSON_FORBIDDEN_KEY'
  | 'JSON_LONE_SURROGATE'
  | 'JSON_NUMBER'
  | 'JSON_TOO_DEEP'
  | 'JSON_TOO_LARGE';

const REMEDIES: Readonly<Record<JsonDoorCode | CanonicalJsonCode, string>> = {
  JSON_SYNTAX: 'Send one JSON document as RFC 8259 defines it: no comments, trailing commas or bare words.',
  JSON_NOT_UTF8: 'Send the text as UTF-8 without a byte order mark.',
  JSON_DUPLICATE_KEY: 'Give every member of an object its own name.',
  JSON_FORBIDDEN_KEY: 'Rename the member.',
  JSON_LONE_SURROGATE: 'Replace the half character; write characters beyond U+FFFF as a full surrogate pair.',
  JSON_NUMBER: 'Send the number as a string, or one that an IEEE 754 double carries.',
  JSON_TOO_DEEP: 'Nest less deeply.',
  JSON_TOO_LARGE: 'Store the content as an artifact and pass its handle.',
  JSON_TOO_MANY_KEYS: 'Split the document, or store it as an artifact and pass its handle.',
  JSON_NOT_CANONICAL: 'Pass plain objects, arrays, strings, finite numbers, booleans and null.',
  JSON_CYCLE: 'Remove the reference from the value back to itself.',
};

/** The keys and indexes that lead from the top of a document to one of its values. */
export type JsonPath = readonly (string | number)[];

const MAX_SEGMENT = 64;
const MAX_POINTER = 256;

/** The place as a JSON Pointer. Keys are hostile: shortened, and nothing in them can start a line or turn text around. */
export function formatPointer(path: JsonPath): string {
  if (path.length === 0) return 'the top level';
  const segments = path.map((segment) => {
    const text = String(segment);
    const kept = text.length > MAX_SEGMENT ? `${text.slice(0, MAX_SEGMENT)}…` : text;
    return `/${kept.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  });
  const pointer = segments.join('');
  const shown = pointer.length > MAX_POINTER ? `${pointer.slice(0, MAX_POINTER)}…` : pointer;
  return shown.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Lines and columns count from 1; a column is a UTF-16 code unit, as editors count. */
export function formatPosition(text: string, offset: number): string {
  let line = 1;
  let start = 0;
  for (let at = 0; at < offset; at++) {
    const char = text[at];
    if (char !== '\n' && (char !== '\r' || text[at + 1] === '\n')) continue;
    line++;
    start = at + 1;
  }
  return `line ${line}, column ${offset - start + 1}`;
}

export function refuseText(code: JsonDoorCode, what: string, where?: string): MexError<JsonDoorCode> {
  const message = `JSON text refused${where === undefined ? '' : ` at ${where}`}: ${what}.`;
  return new MexError({ code, kind: 'validation', message, remedy: REMEDIES[code] });
}

export function refuseValue(code: CanonicalJsonCode, what: string, path: JsonPath): MexError<CanonicalJsonCode> {
  const message = `Value has no canonical JSON, at ${formatPointer(path)}: ${what}.`;
  return new MexError({ code, kind: 'validation', message, remedy: REMEDIES[code] });
}
