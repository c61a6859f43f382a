import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { HostOptions } from '@mex/host';
import { createServerCertificate } from './server-certificate.ts';

/** What a server says to one method of one URL. */
export interface StagedAnswer {
  readonly url: string;
  readonly method: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The connection ends in the middle of the answer. */
  readonly isCut?: boolean;
}

const LOOPBACK = '127.0.0.1';
/** Nothing listens there: what a vector does not name does not exist. */
const NOWHERE = { address: LOOPBACK, port: 9 };

/**
 * Servers of this process that stand for every host of the vectors: HTTP and HTTPS on loopback, started when a vector
 * needs them. What no vector names is not reached, and no name is ever resolved.
 */
export class HttpStage {
  /** What is answered now; set for each operation. */
  answers: readonly StagedAnswer[] = [];
  private readonly servers: Server[] = [];
  private ports: { readonly http: number; readonly https: number } | undefined;
  private certificate: string | undefined;
  private hosts: ReadonlySet<string> = new Set();

  /** @param urls of all answers that will ever be set */
  async open(urls: readonly string[]): Promise<void> {
    if (urls.length === 0) return;
    this.hosts = new Set(urls.map((url) => new URL(url).hostname));
    const certificate = createServerCertificate([...this.hosts]);
    this.certificate = certificate.cert;
    const answerAs =
      (protocol: string): RequestListener =>
      (request, response) => {
        const answer = this.find(protocol, request);
        if (answer === undefined) return void response.writeHead(404).end();
        response.writeHead(answer.status, answer.headers);
        if (answer.isCut !== true) return void response.end(answer.body);
        response.write('cut');
        setImmediate(() => response.destroy());
      };
    const http = await listen(createHttpServer(answerAs('http:')));
    const https = await listen(createHttpsServer(certificate, answerAs('https:')));
    this.servers.push(http.server, https.server);
    this.ports = { http: http.port, https: https.port };
  }

  /** For the host that runs the vectors. */
  get stage(): NonNullable<HostOptions['stage']> {
    return {
      dial: ({ protocol, host }) => {
        if (this.ports === undefined || !this.hosts.has(host)) return NOWHERE;
        return { address: LOOPBACK, port: protocol === 'https:' ? this.ports.https : this.ports.http };
      },
      ...(this.certificate === undefined ? {} : { ca: [this.certificate] }),
    };
  }

  close(): void {
    for (const server of this.servers) {
      server.closeAllConnections();
      server.close();
    }
  }

  private find(protocol: string, { headers, method, url = '/' }: IncomingMessage): StagedAnswer | undefined {
    const asked = new URL(url, `${protocol}//${headers.host ?? 'nowhere'}`).href;
    return this.answers.find((answer) => new URL(answer.url).href === asked && answer.method === method);
  }
}

async function listen<S extends Server>(server: S): Promise<{ server: S; port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, LOOPBACK, resolve);
  });
  // A TCP server that listens has one.
  const { port } = server.address() as AddressInfo;
  server.unref();
  return { server, port };
}
