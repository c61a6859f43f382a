import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { HostReport } from './host-report.ts';

/** What an attempt is told: where the treasure is. */
export interface Target {
  readonly dir: string;
  readonly secretFile: string;
  readonly secretUrl: string;
  readonly jsonUrl: string;
  readonly moduleUrl: string;
  readonly socketFile: string;
  readonly port: number;
}

export const ENV_SECRET = 'env-canary-71c3';
const FILE_SECRET = 'file-canary-9a44';
/** An artifact of somebody else, in the same store. */
export const STORE_SECRET = 'store-canary-5d20';

/** The host's event loop may be busy with one thing for as long, in ms of CPU time. */
const MAX_LAG_MS = 500;
/** And an operation may end so long after its deadline, on a machine with other work. */
const MAX_LATE_MS = 1_500;
/** What a host may grow by while an attempt runs, over the attempt's own budget. */
const MAX_GROWTH_MIB = 160;

/**
 * Sees from outside whether an attempt got through: a secret came back, a file appeared, a socket was accepted, the
 * host died, stood still or grew, printed, or the next operation found something changed.
 */
export class Witness {
  readonly target: Target;
  private readonly servers: readonly Server[];
  private readonly known: Set<string>;
  private readonly events = new Set<string>();

  private constructor(target: Target, servers: readonly Server[]) {
    this.target = target;
    this.servers = servers;
    for (const server of servers)
      server.on('connection', (socket) => {
        this.events.add('a socket was accepted');
        socket.on('error', () => {}).destroy();
      });
    this.known = new Set(readdirSync(target.dir));
  }

  static async open(): Promise<Witness> {
    const dir = mkdtempSync(join(tmpdir(), 'mex-escape-'));
    const file = (name: string): string => pathToFileURL(join(dir, name)).href;
    writeFileSync(join(dir, 'secret.txt'), FILE_SECRET);
    writeFileSync(join(dir, 'secret.json'), JSON.stringify(FILE_SECRET));
    writeFileSync(join(dir, 'secret.env'), `MEX_LOADED=${FILE_SECRET}`);
    writeFileSync(join(dir, 'module.mjs'), `export const secret = ${JSON.stringify(FILE_SECRET)};`);
    writeFileSync(join(dir, 'module.cjs'), `module.exports = ${JSON.stringify(FILE_SECRET)};`);
    mkdirSync(join(dir, 'hosts'));
    const socketFile = join(dir, 'socket');
    const [tcp, local] = [createServer(), createServer()];
    await new Promise<void>((resolve) => local.listen(socketFile, resolve));
    const port = await new Promise<number>((resolve) => {
      tcp.listen(0, '127.0.0.1', () => {
        const address = tcp.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const target = {
      dir,
      secretFile: join(dir, 'secret.txt'),
      secretUrl: file('secret.txt'),
      jsonUrl: file('secret.json'),
      moduleUrl: file('module.mjs'),
      socketFile,
      port,
    };
    return new Witness(target, [tcp, local]);
  }

  /**
   * What harm was done; empty when none was within `patienceMs`: a connection may be under way when the reply arrives.
   * Resets for the next attempt.
   * @param isBare there is no realm: what an engine holds or knows inside is no harm, what it reaches outside is
   */
  async harm(report: HostReport, patienceMs: number, isBare = false): Promise<string[]> {
    const until = performance.now() + patienceMs;
    const found = hostHarm(report);
    do {
      await new Promise((resolve) => setTimeout(resolve, 2));
      found.push(...this.look(report, isBare));
    } while (found.length === 0 && performance.now() < until);
    this.events.clear();
    return [...new Set(found)];
  }

  private look(report: HostReport, isBare: boolean): string[] {
    const found = [...this.events];
    const said = report.text + report.printed();
    const facts = [FILE_SECRET, ENV_SECRET, STORE_SECRET, `pid ${report.pid}`, `host ${hostname()}`];
    const places = [process.execPath, `cwd ${report.cwd}`];
    const inside = isBare ? [] : ['realm/', 'node:internal', 'engine-side', 'GOT '];
    for (const fact of [...facts, ...places, ...inside]) if (said.includes(fact)) found.push(`"${fact}" came back`);
    if (report.printed().includes('PRINTED')) found.push('text reached the streams of the host');
    for (const name of readdirSync(this.target.dir)) {
      if (this.known.has(name)) continue;
      found.push(`${name} was written`);
      rmSync(join(this.target.dir, name), { recursive: true, force: true });
    }
    return found;
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => new Promise((resolve) => server.close(resolve))));
    rmSync(this.target.dir, { recursive: true, force: true });
  }
}

function hostHarm(report: HostReport): string[] {
  if (report.death !== '') return [`the host died: ${report.death}`];
  const found: string[] = [];
  if (report.lagMs > MAX_LAG_MS) found.push(`the host stood still for ${report.lagMs} ms`);
  if (report.growthMiB > MAX_GROWTH_MIB) found.push(`the host grew by ${report.growthMiB} MiB`);
  if (report.lateMs > MAX_LATE_MS) found.push(`the operation ended ${report.lateMs} ms after its deadline`);
  if (report.next !== '') found.push(`the next operation: ${report.next}`);
  for (const event of report.events) found.push(event);
  return found;
}
