import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The world around the host that an engine must not reach, watched. */
export interface Outside {
  /** A file with something in it that only it holds. */
  readonly file: string;
  /** A file that is not there, and must not be afterwards. */
  readonly newFile: string;
  /** Where a listener counts who connects. */
  readonly port: number;
  /** The secret that one operation is handed. */
  readonly secret: string;
  /** Starts a count of what reached the outside. */
  readonly reset: () => void;
  /** What reached it since: empty when nothing did. `texts`: what came out of the host. */
  readonly damage: (texts: readonly string[]) => string[];
  /** Where the state of a host holds what must never be written. */
  readonly searchHome: (home: string) => string[];
  readonly close: () => Promise<void>;
}

/** Opens a directory with a file, a listener on the loopback interface and a variable of this process's environment. */
export async function openOutside(): Promise<Outside> {
  const dir = mkdtempSync(join(tmpdir(), 'mex-hostile-'));
  const canary = randomBytes(16).toString('hex');
  const secret = `demo-${randomBytes(24).toString('hex')}`;
  const file = join(dir, 'canary');
  const newFile = join(dir, 'started');
  writeFileSync(file, canary);
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n');
  });
  const port = await listen(server);
  const forbidden: readonly (readonly [string, string])[] = [
    ['the content of a file of the host', canary],
    ['the secret', secret],
    ['the secret as base64', Buffer.from(secret).toString('base64')],
  ];
  const findIn = (text: string): string[] =>
    forbidden.filter(([, value]) => text.includes(value)).map(([what]) => what);
  return {
    file,
    newFile,
    port,
    secret,
    reset: () => {
      connections = 0;
      rmSync(newFile, { force: true });
    },
    damage: (texts) => [
      ...(connections > 0 ? [`${connections} connections arrived`] : []),
      ...(existsSync(newFile) ? ['a file appeared'] : []),
      ...texts.flatMap(findIn).map((what) => `${what} came out`),
    ],
    searchHome: (home) =>
      filesBelow(home).flatMap((path) => findIn(readFileSync(path, 'latin1')).map((what) => `${what} lies in ${path}`)),
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the listener has no port');
  return address.port;
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
