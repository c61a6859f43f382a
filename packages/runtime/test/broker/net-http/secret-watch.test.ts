import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { WatchedSecrets } from '../../../src/broker/net-http/secret-watch.ts';
import { searchFor } from '../../../src/leaks.ts';
import { call, failureOf, makeWorld, OK, outcome, type RawServer, type Reply, redirectTo, serve } from './world.ts';

const servers: RawServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

const VALUE = 'hunter7-Correct+Horse/Staple';
const dns = { 'own.test': ['127.0.0.1'], 'other.test': ['127.0.0.1'] };
const base64 = Buffer.from(`user:${VALUE}:x`).toString('base64');
const reversed = Array.from(VALUE).reverse().join('');
const answerOf = (body: string | Buffer, headers = ''): Buffer =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n`),
    Buffer.from(body),
  ]);

/** One secret that was handed out, of `own.test` alone. */
async function start(reply: Reply, hidden = true) {
  const server = await serve(reply);
  servers.push(server);
  const handed = new Map([[VALUE, 'key']]);
  const watched: WatchedSecrets = {
    handed,
    hidden: () => (hidden ? handed : new Map<string, string>()),
    mayGo: (_value, { host }) => host === 'own.test',
  };
  const privateHosts = [`own.test:${server.port}`, `other.test:${server.port}`];
  const world = makeWorld({ dns, privateHosts, options: { watched } });
  const url = (host: 'own' | 'other', path = '') => `http://${host}.test:${server.port}/${path}`;
  return { server, url, ...world };
}

/** Ways to write a value into a request. */
const WAYS: readonly (readonly [string, Parameters<typeof call>[1] & { readonly path?: string }])[] = [
  ['in the query', { path: `?q=${encodeURIComponent(VALUE)}` }],
  ['in the path, as base64', { path: `a/${base64}` }],
  ['in a header', { headers: [['x-a', `t ${VALUE}`]] }],
  ['in a header, reversed', { headers: [['x-a', reversed]] }],
  [
    'over two headers',
    {
      headers: [
        ['x-a', VALUE.slice(0, 12)],
        ['x-b', VALUE.slice(12)],
      ],
    },
  ],
  ['in a body', { method: 'POST', body: Buffer.from(`{"v":"${VALUE}"}`) }],
  ['in a body, as hex', { method: 'POST', body: Buffer.from(Buffer.from(VALUE).toString('hex')) }],
  ['at the end of a long body', { method: 'POST', body: Buffer.from(`${'.'.repeat(1_500_000)}${base64}`) }],
  [
    'across the pieces in which a body is read',
    { method: 'POST', body: Buffer.from(`${'.'.repeat(256 * 1024 - 9)}${VALUE}`) },
  ],
  ['as a name of a header', { headers: [[`x-${Buffer.from(VALUE).toString('hex')}`, '1']] }],
];

describe('[§9] values that an engine writes into requests', () => {
  it.each(WAYS)('%s: SECRET_HOST_REFUSED elsewhere, nothing is sent; sent to its own host', async (_way, more) => {
    const { broker, server, url, looked } = await start(OK);
    const failure = await failureOf(broker, call(url('other', more.path), more));
    expect(failure.code).toBe('SECRET_HOST_REFUSED');
    expect(failure.message).not.toContain(VALUE);
    expect(broker.capabilityOf(failure)).toBe(`net.http:other.test:${server.port}`);
    expect(broker.records).toMatchObject([{ code: 'SECRET_HOST_REFUSED', bytesSent: 0 }]);
    expect([server.connections, looked]).toEqual([0, []]);
    expect(await outcome(broker, call(url('own', more.path), more))).toBe('200');
  });

  it('a body that a redirect takes elsewhere is looked over again', async () => {
    const { broker, server, url } = await start((socket) => void socket.end(redirectTo(url('other'), 307)));
    const request = call(url('own'), { method: 'POST', body: Buffer.from(VALUE) });
    expect(await outcome(broker, request)).toBe('SECRET_HOST_REFUSED');
    expect(server.connections).toBe(1);
  });

  it('ordinary requests are not refused', async () => {
    const { broker, url } = await start(OK);
    const body = Buffer.from('correct staple, horse: hunter 8 '.repeat(1_000));
    expect(await outcome(broker, call(url('other', 'correct/horse'), { method: 'PUT', body }))).toBe('200');
  });
});

