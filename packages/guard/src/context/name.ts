import { ABOUT_PROVIDER, ABOUT_SECRET, KEY_TAIL, NOT_SECRET_KEYS, NOT_SECRET_TOKENS } from './name-words.ts';

/** What the name a value is given says about it. */
export type NameKind = 'password' | 'secret' | 'hint' | 'key' | 'provider';

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

/** Whether an identifier goes on where {@link nameEnd} stopped: what follows is not a value. */
export function isNameCut(text: string, end: number, to: number): boolean {
  return to - end >= LONGEST_SIDE && to < text.length && isNameCode(text.charCodeAt(to));
}

/** Reads the identifier around an anchor word, whose end is known. */
export function readName(text: string, kind: NameKind, start: number, end: number, to: number): Name {
  const from = nameStart(text, start);
  const before = lastWord(text.slice(from, start)) || wordBefore(text, from);
  return { kind, start: from, end: to, before, after: lastWord(text.slice(end, to)) };
}

/** Last part of an identifier, by separators and humps, in lower case. Written out: it runs for every `key` in every event. */
function lastWord(text: string): string {
  let end = text.length;
  while (end > 0 && !isLetter(text, end - 1) && !isDigit(text, end - 1)) end--;
  let start = end;
  while (start > 0 && (isSmall(text, start - 1) || isDigit(text, start - 1))) start--;
  if (start === end) while (start > 0 && isLetter(text, start - 1) && !isSmall(text, start - 1)) start--;
  else if (start > 0 && isLetter(text, start - 1)) start--;
  return text.slice(start, end).toLowerCase();
}

/** `acme key: …`: the word before a space qualifies the name as a prefix would. */
function wordBefore(text: string, from: number): string {
  const at = from - 1;
  if (text.charCodeAt(at) !== 32 || !isNameCode(text.charCodeAt(at - 1))) return '';
  return lastWord(text.slice(nameStart(text, at), at));
}

const isLetter = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at) | 32;
  return code >= 97 && code <= 122;
};
const isDigit = (text: string, at: number): boolean => text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57;
const isSmall = (text: string, at: number): boolean => text.charCodeAt(at) >= 97 && text.charCodeAt(at) <= 122;
const isLarge = (text: string, at: number): boolean => text.charCodeAt(at) >= 65 && text.charCodeAt(at) <= 90;
/** `_authToken`: another word begins, and the one before was small. */
const isHump = (text: string, at: number): boolean => isSmall(text, at - 1) && isLetter(text, at) && !isSmall(text, at);
/** Words that people glue before `pass`. */
const BEFORE_PASS = /(?:db|user|my|root|admin|smtp|mail|ftp|ssh|auth|login)$/i;

/** Not `bypass` and `compass`, nor `passed`, `PASSED` and `passing`. */
function isPass(text: string, start: number, end: number): boolean {
  if (end - start !== 4) return true;
  if (isSmall(text, end) || (isLarge(text, start + 1) && isLarge(text, end))) return false;
  const hump = !isSmall(text, start) && isSmall(text, start + 1);
  return !isLetter(text, start - 1) || hump || BEFORE_PASS.test(text.slice(Math.max(0, start - 5), start));
}

/** What may go on right after a service's name without making it another word. */
const GOES_ON =
  /^(?:token|key|secret|api|pat|pw|pass|id|auth|client|access|private|login|bot|sid|account|app|license|webhook|cloud|io|com|org)/;

/** A service's name, and not a part of a word: `rookTable` and `elasticity` name none. */
function isService(text: string, start: number, end: number): boolean {
  if (text.startsWith('arn:', start - 4)) return false;
  if (isSmall(text, end) && !GOES_ON.test(text.slice(end, end + 8))) return false;
  if (!isLetter(text, start - 1) || text.startsWith('-D', start - 2)) return true;
  return isSmall(text, start - 1) && !isSmall(text, start) && !/[a-z][A-Z]/.test(text.slice(start, start + 5));
}

/** Encoded data changes case at random; short words in it prove nothing. Written ones are `pwd`, `Pwd` or `PWD`. */
function isWritten(text: string, start: number, end: number): boolean {
  if (end - start > 6) return true;
  const small = isSmall(text, start + 1) || !isLetter(text, start + 1);
  if (!small && isSmall(text, start)) return false;
  for (let at = start + 2; at < end; at++) if (isLetter(text, at) && isSmall(text, at) !== small) return false;
  return true;
}

/** `/` and `+` before a name belong to a path or to base64; `? '` makes it one value of two. */
function isCutOff(text: string, from: number): boolean {
  const before = text.charCodeAt(from - 1);
  // Two slashes begin a comment, unless they belong to an address.
  if (before === 47) return text.charCodeAt(from - 2) !== 47 || text.charCodeAt(from - 3) === 58;
  if (before === 43) return true;
  return (before === 34 || before === 39) && text.charCodeAt(from - 2) === 32 && text.charCodeAt(from - 3) === 63;
}

/** Short words that others begin with: `_path`, `_pattern`, `_author`. */
const CUT_SHORT = /^_(?:pat|auth|pw)$/i;

/** Whether an anchor word stands in a name, and not within another word or encoded data. */
export function isNameAt(text: string, kind: NameKind, start: number, end: number): boolean {
  if (kind === 'provider' && !isService(text, start, end)) return false;
  if (kind === 'password' && !isPass(text, start, end)) return false;
  if (end - start < 6 && isLetter(text, end) && CUT_SHORT.test(text.slice(start, end)) && !isHump(text, end))
    return false;
  const from = nameStart(text, start);
  return start - from < LONGEST_SIDE && !isCutOff(text, from) && isWritten(text, start, end);
}

/** `nonMatchingToken`, `FAKE_KEY`, `my-dummy-password`: made for a test to refuse or to pretend. */
const PRETENDED =
  /(?:^|[_.-])(?:(?:non|invalid|fake|dummy|mock|mocked|sample|bogus|wrong)(?=[A-Z_-])|(?:NON|INVALID|FAKE|DUMMY|MOCK|MOCKED|SAMPLE|BOGUS|WRONG)(?=[_-]))/;

/** Whether a name says of its value that it is not real. */
export function isPretended(name: string): boolean {
  return PRETENDED.test(name);
}

/** Whether the name can hold a secret at all. */
export function namesSecret({ kind, before, after }: Name): boolean {
  if (kind === 'key') return KEY_TAIL.test(after) && !NOT_SECRET_KEYS.has(before);
  if (kind === 'provider') return !ABOUT_PROVIDER.has(after);
  if (kind === 'hint' && after !== '' && !KEY_TAIL.test(after)) return false;
  return after === '' ? !NOT_SECRET_TOKENS.has(before) : !ABOUT_SECRET.has(after);
}
