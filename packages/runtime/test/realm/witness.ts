import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BroadcastChannel } from 'node:worker_threads';
import type { Outcome } from './sandbox.ts';

/** What an attack is told: where the treasure is. */
export interface Target {
  readonly dir: string;
  readonly secretFile: string;
  readonly secretUrl: string;
  readonly jsonUrl: string;
  readonly moduleUrl: string;
  readonly port: number;
}

export const ENV_SECRET = 'env-canary-71c3';
const FILE_SECRET = 'file-canary-9a44';

/**
 * Sees from outside whether an attack got through: a secret came back, a file appeared, a socket was accepted, a
 * signal or a broadcast arrived, the worker printed, the host's own facts came back.
 */
export class Witness {
  readonly target: Target;
  private readonly server: Server;
  private readonly channel = new BroadcastChannel('mex-realm-witness');
  private readonly known: Set<string>;
  private readonly facts: string[];
  private readonly onSignal = (): void => void this.events.add('a signal arrived');
  private readonly events = new Set<string>();

  private constructor(dir: string, server: Server, port: number) {
    const secretFile = join(dir, 'secret.txt');
    const file = (name: string): string => pathToFileURL(join(dir, name)).href;
    this.target = {
      dir,
      secretFile,
      secretUrl: file('secret.txt'),
      jsonUrl: file('secret.json'),
      moduleUrl: file('module.mjs'),
      port,
    };
    this.server = server;
    server.on('connection', (socket) => {
      this.events.add('a socket was accepted');
      socket.on('error', () => {}).destroy();
    });
    this.channel.onmessage = () => this.events.add('a broadcast arrived');
    this.channel.unref();
    process.on('SIGUSR2', this.onSignal);
    this.known = new Set(readdirSync(dir));
    this.facts = [
      FILE_SECRET,
      ENV_SECRET,
      `pid ${process.pid}`,
      `host ${hostname()}`,
      process.execPath,
      `cwd ${process.cwd()}`,
      'realm/',
      'node:internal',
      'GOT ',
    ];
  }

  static async open(): Promise<Witness> {
    const dir = mkdtempSync(join(tmpdir(), 'mex-realm-'));
    writeFileSync(join(dir, 'secret.txt'), FILE_SECRET);
    writeFileSync(join(dir, 'secret.json'), JSON.stringify(FILE_SECRET));
    writeFileSync(join(dir, 'module.mjs'), `export const secret = ${JSON.stringify(FILE_SECRET)};`);
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    return new Witness(dir, server, port);
  }

  /**
   * What got out by this attack; empty when nothing did within `patienceMs`: a connection or a broadcast may be under
   * way when the reply arrives. Resets for the next attack.
   */
  async seen(outcome: Outcome, printed: () => string, patienceMs: number): Promise<string[]> {
    const text = outcome.kind === 'replied' ? outcome.reply.value : outcome.kind === 'died' ? outcome.error : '';
    const until = performance.now() + patienceMs;
    let found: string[] = [];
    do {
      await new Promise((resolve) => setTimeout(resolve, 2));
      found = this.look(text, printed());
    } while (found.length === 0 && performance.now() < until);
    this.events.clear();
    return found;
  }

  private look(text: string, printed: string): string[] {
    const found = [...this.events];
    for (const fact of this.facts) if (text.includes(fact)) found.push(`"${fact}" came back`);
    for (const name of readdirSync(this.target.dir)) {
      if (this.known.has(name)) continue;
      found.push(`${name} was written`);
      rmSync(join(this.target.dir, name), { recursive: true, force: true });
    }
    if (printed.includes('PRINTED')) found.push('text reached the host’s streams');
    return found;
  }

  async close(): Promise<void> {
    process.off('SIGUSR2', this.onSignal);
    this.channel.close();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.target.dir, { recursive: true, force: true });
  }
}
