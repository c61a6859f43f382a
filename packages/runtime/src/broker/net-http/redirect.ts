import { badRedirect, type HttpTarget, parseLocation } from './http-target.ts';
import { type Header, headersForElsewhere, headersWithoutBody } from './request-headers.ts';

/** One request of a chain. Secrets are not filled in: every hop asks for its own. */
export interface Hop {
  readonly target: HttpTarget;
  readonly method: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array | undefined;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Whether an answer sends its caller elsewhere. Without a location it is an answer like any other. */
export function isRedirect(status: number, locations: readonly string[]): boolean {
  return REDIRECTS.has(status) && locations.length > 0;
}

/**
 * The request that follows an answer (RFC 9110 §15.4). What was meant for one origin does not go to another, and
 * does not come back when a later hop returns.
 * @throws MexError `NETWORK_REDIRECT_BLOCKED`
 */
export function nextHop(hop: Hop, status: number, locations: readonly string[]): Hop {
  const [location = ''] = locations;
  if (locations.some((other) => other !== location)) throw badRedirect(hop.target, 'to two places at once');
  const target = parseLocation(location, hop.target);
  const headers = target.origin === hop.target.origin ? hop.headers : headersForElsewhere(hop.headers);
  if (!becomesGet(hop.method, status)) return { target, method: hop.method, headers, body: hop.body };
  return { target, method: 'GET', headers: headersWithoutBody(headers), body: undefined };
}

function becomesGet(method: string, status: number): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}