describe('[§9] values that servers say back', () => {
  it('are masked in headers and text', async () => {
    const text = `{"headers":{"authorization":"Bearer ${VALUE}","cookie":"${base64}"},"ü":1}`;
    const { broker, url } = await start(answerOf(text, `x-echo: ${VALUE}\r\nx-also: ${reversed}\r\nx-rest: kept\r\n`));
    const { body, headers, status } = await broker.request(call(url('own')));
    const said = `${Buffer.from(body).toString()}${JSON.stringify(headers)}`;
    for (const form of [VALUE, base64.slice(8, -4), reversed]) expect(said).not.toContain(form);
    expect(Buffer.from(body).toString()).toMatch(
      /^\{"headers":\{"authorization":"Bearer \*\*\*REDACTED\*\*\*.*"ü":1\}$/,
    );
    expect(headers).toContainEqual(['x-rest', 'kept']);
    expect(status).toBe(200);
  });

  it('are left where the engine may read them', async () => {
    const { broker, url } = await start(answerOf(VALUE, `x-echo: ${VALUE}\r\n`), false);
    const { body, headers } = await broker.request(call(url('own')));
    expect([Buffer.from(body).toString(), headers]).toEqual([VALUE, expect.arrayContaining([['x-echo', VALUE]])]);
  });

  it.each([
    ['in bytes that are no text', answerOf(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(VALUE)]))],
    ['in UTF-16', answerOf(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(VALUE, 'utf16le')]))],
    ['in a text that is too long', answerOf(`${'.'.repeat(300_000)}${VALUE}`)],
    ['in gzip', answerOf(gzipSync(`${'.'.repeat(90_000)}${VALUE}`), 'content-encoding: gzip\r\n')],
    ['in deflate', answerOf(deflateSync(VALUE), 'content-encoding: Deflate\r\n')],
    ['in brotli', answerOf(brotliCompressSync(VALUE), 'content-encoding: br\r\n')],
    ['in zstd', answerOf(zstdCompressSync(VALUE), 'content-encoding: zstd\r\n')],
    ['in gzip that is cut', answerOf(gzipSync(`${VALUE} and more`).subarray(0, -9), 'content-encoding: gzip\r\n')],
    ['over two headers', answerOf('ok', `x-a: ${VALUE.slice(0, 12)}\r\nx-b: ${VALUE.slice(12)}\r\n`)],
    ['as the name of a header', answerOf('ok', `x-${Buffer.from(VALUE).toString('hex')}: 1\r\n`)],
  ])('%s: NETWORK_RESPONSE_SECRET, and the engine gets nothing', async (_how, reply) => {
    const { broker, url } = await start(reply);
    const failure = await failureOf(broker, call(url('own')));
    expect(failure).toMatchObject({ code: 'NETWORK_RESPONSE_SECRET', kind: 'capability' });
    expect(broker.records).toMatchObject([{ code: 'NETWORK_RESPONSE_SECRET', status: undefined }]);
  });

  it.each([base64.replaceAll('=', ''), reversed.replaceAll('/', '.')])(
    'encoded in a redirect (%s): not followed',
    async (shown) => {
      const { broker, server, url } = await start((socket) => void socket.end(redirectTo(`/?v=${shown}`)));
      expect(await outcome(broker, call(url('own')))).toBe('NETWORK_REDIRECT_BLOCKED');
      expect(server.connections).toBe(1);
    },
  );

  it('other answers come as they are, also binary ones', async () => {
    const binary = gzipSync(Buffer.from('some text'.repeat(100)));
    for (const coding of ['gzip', 'br', 'unheard-of', 'gzip, gzip']) {
      const { broker, url } = await start(answerOf(binary, `content-encoding: ${coding}\r\n`));
      expect(Buffer.from((await broker.request(call(url('own')))).body).equals(binary)).toBe(true);
    }
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const { broker, url } = await start(answerOf(bomb, 'content-encoding: gzip\r\n'));
    expect((await broker.request(call(url('own')))).body.byteLength).toBe(bomb.byteLength);
  });
});

describe('looking for values in long content', () => {
  it('gives way to other work in between, and finds what lies across', async () => {
    const search = searchFor(new Map([[VALUE, 'key']]));
    const turns = vi.fn();
    const timer = setInterval(turns, 0);
    const found = await search?.valuesIn([VALUE.slice(0, 9), Buffer.alloc(16 * 1024 * 1024, 46), VALUE.slice(9)]);
    clearInterval(timer);
    // Sixteen MiB of full stops between the halves are none to the form that leaves out what is no letter or digit.
    expect(found).toEqual([VALUE]);
    expect(turns.mock.calls.length).toBeGreaterThan(5);
    expect(await search?.valuesIn(['nothing', new Uint8Array()])).toEqual([]);
  });
});
