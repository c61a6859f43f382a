import type { Confidence } from '../finding.ts';
import type { AssignedValue } from './assigned-value.ts';
import { isPretended, type Name } from './name.ts';
import { isNearMiss } from './near-miss.ts';
import { isPlaceholder } from './placeholder.ts';
import { isHex, isUuid, looksRandom } from './randomness.ts';
import { ORDINARY_SERVICE } from './vocabulary.ts';

/** A value with all that is known about where it stands. */
export interface Candidate {
  readonly name: Name;
  readonly value: AssignedValue;
  readonly text: string;
  readonly source: string;
  /** The file is program text, where a bare word is a variable. */
  readonly inCode: boolean;
}

/** `a.b`, `a::b`, `a->b`, `a[`, `f(`: an expression of a program. */
const EXPRESSION = /^[A-Za-z_$][\w$]*(?:(?:\.|::|->|\?\.)[A-Za-z_$][\w$]*)+$/;
/** Another name, a label or a function: `newPassword`, `getPass`. All in small letters it may be a password after all. */
const ANOTHER_NAME =
  /^(?![a-z]{10,}$)(?:[A-Za-z_-]*(?:pass(?:word|wd|phrase|wort)?s?|pwd)|pass[A-Za-z_-]*)$|^(?:get|set|is|has|read|load|parse|find|fetch|new|with|to|from)[A-Z_]/i;
