import { ABOUT_PROVIDER, ABOUT_SECRET, KEY_TAIL, NOT_SECRET_KEYS, NOT_SECRET_TOKENS } from './name-words.ts';

/** What the name a value is given says about it. */
export type NameKind = 'password' | 'secret' | 'key' | 'provider';

/** The whole identifier around an anchor word. */
export interface Name {
  readonly kind: NameKind;
  readonly start: number;
  readonly end: number;
  /** The word before the anchor word, in lower case: `cache` of `myCacheKey`. */
  readonly before: string;
  /** The last word after it: `id` of `tokenSourceId`. */
  readonly after: string;
}

const LONGEST_SIDE = 48;

function isNameCode(code: number): boolean {
  const folded = code | 32;
  return (
    (folded >= 97 && folded <= 122) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 45 ||
    code === 46 ||
    code === 36
  );
}

/** First character of the identifier that `at` lies in, at most 48 characters back. */
export function nameStart(text: string, at: number): number {
  let from = at;
  while (from > 0 && at - from < LONGEST_SIDE && isNameCode(text.charCodeAt(from - 1))) from--;
  return from;
}

/** End of the identifier that `at` lies in, at most 48 characters on. */
export function nameEnd(text: string, at: number): number {
  let to = at;
  while (to < text.length && to - at < LONGEST_SIDE && isNameCode(text.charCodeAt(to))) to++;
  return to;
}

/** Reads the identifier around an anchor word, whose end is known. */
export function readName(text: string, kind: NameKind, start: number, end: number, to: number): Name {
  const from = nameStart(text, start);
  const before = lastWord(text.slice(from, start)) || wordBefore(text, from);
  return { kind, start: from, end: to, before, after: lastWord(text.slice(end, to)) };
}

/** Last part of an identifier, by separators and humps, in lower case. */
function lastWord(text: string): string {
  if (text === '') return '';
  return /(?:[A-Z]?[a-z0-9]+|[A-Z0-9]+)(?=[^A-Za-z0-9]*$)/.exec(text)?.[0].toLowerCase() ?? '';
}

/** `acme key: …`: the word before a space qualifies the name as a prefix would. */
function wordBefore(text: string, from: number): string {
  const at = from - 1;
  if (text.charCodeAt(at) !== 32 || !isNameCode(text.charCodeAt(at - 1))) return '';
  return lastWord(text.slice(nameStart(text, at), at));
}

/** Words that end in `pass` and are no password's name: `bypass`, `compass`. Or that only begin so: `passed`. */
function isPass(text: string, start: number, end: number): boolean {
  if (end - start !== 4) return true;
  const hump = text.charCodeAt(start) < 97 && text.charCodeAt(start + 1) >= 97;
  const glued =
    /[A-Za-z]/.test(text.charAt(start - 1)) &&
    !hump &&
    !/(?:db|user|my|root|admin|smtp|mail|ftp|ssh|auth|login)$/i.test(text.slice(Math.max(0, start - 5), start));
  return !glued && !/[a-z]/.test(text.charAt(end));
}

/** Whether an anchor word stands in a name and not in the middle of encoded data. */
export function isNameAt(text: string, kind: NameKind, start: number, end: number): boolean {
  if (start - nameStart(text, start) >= LONGEST_SIDE) return false;
  return kind !== 'password' || isPass(text, start, end);
}

/** Whether the name can hold a secret at all. */
export function namesSecret({ kind, before, after }: Name): boolean {
  if (kind === 'key') return KEY_TAIL.test(after) && !NOT_SECRET_KEYS.has(before);
  if (kind === 'provider') return !ABOUT_PROVIDER.has(after);
  return after === '' ? !NOT_SECRET_TOKENS.has(before) : !ABOUT_SECRET.has(after);
}
