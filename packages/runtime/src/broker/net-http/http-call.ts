import type { HttpLimits } from './http-limits.ts';
import { type HttpTarget, parseTarget } from './http-target.ts';
import { invalidRequest } from './net-errors.ts';
import { type Header, parseHeaders } from './request-headers.ts';

/** What an engine asks for. Types are checked by the door; nothing else is. */
export interface HttpCall {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array;
  /** For all hops together, from the first to the last byte. */
  readonly timeoutMs?: number;
  /** Of the answer's body. */
  readonly maxBytes?: number;
  /** `refuse`: an answer that redirects is the answer. */
  readonly redirect: 'follow' | 'refuse';
}

/** A call that was checked: every part is within bounds. */
export interface HttpPlan {
  readonly target: HttpTarget;
  readonly method: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array | undefined;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly follows: boolean;
}

/** CONNECT makes a tunnel, TRACE shows credentials: neither is a request for a document. */
export const HTTP_METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** @throws MexError `NETWORK_REQUEST_INVALID` */
export function parseCall(call: HttpCall, limits: HttpLimits): HttpPlan {
  const target = parseTarget(call.url);
  const { method, body } = call;
  if (!HTTP_METHODS.includes(method)) {
    throw invalidRequest('The method of the request is not allowed.', `Use one of ${HTTP_METHODS.join(', ')}.`);
  }
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) {
    throw invalidRequest(`A ${method} request has no body.`, 'Leave the body out, or use another method.');
  }
  if (body !== undefined && body.byteLength > limits.requestBytes) {
    throw invalidRequest(`The body has more than ${limits.requestBytes} bytes.`, 'Send it in parts.');
  }
  return {
    target,
    method,
    headers: parseHeaders(call.headers, limits),
    body,
    timeoutMs: bounded('timeoutMs', call.timeoutMs ?? Math.min(limits.defaultTotalMs, limits.totalMs), limits.totalMs),
    maxBytes: bounded(
      'maxBytes',
      call.maxBytes ?? Math.min(limits.defaultResponseBytes, limits.responseBytes),
      limits.responseBytes,
    ),
    follows: call.redirect === 'follow',
  };
}

function bounded(name: string, value: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw invalidRequest(`${name} is not a whole number from 1 to ${most}.`, `Choose one, or leave ${name} out.`);
}