/** What may follow a password without quotes: the end, of the line or the item. Words that go on are prose. */
const ENDS_ITEM = /^(?:\s*$|[\r\n;,&"'<\\]|\s+(?:#|\/\/|--))/;

/** `visitToken` as the second argument, `0x8F6A` as a constant: names and numbers of a program. */
function isOfProgram({ value, text, inCode }: Candidate): boolean {
  if (value.quote !== '') return false;
  return /^0x[0-9a-f]{1,8}$/i.test(text) || (inCode && /^[A-Za-z_$]+$/.test(text));
}

function isCall({ value, source, text }: Candidate): boolean {
  if (value.quote !== '') return false;
  const next = source.charAt(value.end);
  return next === '(' || next === '[' || (EXPRESSION.test(text) && !/\d/.test(text.slice(-4)));
}

/** `password "…"`, `-Password …`: tied by no sign, but told as plainly. */
function isTold({ name, value, source }: Candidate): boolean {
  if (
    value.tie !== 'spaced' ||
    source.charCodeAt(name.end) !== 32 ||
    !/passw|pwd|passphrase/i.test(source.slice(name.start, name.end))
  )
    return false;
  if (value.start !== name.end + 1 + value.quote.length) return false;
  return value.quote === '"' || value.quote === "'" || source.charAt(name.start) === '-';
}

function judgeBarePassword({ value, text, source, inCode }: Candidate): boolean {
  if (inCode && !/\d/.test(text)) return false;
  return !/[$.,:]/.test(text) && ENDS_ITEM.test(source.slice(value.end, value.end + 8));
}

/** How far before a password its user is looked for. */
const USER_REACH = 120;

/** Anonymous access takes any password, by custom an address. */
function isAnonymous({ name, source }: Candidate): boolean {
  return /["'`=:\s]anonymous["'`\s]/i.test(source.slice(Math.max(0, name.start - USER_REACH), name.start));
}

function judgePassword(candidate: Candidate): Confidence | undefined {
  const { value, text } = candidate;
  if (text.length < 5 || text.length > 256 || ANOTHER_NAME.test(text)) return undefined;
  if (looksRandom(text, value.tie === 'assigned' ? 10 : 12)) return 'medium';
  if (value.tie !== 'assigned' && !isTold(candidate)) return undefined;
  if (/[\s<>(){}/\\]|^[#.@][A-Za-z]/.test(text) || isAnonymous(candidate)) return undefined;
  if (value.quote === '' && value.tie === 'assigned' && !judgeBarePassword(candidate)) return undefined;
  const mixed = /[A-Za-z]/.test(text) && /[\d!@#$%^&*?~+=]/.test(text);
  return mixed || (value.quote !== '`' && /^[a-z_]{5,32}$/.test(text)) ? 'low' : undefined;
}

const SYMBOL = /[!#$%^&*@?]/;

function judgeSecret({ name, value, text, inCode }: Candidate): Confidence | undefined {
  const bound = value.tie !== 'spaced';
  if (text.length < 6 || /\s/.test(text)) return undefined;
  if (bound && looksRandom(text, 12)) return 'medium';
  if (!bound) return looksRandom(text, 16) ? 'medium' : undefined;
  if (value.tie === 'argument' || (value.quote === '' && inCode)) return undefined;
  if (SYMBOL.test(text.slice(1)) && /[A-Za-z]{3}/.test(text) && !/[/\\<>(){}=:,]/.test(text)) return 'low';
  if (value.quote === '' || name.before.length > 40) return undefined;
  return /\d.*\d/.test(text) && /[A-Za-z]/.test(text) && !/[./:]/.test(text) && text.length >= 10 ? 'low' : undefined;
}

/** `private` and `access` say too little for anything but a random value. */
function judgeHint({ value, text }: Candidate): Confidence | undefined {
  return !/^\/|\s/.test(text) && looksRandom(text, value.tie === 'spaced' ? 16 : 12) ? 'medium' : undefined;
}

/** A bare `…key` is as often a name, a hash or an id: only long random values, and no digest under an unexplained name. */
function judgeKey({ name, value, text }: Candidate): Confidence | undefined {
  const least = value.tie === 'spaced' ? 20 : 16;
  if (/^\/|\s/.test(text) || !looksRandom(text, least)) return undefined;
  if (name.before === '' && (isHex(text) || isUuid(text)) && value.tie !== 'spaced') return undefined;
  return 'medium';
}

/** What a service's name is joined with where a credential is meant, and not a record of that service. */
const CREDENTIAL_WORD = /key|token|secret|api|auth|pass|pwd|cred|client|licen[sc]e|access|sid|login|\bpat\b|_pat/i;

/** UUIDs and digests are ids first of all: of a segment, a readme, an issue in a tracker. */
function isBareId({ name, value, text, source }: Candidate): boolean {
  const isId = isUuid(text) || (isHex(text) && (text.length === 32 || text.length === 40 || text.length === 64));
  if (!isId) return false;
  const told = source.slice(name.start, value.start);
  return !CREDENTIAL_WORD.test(told) && (ORDINARY_SERVICE.test(told) || name.after === 'id' || name.after === 'ids');
}

function judgeProvider(candidate: Candidate): Confidence | undefined {
  const { value, text, source } = candidate;
  if (isBareId(candidate)) return undefined;
  if (/^[^A-Za-z0-9_+-]|\s|:\/\//.test(text) || /[/.#]/.test(source.charAt(value.start - 1))) return undefined;
  return looksRandom(text, value.tie === 'spaced' ? 20 : 13) ? 'medium' : undefined;
}

const JUDGES = {
  password: judgePassword,
  secret: judgeSecret,
  key: judgeKey,
  provider: judgeProvider,
  hint: judgeHint,
};

/** Public keys in base64, by how their encodings begin: RSA, elliptic curves, Ed25519, OpenSSH. */
const PUBLIC_KEY =
  /^(?:MI[GI][A-Za-z0-9+/]{1,3}jANBgkqhkiG9w0BAQ|MFkwEwYHKoZIzj0|MHYwEAYHKoZIzj0|MCowBQYDK2Vw|AAAA[BCE]3NzaC1|AAAAE2VjZHNh)/;

/** How sure it is that the value is a secret; `undefined` when it is none. */
export function judge(candidate: Candidate): Confidence | undefined {
  const { name, text, source, value } = candidate;
  if (isPlaceholder(text) || isNearMiss(text, source.slice(name.start, name.end)) || isCall(candidate))
    return undefined;
  if (/^\d+\.\d+\.\d+[-_(@+]|^arn:|:\/\/[^:@]*$/.test(text)) return undefined;
  if (isOfProgram(candidate) || PUBLIC_KEY.test(text)) return undefined;
  if (isPretended(source.slice(name.start, name.end))) return undefined;
  // Cut off on purpose.
  if (source.startsWith('...', value.end) || source.startsWith('…', value.end)) return undefined;
  return JUDGES[candidate.name.kind](candidate);
}
