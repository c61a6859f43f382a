import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What an escape would reach, told to the attempts. */
export interface ProofTarget {
  /** A file of the host, and what only it says. */
  readonly file: string;
  /** A file that is not there, and must not be afterwards. */
  readonly newFile: string;
  readonly port: number;
  readonly socket: string;
  readonly pid: number;
}

/** Things of the host that an escape would reach, watched from outside of every sandbox. */
export class OutsideWitness {
  readonly canary: string;
  readonly target: ProofTarget;
  private readonly directory: string;
  private readonly servers: readonly Server[];
  private readonly visits: { count: number };

  private constructor(
    canary: string,
    target: ProofTarget,
    directory: string,
    servers: readonly Server[],
    visits: { count: number },
  ) {
    this.canary = canary;
    this.target = target;
    this.directory = directory;
    this.servers = servers;
    this.visits = visits;
  }

  static async open(): Promise<OutsideWitness> {
    const directory = mkdtempSync(join(shortTemp(), 'mex-proof-'));
    const servers: Server[] = [];
    try {
      return await OutsideWitness.openIn(directory, servers);
    } catch (error) {
      for (const server of servers) server.close();
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  private static async openIn(directory: string, servers: Server[]): Promise<OutsideWitness> {
    const canary = randomBytes(16).toString('hex');
    const file = join(directory, 'canary');
    writeFileSync(file, canary);
    const visits = { count: 0 };
    const listen = async (place: { port: number; host: string } | { path: string }): Promise<Server> => {
      const server = createServer((socket) => {
        visits.count += 1;
        socket.on('error', () => undefined);
        // An answer, so that a request that arrives also works for whoever sent it.
        socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n');
      });
      server.unref();
      servers.push(server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(place, resolve);
      });
      return server;
    };
    const socket = join(directory, 'socket');
    const tcp = await listen({ port: 0, host: '127.0.0.1' });
    await listen({ path: socket });
    const address = tcp.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const target = { file, newFile: join(directory, 'written'), port, socket, pid: process.pid };
    return new OutsideWitness(canary, target, directory, servers, visits);
  }

  /** Connections that arrived. */
  get visitors(): number {
    return this.visits.count;
  }

  close(): void {
    for (const server of this.servers) server.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A socket's path has at most 107 bytes. */
function shortTemp(): string {
  const directory = tmpdir();
  return Buffer.byteLength(directory) <= 64 ? directory : '/tmp';
}
