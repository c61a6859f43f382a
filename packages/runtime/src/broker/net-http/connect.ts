import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isSameAddress } from './address-class.ts';
import type { CallScope } from './call-scope.ts';
import type { HttpTarget } from './http-target.ts';
import { networkFailed } from './net-errors.ts';

export interface ConnectOptions {
  readonly target: HttpTarget;
  /** Literal addresses, checked. Nothing else is connected to: no name is resolved again. */
  readonly addresses: readonly string[];
  /** Default: the port of the target. */
  readonly port?: number;
  /** For one address while another is left. */
  readonly attemptMs: number;
  /** PEM certificates to trust instead of Node's. */
  readonly ca: string | readonly string[] | undefined;
}

/** What is above the TCP socket. */
interface Held {
  secured: Socket | undefined;
}

/**
 * A connection of its own to one of the addresses, with TLS for https. Node's agents are not asked: no proxy of the
 * environment, no socket that another request used.
 * @throws MexError `NETWORK_FAILED`
 */
export async function openConnection(options: ConnectOptions, scope: CallScope): Promise<Socket> {
  const held: Held = { secured: undefined };
  const socket = await openTcp(options, scope, held);
  return options.target.protocol === 'https:' ? startTls(socket, options, scope, held) : socket;
}

async function openTcp(
  { target, addresses, port = target.port, attemptMs }: ConnectOptions,
  scope: CallScope,
  held: Held,
): Promise<Socket> {
  let last: unknown;
  for (const [at, address] of addresses.entries()) {
    const patience = at < addresses.length - 1 ? attemptMs : undefined;
    const socket = connectTcp({ host: address, port, noDelay: true });
    const release = scope.onClose(() => {
      // First what is above: Node ends with a segmentation fault where a socket goes away below a TLS write.
      held.secured?.destroy();
      socket.destroy();
    });
    try {
      await scope.race(connected(socket, 'connect', patience));
      verifyPeer(socket, address, target);
      return socket;
    } catch (thrown) {
      release();
      scope.verifyOpen();
      last = thrown;
    }
  }
  throw networkFailed(target.host, 'no connection could be made', last);
}

/** The last word on where a request goes is the socket's own. */
function verifyPeer(socket: Socket, address: string, target: HttpTarget): void {
  if (isSameAddress(socket.remoteAddress ?? '', address)) return;
  throw networkFailed(target.host, 'the connection leads elsewhere');
}

async function startTls(socket: Socket, { target, ca }: ConnectOptions, scope: CallScope, held: Held): Promise<Socket> {
  const literal = target.host.startsWith('[') ? target.host.slice(1, -1) : target.host;
  const secured = connectTls({
    socket,
    // What the certificate must be for. A server name is never an address (RFC 6066).
    host: literal,
    ...(isIP(literal) === 0 ? { servername: literal } : {}),
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED=0 of the host's environment says nothing.
    rejectUnauthorized: true,
  });
  held.secured = secured;
  try {
    await scope.race(connected(secured, 'secureConnect', undefined));
  } catch (thrown) {
    scope.verifyOpen();
    throw networkFailed(target.host, 'no trusted TLS connection could be made', thrown);
  }
  return secured;
}

function connected(socket: Socket, event: 'connect' | 'secureConnect', patience: number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = patience === undefined ? undefined : setTimeout(() => reject(new Error('too slow')), patience);
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      if (error === undefined) resolve();
      else reject(error);
    };
    // Stays: an error after the end of the call is nobody's, and must not be the host's.
    socket.on('error', settle);
    socket.once(event, () => settle());
    socket.once('close', () => settle(new Error('closed')));
  });
}
