import type { HttpLimits } from './http-limits.ts';
import { invalidRequest } from './net-errors.ts';

/** A header of a request: its name in lower case, its value perhaps with `{{secret:<id>}}` in it. */
export type Header = readonly [name: string, value: string];

const TOKEN = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
/** Visible ASCII with single spaces or tabs inside: no CR, LF, NUL, no bytes that two readers decode differently. */
const VALUE = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/;

/**
 * Headers that are the broker's own: framing and connection (a second reader must not see another request), what
 * stands for the way (a host behind a proxy believes these), cookies (MEX keeps none: credentials are secrets), the
 * coding of the answer (the broker decodes none), another method than the one that was checked.
 */
const FORBIDDEN = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'cookie',
  'cookie2',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url',
]);
const FORBIDDEN_PREFIXES = ['proxy-', 'sec-', 'x-forwarded-'];

/** What goes along to another origin. A name that is not here may be a credential. */
const SAFE_ELSEWHERE = new Set([
  'accept',
  'accept-language',
  'cache-control',
  'content-language',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
  'user-agent',
]);

const SECRET = /\{\{secret:([A-Za-z0-9][A-Za-z0-9._-]{0,127})\}\}/g;

/**
 * Checks the headers of an engine: hostile.
 * @throws MexError `NETWORK_REQUEST_INVALID`
 */
export function parseHeaders(headers: readonly Header[], limits: HttpLimits): Header[] {
  if (headers.length > limits.headerCount) {
    throw invalidRequest(`The request has more than ${limits.headerCount} headers.`, 'Send fewer.');
  }
  const seen = new Set<string>();
  const parsed = headers.map(([given, value]): Header => {
    const name = given.toLowerCase();
    if (!TOKEN.test(name)) throw invalidRequest('A header has a name that HTTP does not allow.', 'Rename it.');
    verifyName(name);
    if (seen.has(name)) throw invalidRequest(`The header ${name} is there twice.`, 'Send each header once.');
    seen.add(name);
    verifyValue(name, value);
    return [name, value];
  });
  verifySize(parsed, limits);
  return parsed;
}

function verifyName(name: string): void {
  if (!FORBIDDEN.has(name) && !FORBIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix))) return;
  throw invalidRequest(`The header ${name} is not an engine's to set.`, 'Leave it out.');
}

function verifyValue(name: string, value: string): void {
  if (!VALUE.test(value)) {
    const message = `The value of the header ${name} has a character that is not allowed there.`;
    throw invalidRequest(message, 'Use visible ASCII, with spaces inside only.');
  }
  // What is left of a misspelt placeholder would be sent as it stands, and the request without its credential.
  if (value.replaceAll(SECRET, '').includes('{{secret:')) {
    throw invalidRequest(`The header ${name} has a placeholder that names no secret.`, 'Write {{secret:<id>}}.');
  }
}

/** Counted as on the wire: colon, space and line end belong to it. */
function verifySize(headers: readonly Header[], limits: HttpLimits): void {
  const size = headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
  if (size <= limits.headerBytes) return;
  throw invalidRequest(`The headers have more than ${limits.headerBytes} bytes.`, 'Send less, or in the body.');
}

/** Whether a header asks for a secret. */
export function hasSecret([, value]: Header): boolean {
  return value.search(SECRET) >= 0;
}

/**
 * Puts the values of secrets in place of `{{secret:<id>}}`. A value is put in as it is: one that holds a placeholder
 * itself is not looked into.
 * @throws MexError `NETWORK_REQUEST_INVALID` where a value would break the header; whatever `secret` throws
 */
export async function fillSecrets(
  headers: readonly Header[],
  secret: (id: string) => Promise<string>,
  limits: HttpLimits,
): Promise<Header[]> {
  const values = new Map<string, string>();
  for (const [, value] of headers) {
    for (const [, id = ''] of value.matchAll(SECRET)) {
      if (!values.has(id)) values.set(id, verifySecret(id, await secret(id)));
    }
  }
  if (values.size === 0) return [...headers];
  const filled = headers.map(([name, value]): Header => {
    return [name, value.replaceAll(SECRET, (_placeholder, id: string) => values.get(id) ?? '')];
  });
  verifySize(filled, limits);
  return filled;
}

function verifySecret(id: string, value: string): string {
  if (value !== '' && VALUE.test(value) && !value.includes('\t')) return value;
  const message = `The secret ${id} cannot stand in a header: it is empty, or not of visible ASCII.`;
  throw invalidRequest(message, 'Ask the operator to set it without line ends and blanks around it.');
}

/** The headers that go along when a redirect leaves the origin they were meant for. */
export function headersForElsewhere(headers: readonly Header[]): Header[] {
  return headers.filter((header) => SAFE_ELSEWHERE.has(header[0]) && !hasSecret(header));
}

/** The headers of a request that lost its body. */
export function headersWithoutBody(headers: readonly Header[]): Header[] {
  return headers.filter(([name]) => !name.startsWith('content-'));
}
