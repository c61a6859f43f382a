import type { HttpRequest, HttpResponse } from '../context.ts';
import { refuse } from './call-error.ts';
import { bytesOf } from './test-input.ts';
import { answerRequest, type TestOutside, type TestRequest } from './test-outside.ts';

/** What a fake request is made with. */
export interface Fetching {
  readonly granted: readonly string[];
  readonly outside: TestOutside;
  /** Records the use of a capability, or refuses. */
  readonly use: (capability: string) => void;
  readonly secret: (id: string) => string;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 5;
const SECRET = /\{\{secret:([A-Za-z0-9][A-Za-z0-9._-]{0,127})\}\}/g;

/** A request of the fake network, with the host's rules: granted hosts only, also after a redirect. */
export async function fetchFake(request: HttpRequest, fetching: Fetching): Promise<HttpResponse> {
  const { method = 'GET', body, redirect = 'follow', maxBytes } = request;
  let url = parseUrl(request.url);
  for (let redirects = 0; ; redirects += 1) {
    useHost(url, fetching);
    const asked: TestRequest = {
      url: url.href,
      method,
      headers: fillHeaders(request.headers, fetching.secret),
      body: body === undefined ? undefined : bytesOf(body),
    };
    const answer = await answerRequest(fetching.outside, asked);
    if (answer === undefined) {
      throw refuse(
        'NETWORK_FAILED',
        `The request to ${url.host} failed: the test has no answer to ${method} ${url.href}.`,
      );
    }
    const { status, headers = {}, body: content = '' } = answer;
    const pairs = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    const location = pairs.find(([name]) => name === 'location')?.[1];
    if (redirect === 'follow' && REDIRECTS.has(status) && location !== undefined) {
      if (redirects === MAX_REDIRECTS) throw refuse('NETWORK_REDIRECT_BLOCKED', 'The answer redirects too often.');
      url = parseUrl(new URL(location, url).href);
      continue;
    }
    const bytes = bytesOf(content);
    if (maxBytes !== undefined && bytes.length > maxBytes) {
      throw refuse('NETWORK_RESPONSE_TOO_LARGE', `The answer has more than ${maxBytes} bytes.`);
    }
    return { status, url: url.href, headers: pairs, redirects, body: bytes };
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  throw refuse('NETWORK_REQUEST_INVALID', 'Send an absolute http or https URL with a plain host name.');
}

/** The grant that covers the host is what is used; without one the host is never asked. */
function useHost({ hostname, protocol, port }: URL, { granted, use }: Fetching): void {
  const number = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  const usual = protocol === 'https:' ? '443' : '80';
  const covering = granted.find((id) => {
    if (id === 'net.http') return true;
    if (!id.startsWith('net.http:')) return false;
    const [name = '', wanted = usual] = id.slice('net.http:'.length).split(/:(?=\d+$)/);
    if (wanted !== number) return false;
    return name === hostname || (name.startsWith('*.') && hostname.endsWith(name.slice(1)));
  });
  if (covering === undefined) {
    throw refuse('NETWORK_BLOCKED', `The host ${hostname} is not granted; it needs net.http:${hostname}.`);
  }
  use(covering);
}

function fillHeaders(headers: HttpRequest['headers'], secret: (id: string) => string): Record<string, string> {
  const pairs = headers === undefined ? [] : isPairs(headers) ? headers : Object.entries(headers);
  return Object.fromEntries(
    pairs.map(([name, value]) => [
      name.toLowerCase(),
      value.replaceAll(SECRET, (_placeholder, id: string) => secret(id)),
    ]),
  );
}

function isPairs(headers: NonNullable<HttpRequest['headers']>): headers is readonly (readonly [string, string])[] {
  return Array.isArray(headers);
}
