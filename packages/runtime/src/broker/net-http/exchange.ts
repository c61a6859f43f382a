import { type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http';
import type { Socket } from 'node:net';
import { MexError } from '@mex/envelope';
import type { CallScope } from './call-scope.ts';
import type { HttpLimits } from './http-limits.ts';
import type { HttpTarget } from './http-target.ts';
import { MeteredSocket, type OnBytes } from './metered-socket.ts';
import { codeOf, netError, networkFailed } from './net-errors.ts';
import type { Header } from './request-headers.ts';

/** One request on one connection. */
export interface Exchange {
  readonly target: HttpTarget;
  readonly method: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array | undefined;
  /** Bytes of body that are taken; one more is a failure. */
  readonly maxBytes: number;
  readonly limits: Pick<HttpLimits, 'responseHeadBytes' | 'interimAnswers' | 'firstByteMs'>;
  /** Whether the body of such an answer is read. Where not, the connection ends with the head. */
  readonly readsBody: (status: number, locations: readonly string[]) => boolean;
  readonly onBytes: OnBytes;
}

export interface Exchanged {
  readonly status: number;
  /** Names in lower case, in the order of the answer; without what belongs to the connection, and without cookies. */
  readonly headers: readonly Header[];
  readonly locations: readonly string[];
  readonly body: Uint8Array;
}

/** Of the connection, or a memory that MEX does not keep. Everything else of an answer is handed on. */
const DROPPED = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-connection',
  'set-cookie',
  'set-cookie2',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Sends a request and reads its answer, on a connection that ends with it: bytes after the answer are nobody's.
 * @throws MexError `NETWORK_FAILED`, `NETWORK_TIMEOUT`, `NETWORK_RESPONSE_TOO_LARGE`; what `onBytes` throws
 */
export async function exchangeOn(socket: Socket, exchange: Exchange, scope: CallScope): Promise<Exchanged> {
  const { target } = exchange;
  const wire = new MeteredSocket(socket, (direction, count) => {
    try {
      exchange.onBytes(direction, count);
    } catch (thrown) {
      scope.fail(thrown);
      throw thrown;
    }
  });
  wire.on('error', () => undefined);
  const release = scope.onClose(() => wire.destroy());
  const settled = scope.limit(exchange.limits.firstByteMs, () => tooSlow(target, 'did not begin to answer'));
  try {
    const answer = await scope.race(headOf(openRequest(wire, exchange), exchange));
    settled();
    return await scope.race(readAnswer(answer, exchange));
  } finally {
    release();
  }
}

function openRequest(wire: MeteredSocket, { target, method, headers, body, limits }: Exchange): ClientRequest {
  const defaults: Header[] = headers.some(([name]) => name === 'user-agent') ? [] : [['user-agent', 'mex']];
  const own: Header[] = [
    ['host', target.port === (target.protocol === 'http:' ? 80 : 443) ? target.host : `${target.host}:${target.port}`],
    ['connection', 'close'],
    ['accept-encoding', 'identity'],
    ...framing(method, body),
  ];
  const request = startRequest({
    createConnection: () => wire,
    method,
    path: target.path,
    headers: [...own, ...defaults, ...headers].flat(),
    setDefaultHeaders: false,
    maxHeaderSize: limits.responseHeadBytes,
    insecureHTTPParser: false,
  });
  // Node drops the headers after the 2,000th in silence; their bytes are bounded already.
  request.maxHeadersCount = 0;
  request.end(body);
  return request;
}

/** A request of a method that means a body says that it has none, too. */
function framing(method: string, body: Uint8Array | undefined): Header[] {
  if (body === undefined && !['POST', 'PUT', 'PATCH'].includes(method)) return [];
  return [['content-length', String(body?.byteLength ?? 0)]];
}

function headOf(request: ClientRequest, exchange: Exchange): Promise<IncomingMessage> {
  const { host } = exchange.target;
  let interim = 0;
  return new Promise((resolve, reject) => {
    request.once('response', (answer) => {
      // It may break before anybody reads it; reading says so then.
      answer.on('error', () => undefined);
      resolve(answer);
    });
    request.on('information', () => {
      interim += 1;
      if (interim > exchange.limits.interimAnswers) reject(networkFailed(host, 'it answers without an end'));
    });
    request.on('error', (error) => reject(asNetError(error, exchange)));
    request.once('close', () => reject(networkFailed(host, 'the connection ended without an answer')));
  });
}

async function readAnswer(answer: IncomingMessage, exchange: Exchange): Promise<Exchanged> {
  const { target, maxBytes } = exchange;
  const status = answer.statusCode ?? 0;
  const all = headerPairs(answer.rawHeaders);
  // The parser's own bound leaves out what stands between names and values: thousands of tiny headers pass it.
  const headBytes = all.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
  if (headBytes > exchange.limits.responseHeadBytes) throw headTooLarge(exchange);
  const locations = all.filter(([name]) => name === 'location').map(([, value]) => value);
  const coding = answer.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    throw networkFailed(target.host, 'the answer is framed in a way that MEX does not read');
  }
  const headers = all.filter(([name]) => !DROPPED.has(name));
  const head = { status, headers, locations };
  if (!exchange.readsBody(status, locations)) return { ...head, body: new Uint8Array() };
  const declared = Number(answer.headers['content-length'] ?? 0);
  const isBodiless = exchange.method === 'HEAD' || status === 204 || status === 304;
  if (!isBodiless && declared > maxBytes) throw bodyTooLarge(exchange);
  return { ...head, body: await readBody(answer, exchange) };
}

async function readBody(answer: IncomingMessage, exchange: Exchange): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of answer) {
      if (!(chunk instanceof Uint8Array)) continue;
      size += chunk.byteLength;
      if (size > exchange.maxBytes) throw bodyTooLarge(exchange);
      chunks.push(chunk);
    }
  } catch (thrown) {
    throw asNetError(thrown, exchange);
  }
  if (!answer.complete) throw networkFailed(exchange.target.host, 'the answer ended in the middle');
  // A copy of its own: chunks are windows into buffers that hold more than this answer.
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.byteLength;
  }
  return body;
}

function headerPairs(raw: readonly string[]): Header[] {
  const pairs: Header[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([(raw[at] ?? '').toLowerCase(), raw[at + 1] ?? '']);
  return pairs;
}

function asNetError(thrown: unknown, exchange: Exchange): Error {
  if (thrown instanceof MexError) return thrown;
  const code = codeOf(thrown);
  if (code === 'HPE_HEADER_OVERFLOW') return headTooLarge(exchange);
  if (code?.startsWith('HPE_')) return networkFailed(exchange.target.host, 'the answer is not HTTP', thrown);
  return networkFailed(exchange.target.host, 'the connection broke', thrown);
}

function bodyTooLarge({ target, maxBytes }: Exchange): Error {
  const message = `The answer of ${target.host} has more than the ${maxBytes} bytes that were left for it.`;
  return netError('NETWORK_RESPONSE_TOO_LARGE', message, 'Ask for less, raise maxBytes, or raise budget.net_bytes.');
}

function headTooLarge({ target, limits }: Exchange): Error {
  const message = `The headers of the answer of ${target.host} have more than ${limits.responseHeadBytes} bytes.`;
  return netError('NETWORK_RESPONSE_TOO_LARGE', message, 'There is no way to raise this bound.');
}

/** A deadline that passed. */
export function tooSlow(target: HttpTarget, what: string): Error {
  return netError('NETWORK_TIMEOUT', `${target.host} ${what} in time.`, 'Try again later, or with a longer timeoutMs.');
}
