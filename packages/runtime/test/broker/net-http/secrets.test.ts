import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { certify } from './certificate.ts';
import { call, failureOf, makeWorld, OK, outcome, type RawServer, type Reply, redirectTo, serve } from './world.ts';

const servers: RawServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

const VALUE = 'Zx9-token-Value!';
const tls = certify(['site.test', 'other.test']);
const dns = { 'site.test': ['127.0.0.1'], 'other.test': ['127.0.0.1'] };
const bearer = { headers: [['Authorization', 'Bearer {{secret:api}}']] } as const;

async function start(reply: Reply): Promise<RawServer> {
  const server = await serve(reply, tls);
  servers.push(server);
  return server;
}

/** `site.test` and `other.test` over TLS. */
async function pair(reply: (other: RawServer) => Reply, secrets: Readonly<Record<string, string>> = { api: VALUE }) {
  const other = await start(OK);
  const server = await start(reply(other));
  const privateHosts = [`site.test:${server.port}`, `other.test:${other.port}`];
  const world = makeWorld({ dns, privateHosts, secrets, options: { ca: tls.cert } });
  return { server, other, url: `https://site.test:${server.port}/`, ...world };
}

describe('[§9] secrets', () => {
  it('go into header values, and the caller is told which', async () => {
    const { broker, server, given, url } = await pair(() => OK, { api: VALUE, user: 'me' });
    const headers = [
      ['Authorization', 'Basic {{secret:user}}:{{secret:api}}'],
      ['a', '{{secret:api}}'],
    ] as const;
    expect(await outcome(broker, call(url, { headers }))).toBe('200');
    expect(server.requests[0]).toContain(`\r\nauthorization: Basic me:${VALUE}\r\na: ${VALUE}\r\n`);
    expect(given).toEqual(['me', VALUE]);
  });

  it('go nowhere else: not into URLs, names or bodies', async () => {
    const { broker, server, given, url } = await pair(() => OK);
    const body = Buffer.from('{{secret:api}}');
    await broker.request(call(`${url}{{secret:api}}?{{secret:api}}`, { method: 'POST', body }));
    expect(server.requests[0]).toContain('POST /%7B%7Bsecret:api%7D%7D?{{secret:api}} ');
    expect(server.requests[0]).toMatch(/\r\n\r\n\{\{secret:api\}\}$/);
    expect(await outcome(broker, call(url, { headers: [['{{secret:api}}', 'x']] }))).toBe('NETWORK_REQUEST_INVALID');
    expect(given).toEqual([]);
  });

  it.each([
    ['a line break', 'abcdef\r\nhost: evil.test'],
    ['a line feed at the end', 'abcdef\n'],
    ['NUL', 'abc\0def'],
    ['a tab', 'abc\tdef'],
    ['a letter beyond ASCII', 'abcd\u00e9f'],
    ['a letter that Node would cut down to a line break', 'abc\u010d\u010adef'],
    ['nothing', ''],
    ['too much', 'x'.repeat(20_000)],
  ])('that would break the header are not sent, nor shown: %s', async (_what, value) => {
    const { broker, server, url } = await pair(() => OK, { api: value });
    const failure = await failureOf(broker, call(url, bearer));
    expect(failure.code).toBe('NETWORK_REQUEST_INVALID');
    if (value !== '') expect(inspect([failure, broker.records], { depth: 9 })).not.toContain(value.slice(0, 6));
    expect(server.connections).toBe(0);
  });

  it('that hold a placeholder are not looked into', async () => {
    const { broker, server, url } = await pair(() => OK, { api: '{{secret:other}}', other: VALUE });
    await broker.request(call(url, bearer));
    expect(server.requests[0]).toContain('authorization: Bearer {{secret:other}}\r\n');
  });

  it('that are not granted end the request with the reason of their keeper', async () => {
    const { broker, server, url } = await pair(() => OK, {});
    expect(await outcome(broker, call(url, bearer))).toBe('CAPABILITY_USED_WITHOUT_GRANT');
    expect(server.connections).toBe(0);
  });

  it('are not asked for, and not sent, where the host is not granted', async () => {
    let asked = 0;
    const secret = (): Promise<string> => Promise.resolve(String((asked += 1)));
    const { broker } = makeWorld({ grants: ['good.test'], options: { secret } });
    expect(await outcome(broker, call('https://evil.test/', bearer))).toBe('NETWORK_BLOCKED');
    expect(asked).toBe(0);
  });

  it('do not go over plain http, but to a listed host', async () => {
    const { broker, given } = makeWorld({ secrets: { api: VALUE }, dns: { 'site.test': ['93.184.216.34'] } });
    expect(await outcome(broker, call('http://site.test/', bearer))).toBe('NETWORK_REQUEST_INVALID');
    expect(given).toEqual([]);
    const plain = await serve(OK);
    servers.push(plain);
    const listed = makeWorld({ secrets: { api: VALUE }, dns, privateHosts: [`site.test:${plain.port}`] });
    expect(await outcome(listed.broker, call(`http://site.test:${plain.port}/`, bearer))).toBe('200');
  });

  it('are asked for again after a redirect within their origin', async () => {
    const origins: string[] = [];
    const server = await start((socket, request) => void socket.end(request.includes(' /a ') ? OK : redirectTo('/a')));
    const { broker } = makeWorld({
      dns,
      privateHosts: [`site.test:${server.port}`],
      options: {
        ca: tls.cert,
        secret(_id, origin) {
          origins.push(origin);
          return Promise.resolve(VALUE);
        },
      },
    });
    const url = `https://site.test:${server.port}`;
    expect(await outcome(broker, call(url, bearer))).toBe('200');
    expect(origins).toEqual([url, url]);
    expect(server.requests[1]).toContain(VALUE);
  });

  it('and whatever else may be a credential do not go to another origin', async () => {
    const { broker, other, url } = await pair((to) => redirectTo(`https://other.test:${to.port}/`, 307));
    const headers = [
      ['Authorization', 'Bearer {{secret:api}}'],
      ['x-api-key', 'mine'],
      ['accept', 'text/{{secret:api}}'],
      ['accept-language', 'en'],
    ] as const;
    expect(await outcome(broker, call(url, { headers }))).toBe('200');
    expect(other.requests[0]).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
    expect(other.requests[0]).toContain('accept-language: en\r\n');
    expect(other.requests[0]).not.toMatch(/authorization|x-api-key|accept:|token/);
  });

  it('do not come back when a redirect does', async () => {
    const first = await start((socket, request) => {
      socket.end(request.includes(' /back ') ? OK : redirectTo(`https://other.test:${second.port}/`));
    });
    const second: RawServer = await start((socket) => {
      socket.end(redirectTo(`https://site.test:${first.port}/back`));
    });
    const privateHosts = [`site.test:${first.port}`, `other.test:${second.port}`];
    const { broker } = makeWorld({ dns, privateHosts, secrets: { api: VALUE }, options: { ca: tls.cert } });
    expect(await outcome(broker, call(`https://site.test:${first.port}/`, bearer))).toBe('200');
    expect(first.requests[0]).toContain(VALUE);
    expect(first.requests[1]).not.toContain('authorization');
  });

  it.each([
    ['as it is', VALUE],
    [
      'encoded',
      `%${Buffer.from(VALUE)
        .toString('hex')
        .replaceAll(/..(?=.)/g, '$&%')}`,
    ],
    ['in another case', VALUE.toUpperCase()],
  ])('that a server puts into a redirect are not followed, sent or shown: %s', async (_how, shown) => {
    const { broker, other, url } = await pair((to) => redirectTo(`https://other.test:${to.port}/?t=${shown}`));
    const failure = await failureOf(broker, call(url, bearer));
    expect(failure.code).toBe('NETWORK_REDIRECT_BLOCKED');
    expect(inspect([failure, broker.records], { depth: 9 })).not.toContain(shown);
    expect(other.connections).toBe(0);
  });

  it('that a server echoed do not leave in a URL of the engine either, nor in an error', async () => {
    const { broker, looked, url } = await pair(() => `HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n${VALUE}`);
    const answer = await broker.request(call(url, bearer));
    expect(Buffer.from(answer.body).toString()).toBe(VALUE);
    const failure = await failureOf(broker, call(`https://evil.test/?${VALUE}`));
    expect(failure.code).toBe('NETWORK_REQUEST_INVALID');
    expect(inspect(failure)).not.toContain(VALUE);
    expect(looked).toEqual(['site.test']);
  });

  it('do not become the name of a host', async () => {
    const { broker, looked, url } = await pair(() => OK, { api: 'Token4711' });
    await broker.request(call(url, bearer));
    const failure = await failureOf(broker, call('https://token4711.evil.test/'));
    expect(failure.code).toBe('NETWORK_REQUEST_INVALID');
    expect(inspect([failure, broker.records]).toLowerCase()).not.toContain('token4711');
    expect(looked).toEqual(['site.test']);
  });
});

