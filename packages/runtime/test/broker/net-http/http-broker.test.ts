import { createSecureContext } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../../../src/broker/net-http/http-broker.ts';
import { certify } from './certificate.ts';
import { call, failureOf, makeWorld, OK, outcome, type RawServer, type Reply, redirectTo, serve } from './world.ts';

const servers: RawServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

async function start(reply: Reply, tls?: Parameters<typeof serve>[1]): Promise<RawServer> {
  const server = await serve(reply, tls);
  servers.push(server);
  return server;
}

/** `site.test` with its server on loopback, granted and listed. */
async function site(reply: Reply, more: Parameters<typeof makeWorld>[0] = {}) {
  const server = await start(reply);
  const host = `site.test:${server.port}`;
  const world = makeWorld({ grants: [host], privateHosts: [host], dns: { 'site.test': ['127.0.0.1'] }, ...more });
  return { server, host, url: `http://${host}`, ...world };
}

const text = ({ body }: HttpAnswer): string => Buffer.from(body).toString();

describe('a plain request', () => {
  it('goes out with the broker’s own framing and comes back whole', async () => {
    const { broker, server, url, host } = await site(OK);
    const answer = await broker.request(call(`${url}/a/../b?q=1#part`, { headers: [['Accept', 'text/plain']] }));
    expect({ ...answer, body: text(answer) }).toEqual({
      status: 200,
      url: `${url}/b?q=1`,
      headers: [['content-length', '2']],
      redirects: 0,
      body: 'ok',
    });
    expect(server.requests[0]).toBe(
      `GET /b?q=1 HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\naccept-encoding: identity\r\n` +
        'user-agent: mex\r\naccept: text/plain\r\n\r\n',
    );
  });

  it('sends a body with its length, and none says so', async () => {
    const { broker, server, url } = await site(OK);
    await broker.request(call(url, { method: 'POST', body: new TextEncoder().encode('{}') }));
    await broker.request(call(url, { method: 'PUT' }));
    expect(server.requests[0]).toMatch(/^POST \/ .*content-length: 2\r\n.*\r\n\r\n\{\}$/s);
    expect(server.requests[1]).toMatch(/^PUT \/ .*content-length: 0\r\n/s);
  });

  it('[§9] every byte of HTTP is paid for, in both directions', async () => {
    const { broker, server, url, usage } = await site(OK);
    await broker.request(call(url, { method: 'POST', body: new Uint8Array(70_000) }));
    expect(usage).toEqual({ net_requests: 1, net_bytes: (server.requests[0]?.length ?? 0) + OK.length });
    expect(broker.records).toMatchObject([
      { bytesSent: server.requests[0]?.length, bytesReceived: OK.length, status: 200, code: undefined },
    ]);
  });

  it('takes large bodies, chunked or ended by the connection', async () => {
    const large = Buffer.alloc(3_000_000, 'x');
    const ended = await site((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.end(large);
    });
    expect((await ended.broker.request(call(ended.url))).body.byteLength).toBe(large.length);
    const chunk = `${large.length.toString(16)}\r\n${large.toString()}\r\n0\r\n\r\n`;
    const chunked = await site(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`);
    const answer = await chunked.broker.request(call(chunked.url));
    expect(answer.body.byteLength).toBe(large.length);
    expect(answer.headers).toEqual([]);
  });

  it('tries the next address of a name', async () => {
    const { port } = await start(OK);
    const { broker } = makeWorld({
      privateHosts: [`site.test:${port}`],
      dns: { 'site.test': ['127.0.0.9', '127.0.0.1'] },
    });
    expect(await outcome(broker, call(`http://site.test:${port}/`))).toBe('200');
  });

  it('keeps no cookies, and nothing of the connection', async () => {
    const { broker, url } = await site(
      'HTTP/1.1 204 No Content\r\nset-cookie: a=b\r\nkeep-alive: timeout=5\r\nX-Mine: Yes\r\n\r\n',
    );
    expect((await broker.request(call(url))).headers).toEqual([['x-mine', 'Yes']]);
  });

  it('does not mind the length of a body that is not sent', async () => {
    const { broker, url } = await site('HTTP/1.1 200 OK\r\ncontent-length: 900000000\r\n\r\n');
    expect(await outcome(broker, call(url, { method: 'HEAD' }))).toBe('200');
    const fresh = await site('HTTP/1.1 304 Not Modified\r\ncontent-length: 900000000\r\n\r\n');
    expect(await outcome(fresh.broker, call(fresh.url, { headers: [['if-none-match', '"a"']] }))).toBe('304');
  });

  it('hands on what is coded, and does not ask for it', async () => {
    const { broker, url } = await site('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nzip');
    const answer = await broker.request(call(url));
    expect(answer.headers).toContainEqual(['content-encoding', 'gzip']);
    expect(text(answer)).toBe('zip');
  });
});

describe('TLS', () => {
  const known = certify(['site.test'], ['127.0.0.1']);
  const dns = { 'site.test': ['127.0.0.1'], 'other.test': ['127.0.0.1'] };

  it('verifies the certificate for the name that was asked for, or for the address', async () => {
    const { port } = await start(OK, known);
    const privateHosts = [`site.test:${port}`, `other.test:${port}`, `127.0.0.1:${port}`];
    const { broker } = makeWorld({ dns, privateHosts, options: { ca: known.cert } });
    expect(await outcome(broker, call(`https://site.test:${port}/`))).toBe('200');
    expect(await outcome(broker, call(`https://127.0.0.1:${port}/`))).toBe('200');
    const wrong = await failureOf(broker, call(`https://other.test:${port}/`));
    expect(wrong).toMatchObject({ code: 'NETWORK_FAILED', retryable: true });
    expect(wrong.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('says which host it wants, where that has a name', async () => {
    const wanted: string[] = [];
    const context = createSecureContext(known);
    const server = await start(OK, {
      ...known,
      SNICallback: (name, done) => {
        wanted.push(name);
        done(null, context);
      },
    });
    const privateHosts = [`site.test:${server.port}`, `127.0.0.1:${server.port}`];
    const { broker } = makeWorld({ dns, privateHosts, options: { ca: known.cert } });
    expect(await outcome(broker, call(`https://site.test:${server.port}/`))).toBe('200');
    expect(await outcome(broker, call(`https://127.0.0.1:${server.port}/`))).toBe('200');
    expect(wanted).toEqual(['site.test']);
  });

  it('[§9] an unknown authority is refused', async () => {
    const { port } = await start(OK, known);
    const { broker } = makeWorld({ dns, privateHosts: [`site.test:${port}`] });
    const failure = await failureOf(broker, call(`https://site.test:${port}/`));
    expect(failure).toMatchObject({ code: 'NETWORK_FAILED', retryable: true });
    expect(failure.message).toContain('CERT');
  });

  it('[§9] https never becomes http', async () => {
    const plain = await start(OK);
    const { port } = await start(redirectTo(`http://site.test:${plain.port}/`), known);
    const { broker } = makeWorld({
      dns,
      privateHosts: [`site.test:${port}`, `site.test:${plain.port}`],
      options: { ca: known.cert },
    });
    expect(await outcome(broker, call(`https://site.test:${port}/`))).toBe('NETWORK_REDIRECT_BLOCKED');
    expect(plain.connections).toBe(0);
  });
});

describe('redirects', () => {
  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'DELETE', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [301, 'PUT', 'PUT'],
  ])('%i after %s is followed with %s', async (status, method, then) => {
    const { broker, server, url } = await site((socket, request) => {
      socket.end(request.includes(' /next ') ? OK : redirectTo('/next', status));
    });
    const headers = [['content-type', 'text/plain']] as const;
    const body = Buffer.from('hello');
    const answer = await broker.request(call(url, { method, headers, body }));
    expect(answer).toMatchObject({ redirects: 1, url: `${url}/next` });
    expect(server.requests[1]).toMatch(new RegExp(`^${then} /next `));
    expect(server.requests[1]?.endsWith('hello')).toBe(then === method);
    expect(server.requests[1]?.includes('content-type')).toBe(then === method);
  });

  it('HEAD stays HEAD', async () => {
    const { broker, server, url } = await site((socket, request) => {
      socket.end(
        request.includes(' /next ') ? 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n' : redirectTo('/next', 303),
      );
    });
    expect(await outcome(broker, call(url, { method: 'HEAD' }))).toBe('200');
    expect(server.requests[1]).toMatch(/^HEAD \/next /);
  });

  it('are the answer where the engine refuses them, and where they lead nowhere', async () => {
    const refused = await site(redirectTo('http://elsewhere.test/'));
    const answer = await refused.broker.request(call(refused.url, { redirect: 'refuse' }));
    expect(answer).toMatchObject({ status: 302, redirects: 0 });
    expect(answer.headers).toContainEqual(['location', 'http://elsewhere.test/']);
    const nowhere = await site('HTTP/1.1 302 Found\r\ncontent-length: 2\r\n\r\nhm');
    expect(text(await nowhere.broker.request(call(nowhere.url)))).toBe('hm');
  });

  it('[§9] are followed five times and no more, each a request of its own', async () => {
    const { broker, server, url, usage, asked, looked } = await site(redirectTo('/again'));
    expect(await outcome(broker, call(url))).toBe('NETWORK_REDIRECT_BLOCKED');
    expect(server.connections).toBe(6);
    expect(usage.net_requests).toBe(6);
    expect(asked.length).toBe(12);
    expect(looked.length).toBe(6);
    expect(broker.records.map(({ hop, status }) => [hop, status])).toEqual([0, 1, 2, 3, 4, 5].map((hop) => [hop, 302]));
  });

  it('[§9] end the connection before the next one begins', async () => {
    const { broker, server, url } = await site((socket, request) => {
      if (!request.includes(' /next ')) return void socket.write(redirectTo('/next'));
      void until(() => server.open.size === 1).then(() => socket.end(OK));
    });
    expect(await outcome(broker, call(url))).toBe('200');
    expect(server.connections).toBe(2);
  });

  it('[§9] do not read the body that comes with them', async () => {
    const { broker, server, url } = await site((socket, request) => {
      if (request.includes(' /next ')) return void socket.end(OK);
      socket.write('HTTP/1.1 302 Found\r\nlocation: /next\r\ncontent-length: 900000000\r\n\r\n');
    });
    expect(await outcome(broker, call(url, { maxBytes: 10 }))).toBe('200');
    expect(server.connections).toBe(2);
  });
});

describe('the end of an operation', () => {
  it('[§9] takes every connection with it, and what comes after is refused', async () => {
    const { broker, server, url, end } = await site(() => undefined);
    const calls = [1, 2, 3, 4, 5, 6].map((n) => outcome(broker, call(`${url}/${n}`)));
    await until(() => server.open.size === 4);
    end.abort();
    expect(await Promise.all(calls)).toEqual(Array<string>(6).fill('SANDBOX_PROTOCOL'));
    await until(() => server.open.size === 0);
    expect(server.connections).toBe(4);
    expect(await outcome(broker, call(url))).toBe('SANDBOX_PROTOCOL');
  });

  it('[§9] does not wait for a resolver or a secret store that hangs', async () => {
    const hangs = (): Promise<never> => new Promise(() => undefined);
    const dns = makeWorld({ options: { lookup: hangs } });
    const vault = makeWorld({ options: { secret: hangs } });
    const waits = [
      outcome(dns.broker, call('http://site.test/')),
      outcome(vault.broker, call('https://site.test/', { headers: [['authorization', '{{secret:a}}']] })),
    ];
    dns.end.abort();
    vault.end.abort();
    expect(await Promise.all(waits)).toEqual(['SANDBOX_PROTOCOL', 'SANDBOX_PROTOCOL']);
  });

  it('lets no more than four requests go at once, and all of them in the end', async () => {
    let [active, most] = [0, 0];
    const lookup = (): Promise<readonly string[]> => {
      active += 1;
      most = Math.max(most, active);
      return Promise.resolve(['127.0.0.1']);
    };
    const { port } = await start((socket) => {
      active -= 1;
      setTimeout(() => socket.end(OK), 5);
    });
    const url = `http://site.test:${port}`;
    const { broker } = makeWorld({ privateHosts: [`site.test:${port}`], options: { lookup } });
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => outcome(broker, call(`${url}/${n}`))));
    expect(all).toEqual(Array<string>(20).fill('200'));
    expect(most).toBeLessThanOrEqual(4);
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}
