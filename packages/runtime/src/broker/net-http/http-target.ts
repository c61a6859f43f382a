import { findCapability } from '@mex/envelope';
import { type HostAddress, hostScope } from './host-scope.ts';
import { invalidRequest, type NetErrorCode, netError } from './net-errors.ts';

/** A URL, read once. Nothing later looks at the text it came from. */
export interface HttpTarget extends HostAddress {
  /** `net.http:<scope>` is what the request needs. */
  readonly scope: string;
  readonly origin: string;
  /** Path and query, as they go on the wire. */
  readonly path: string;
  readonly pathname: string;
  /** Origin and path: no user, no fragment. */
  readonly href: string;
}

/** Of a URL as it was written, and as it is sent. */
const MAX_URL_CHARS = 8_192;
/** What WHATWG URL silently drops, or reads as something else. Two readers that differ on these differ on the host. */
const AMBIGUOUS = /[\p{Cc}\p{Cs}\p{Z}\\]/u;
const AUTHORITY = /^https?:\/\/([^/?#]+)/i;
const IPV6 = /^\[[0-9a-f:]+\]$/;

/**
 * Reads a URL of an engine: hostile.
 * @throws MexError `NETWORK_REQUEST_INVALID`
 */
export function parseTarget(text: string): HttpTarget {
  if (text.length > MAX_URL_CHARS) throw badUrl(`is longer than ${MAX_URL_CHARS} characters`);
  if (AMBIGUOUS.test(text)) throw badUrl('has a space, a backslash or a control character');
  const authority = AUTHORITY.exec(text)?.[1];
  if (authority === undefined) throw badUrl('does not begin with http:// or https:// and a host');
  if (authority.includes('@')) throw badUrl('names a user');
  if (!URL.canParse(text)) throw badUrl('has no host that can be read');
  return targetOf(new URL(text));
}

/**
 * Reads the `location` of an answer: hostile, too.
 * @param from what answered
 * @throws MexError `NETWORK_REDIRECT_BLOCKED`
 */
export function parseLocation(location: string, from: HttpTarget): HttpTarget {
  if (!/^[\x21-\x7e]+$/.test(location) || !URL.canParse(location, from.href)) {
    throw badRedirect(from, 'to something that is no URL');
  }
  const authority = /^(?:[a-z][a-z0-9+.-]*:)?\/\/([^/?#]*)/i.exec(location)?.[1] ?? '';
  if (authority.includes('@')) throw badRedirect(from, 'to an address that names a user');
  const url = new URL(location, from.href);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw badRedirect(from, 'away from http and https');
  if (from.protocol === 'https:' && url.protocol === 'http:') throw badRedirect(from, 'from https to http');
  try {
    return parseTarget(url.href);
  } catch {
    throw badRedirect(from, 'to a URL that is not allowed in a request either');
  }
}

function targetOf(url: URL): HttpTarget {
  const { protocol, hostname: host, origin, pathname, search } = url;
  if (protocol !== 'http:' && protocol !== 'https:') throw badUrl('is neither http nor https');
  const port = url.port === '' ? (protocol === 'http:' ? 80 : 443) : Number(url.port);
  const scope = hostScope({ protocol, host, port });
  // No grant can name such a host: trailing dots, empty labels, underscores, punctuation that a URL tolerates.
  const nameable = IPV6.test(host) || (host.length <= 253 && findCapability(`net.http:${host}`) !== undefined);
  if (!nameable || host.includes('*')) throw badUrl('names a host that is no plain host name or address');
  if (port === 0) throw badUrl('names port 0');
  const path = `${pathname}${search}`;
  if (origin.length + path.length > MAX_URL_CHARS) throw badUrl(`is longer than ${MAX_URL_CHARS} characters`);
  return { protocol, host, port, scope, origin, pathname, path, href: `${origin}${path}` };
}

/** The URL itself is not quoted: it is the engine's text, and may carry what must not be recorded. */
function badUrl(why: string): ReturnType<typeof netError> {
  return invalidRequest(`The URL of the request ${why}.`, 'Send an absolute http or https URL with a plain host name.');
}

/** @throws nothing; builds the error of a redirect that is not followed */
export function badRedirect(from: HttpTarget, why: string): ReturnType<typeof netError> {
  const code: NetErrorCode = 'NETWORK_REDIRECT_BLOCKED';
  return netError(code, `${from.host} redirects ${why}.`, 'Ask for the final address, or handle redirects yourself.');
}
