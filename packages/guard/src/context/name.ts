/** What the name a value is given says about it. */
export type NameKind = 'password' | 'secret' | 'key' | 'provider';

/** The whole identifier around an anchor word. */
export interface Name {
  readonly kind: NameKind;
  readonly start: number;
  readonly end: number;
  /** Lower case, without separators. */
  readonly before: string;
  readonly after: string;
}

const LONGEST_SIDE = 48;

function isNameCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 45 ||
    code === 46 ||
    code === 36
  );
}

const flatten = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Reads the identifier around an anchor word, at most 48 characters to either side. */
export function readName(text: string, kind: NameKind, start: number, end: number): Name {
  let from = start;
  while (from > 0 && start - from < LONGEST_SIDE && isNameCode(text.charCodeAt(from - 1))) from--;
  let to = end;
  while (to < text.length && to - end < LONGEST_SIDE && isNameCode(text.charCodeAt(to))) to++;
  return { kind, start: from, end: to, before: flatten(text.slice(from, start)), after: flatten(text.slice(end, to)) };
}

/** What stands after the word and makes the value something about the secret, not the secret. */
const ABOUT =
  /(?:^s|id|ids|name|names|type|types|count|usage|used|length|len|size|field|input|label|hint|title|text|url|uri|urls|path|paths|file|files|filename|dir|folder|policy|regex|regexp|pattern|prefix|suffix|expiry|expires|expiration|expiresin|ttl|age|at|time|timestamp|date|limit|max|min|index|version|ref|refs|hash|digest|sha1|sha256|md5|checksum|fingerprint|provider|store|manager|service|handler|validator|generator|factory|reset|required|enabled|changed|confirmation|strength|resolver|scope|scopes|status|state|error|message|format|algorithm|alg|source|class|mode|param|header|arn|alias|use|izer|ize|ized|izing|iser|ring|rotation|endpoint|server|env|column|location|schema|kind|list|map|set|vault|icon|image|placeholder)$/;
const NOT_SECRET_KEY =
  /(?:public|pub|primary|foreign|partition|sort|cache|idempotency|idempotent|object|unique|map|dict|row|column|col|group|index|lookup|message|msg|translation|i18n|locale|label|item|node|react|json|event|state|query|route|shortcut|hot|arrow|on|is|press|storage|bucket|s3|registry|host|known|verify|verification|trusted|composite|natural|surrogate|candidate|super|dedup|deduplication|ordering|tree|band|parent|child|property|prop|field|attr|config|setting|env|metadata|tag|search|filter|order|section|menu|tab|enum|option|routing|shard|range|hash|compare|mon|don|tur|hoc|jockey|whis|ris|integrity|resource|modifier|escape|enter|return|meta|ctrl|alt|shift|function|any|some|each|every|this|that|the|no|with|same|first|last|next|current|old)$/;
const KEY_TAIL =
  /^(?:s|v?\d{0,3}|secret|token|password|base64|b64|hex|value|test|prod|live|dev|private|pass|data|material|string|str)$/;

/** Whether the name can hold a secret at all. */
export function namesSecret(name: Name): boolean {
  const { kind, before, after } = name;
  if (kind === 'provider')
    return !/(?:url|uri|host|domain|version|path|dir|image|region|name|email|sha256|sha1|md5|digest|integrity|hash|commit|revision|rev)$/.test(
      after,
    );
  if (kind === 'key') return KEY_TAIL.test(after) && !NOT_SECRET_KEY.test(before);
  if (after === '')
    return (
      !/(?:^|csrf|xsrf|next|page|continuation|cancellation|cancel|sync|delimiter|separator|stop|eos|bos|pad|unk|mask|max|min|num|by|com|sur|tres|over|under|by)(?:page)?$/.test(
        before,
      ) ||
      before === '' ||
      before.length > 24
    );
  return !ABOUT.test(after);
}
