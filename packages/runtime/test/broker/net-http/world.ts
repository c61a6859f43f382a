import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { MexError } from '@mex/envelope';
import { matchHostScope } from '../../../src/broker/net-http/host-scope.ts';
import { HttpBroker, type HttpBrokerOptions } from '../../../src/broker/net-http/http-broker.ts';
import type { HttpCall } from '../../../src/broker/net-http/http-call.ts';
import { JobStop } from '../../../src/sandbox/tier.ts';
import type { Certified } from './certificate.ts';

/** A server that shows what really came, byte for byte, and answers byte for byte. */
export interface RawServer {
  readonly port: number;
  /** Every request as text, latin1, in the order of connections. */
  readonly requests: string[];
  connections: number;
  /** Connections that are open now. */
  readonly open: Set<Socket>;
  close(): Promise<void>;
}

/** Text to send and then end; or a function that does as it likes with the socket. */
export type Reply = string | Buffer | ((socket: Socket, request: string) => void);

/** Answers each request once its head, and the body that `content-length` promises, are there. */
export async function serve(reply: Reply, tls?: Certified & TlsOptions): Promise<RawServer> {
  const raw: RawServer = { port: 0, requests: [], connections: 0, open: new Set(), close: () => closeAll(server, raw) };
  const onConnection = (socket: Socket): void => {
    raw.connections += 1;
    raw.open.add(socket);
    socket.on('close', () => raw.open.delete(socket));
    socket.on('error', () => undefined);
    const at = raw.requests.push('') - 1;
    let answered = false;
    socket.on('data', (chunk: Buffer) => {
      const text = (raw.requests[at] ?? '') + chunk.toString('latin1');
      raw.requests[at] = text;
      if (answered || !isWhole(text)) return;
      answered = true;
      if (typeof reply === 'function') reply(socket, text);
      else socket.end(reply);
    });
  };
  const server: Server = tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return Object.assign(raw, { port: address.port });
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
  return end >= 0 && text.length >= end + 4 + length;
}

function closeAll(server: Server, raw: RawServer): Promise<void> {
  for (const socket of raw.open) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}

export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
export const redirectTo = (location: string, status = 302): string =>
  `HTTP/1.1 ${status} Found\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`;

export interface World {
  /** Scopes of the grants; `*` covers all. */
  readonly grants?: readonly string[];
  readonly privateHosts?: readonly string[];
  /** Addresses of names. Without an entry a name does not resolve. */
  readonly dns?: Readonly<Record<string, readonly string[]>>;
  readonly budget?: { net_requests?: number; net_bytes?: number };
  readonly secrets?: Readonly<Record<string, string>>;
  readonly options?: Partial<HttpBrokerOptions>;
}

/** A broker with all its surroundings in memory, and what was asked of them. */
export function makeWorld(world: World = {}) {
  const asked: string[] = [];
  const given: string[] = [];
  const looked: string[] = [];
  const usage = { net_requests: 0, net_bytes: 0 };
  const budget = { net_requests: 100, net_bytes: 100_000_000, ...world.budget };
  const end = new AbortController();
  const broker = new HttpBroker({
    isGranted(scope, { host, port, protocol }) {
      asked.push(scope);
      return (world.grants ?? ['*']).some((grant) => grant === '*' || matchHostScope(grant, host, port, protocol));
    },
    privateHosts: world.privateHosts ?? [],
    spend(field, amount) {
      usage[field] += amount;
      if (usage[field] > budget[field]) throw new JobStop(`BUDGET_EXCEEDED_${field.toUpperCase()}`, field);
    },
    remaining: (field) => budget[field] - usage[field],
    secret(id) {
      const value = world.secrets?.[id];
      if (value !== undefined) {
        given.push(value);
        return Promise.resolve(value);
      }
      const message = `The secret ${id} is not granted.`;
      return Promise.reject(new MexError({ code: 'CAPABILITY_USED_WITHOUT_GRANT', kind: 'capability', message }));
    },
    watched: { handed: new Map(), hidden: () => new Map(), mayGo: () => true },
    signal: end.signal,
    lookup(host) {
      looked.push(host);
      const found = world.dns?.[host];
      if (found !== undefined) return Promise.resolve(found);
      return Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }));
    },
    ...world.options,
  });
  return { broker, asked, looked, given, usage, end };
}

export function call(url: string, more: Partial<HttpCall> = {}): HttpCall {
  return { url, method: 'GET', headers: [], redirect: 'follow', ...more };
}

/** The code that a call ends with; the status where it does not fail. */
export async function outcome(broker: HttpBroker, request: HttpCall): Promise<string> {
  try {
    return String((await broker.request(request)).status);
  } catch (thrown) {
    if (thrown instanceof MexError || thrown instanceof JobStop) return thrown.code;
    throw thrown;
  }
}

/** The error of a call that must fail. */
export async function failureOf(broker: HttpBroker, request: HttpCall): Promise<MexError> {
  try {
    await broker.request(request);
  } catch (thrown) {
    if (thrown instanceof MexError) return thrown;
    throw thrown;
  }
  throw new Error('the request was answered');
}