describe('[§11] records', () => {
  it('name origin and path, but no query, and no path that looks like a secret', async () => {
    const { broker, url } = await pair(() => OK);
    const token = `ghp_${'A1b2C3d4E5f6G7h8I9j0'.repeat(2).slice(0, 36)}`;
    await broker.request(call(`${url}a/b?key=value`));
    await broker.request(call(`${url}${token}`));
    await broker.request(call(`${url}${token.replace('g', '%67')}`));
    await outcome(broker, call(`${url}${'long/'.repeat(200)}`));
    expect(broker.records.map(({ path }) => path.slice(0, 256))).toEqual([
      '/a/b',
      '***REDACTED***',
      '***REDACTED***',
      expect.stringMatching(/^\/long\/.{250}$/),
    ]);
    expect(broker.records[0]).toMatchObject({
      method: 'GET',
      origin: url.slice(0, -1),
      capabilityId: `net.http:${url.slice(8, -1)}`,
      hop: 0,
      status: 200,
      code: undefined,
    });
    expect(broker.requests).toBe(4);
  });

  it('are kept of what was refused, too, and bounded', async () => {
    const { broker } = makeWorld({ grants: [] });
    for (let n = 0; n < 1_100; n += 1) await outcome(broker, call(`http://a${n}.test/`));
    expect(broker.records.length).toBe(1_000);
    expect(broker.requests).toBe(1_100);
    const unread = await failureOf(broker, call('http://no url'));
    expect(broker.capabilityOf(unread)).toBeUndefined();
    const late = await failureOf(broker, call('http://late.test/'));
    expect(broker.capabilityOf(late)).toBe('net.http:late.test');
    expect(broker.records[0]).toMatchObject({ code: 'NETWORK_BLOCKED', origin: 'http://a0.test', status: undefined });
  });
});
