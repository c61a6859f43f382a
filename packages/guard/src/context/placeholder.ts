/** What a mask, a template or an instruction to the reader looks like; such a value is no secret. */

/** Stands in place of every secret that was found. */
export const MASK = '***REDACTED***';

const TEMPLATE =
  /\$\{|\$\(|\{\{|\}\}|<[%\w]|%[sdv@]|#\{|\[[A-Za-z_ -]+\]|\*{3}|\.\.\.|^\$[A-Za-z_]|^%\w+%$|^<.*>$|^\{\w*\}$|^@@?\w+@$/;
const INSTRUCTION =
  /^(?:your|my|insert|enter|put|replace(?:[-_ ]?with)?|add|change|some|any|the|fake|dummy|sample|example|placeholder|redacted|removed|hidden|masked|todo|tbd|foo|bar|test)[-_ ]?(?:bar|baz|me|this|it|here|own|real|actual|api|app|access|secret|private|auth|client|user|token|key|password|passwd|pass|value|string|data|only)(?:[-_ ]?(?:key|token|secret|id|password|value|here|string|me|this|in[-_ ]?production))*$/i;
const EXAMPLE = /example/i;
const WORDS = new Set(
  'none null nil undefined true false yes no on off empty void unset default required optional string str text number int integer boolean bool object array any bytes byte char float double date json hidden disabled enabled changeme change_me change-me changeit placeholder redacted removed masked example sample dummy fake todo tbd xxx yyy zzz foo bar baz abc abc123 test testing password passwd passwort pass pwd passphrase secret secrets token tokens key keys apikey api_key api-key username user admin login credentials credential self this env environ environment config settings process value values prompt input require required_if new old get set let var const function return async await import from type interface class public private protected static secure insecure'.split(
    ' ',
  ),
);

/** One character over and over, or counting up. */
function isRun(value: string): boolean {
  let same = 0;
  let up = 0;
  let down = 0;
  for (let i = 1; i < value.length; i++) {
    const step = value.charCodeAt(i) - value.charCodeAt(i - 1);
    if (step === 0) same++;
    else if (step === 1) up++;
    else if (step === -1) down++;
  }
  const most = value.length - 1 - Math.floor(value.length / 10);
  return (
    same >= most || (value.length >= 8 && up >= value.length - (value.length <= 16 ? 2 : 1)) || down >= value.length - 1
  );
}

/** Most characters repeat the one before: `5555555AAAAA777…`. */
function isStutter(value: string): boolean {
  if (value.length < 16) return false;
  let same = 0;
  for (let i = 1; i < value.length; i++) if (value.charCodeAt(i) === value.charCodeAt(i - 1)) same++;
  return same >= (value.length - 1) * 0.6;
}

/** Characters of the longest stretch that counts up: 26 in `…abcdefghijklmnopqrstuvwxyz`. */
export function longestRun(value: string): number {
  let longest = 0;
  let current = 1;
  for (let i = 1; i < value.length; i++) {
    current = value.charCodeAt(i) - value.charCodeAt(i - 1) === 1 ? current + 1 : 1;
    longest = Math.max(longest, current);
  }
  return longest;
}

/** Number of distinct characters. */
export function distinctCount(value: string): number {
  return new Set(value).size;
}

/** Stands for a value that is filled in elsewhere, or hides one. */
export function isTemplate(value: string): boolean {
  return TEMPLATE.test(value);
}

/** Words that ask the reader to put something else there: `YOUR_PASSWORD`, `replace-with-password`. */
export function isInstruction(value: string): boolean {
  return INSTRUCTION.test(value);
}

/** Templates, masks, documented example keys, words that ask to be replaced. */
export function isPlaceholder(value: string): boolean {
  return (
    TEMPLATE.test(value) ||
    EXAMPLE.test(value) ||
    /x{6}|X{6}|(.)\1{15}/.test(value) ||
    INSTRUCTION.test(value) ||
    WORDS.has(value.toLowerCase()) ||
    isRun(value) ||
    isStutter(value)
  );
}
