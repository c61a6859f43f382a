import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { call, failureOf, makeWorld, OK, outcome, type RawServer, type Reply, redirectTo, serve } from './world.ts';

const servers: RawServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

const FAST = { firstByteMs: 60, connectMs: 2_000, defaultTotalMs: 150 };

async function site(reply: Reply, more: Parameters<typeof makeWorld>[0] = {}) {
  const server = await serve(reply);
  servers.push(server);
  const host = `site.test:${server.port}`;
  const world = makeWorld({ privateHosts: [host], dns: { 'site.test': ['127.0.0.1'] }, ...more });
  return { server, url: `http://${host}/`, ...world };
}

const head = (...lines: readonly string[]): string => `HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n`;

/** Sends a piece every millisecond for as long as it is listened to. */
const drip =
  (start: string, piece: string): Reply =>
  (socket) => {
    socket.write(start);
    const timer = setInterval(() => socket.write(piece), 1);
    socket.on('close', () => clearInterval(timer));
  };

/** Sends a piece again and again, as fast as it is taken. */
const flood =
  (start: string, piece: string): Reply =>
  (socket) => {
    socket.write(start);
    const pieces = piece.repeat(Math.ceil(16_000 / piece.length));
    const more = (): void => {
      while (!socket.destroyed && socket.write(pieces));
    };
    socket.on('drain', more);
    more();
  };

const LONG = 'x'.repeat(16_000);

const ANSWERS: readonly (readonly [trick: string, reply: Reply, verdict: string])[] = [
  ['no answer', () => undefined, 'NETWORK_TIMEOUT'],
  ['an answer that does not end', drip(head('content-length: 900'), 'x'), 'NETWORK_TIMEOUT'],
  ['a head that does not end', drip('HTTP/1.1 200 OK\r\n', 'a: b\r\n'), 'NETWORK_TIMEOUT'],
  ['blank lines before an answer that does not come', drip('\r\n', '\r\n'), 'NETWORK_TIMEOUT'],
  ['a line that does not end', flood('HTTP/1.1 200 OK\r\na: ', LONG), 'NETWORK_RESPONSE_TOO_LARGE'],
  ['headers without an end', flood('HTTP/1.1 200 OK\r\n', `a: ${LONG}\r\n`), 'NETWORK_RESPONSE_TOO_LARGE'],
  ['many small headers', head(...Array.from({ length: 5_000 }, (_, n) => `a${n}: x`)), 'NETWORK_RESPONSE_TOO_LARGE'],
  ['interim answers without an end', flood('', 'HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n'), 'NETWORK_FAILED'],
  ['100 Continue without an end', flood('', 'HTTP/1.1 100 Continue\r\n\r\n'), 'NETWORK_FAILED'],
  ['a length beyond the bound', head('content-length: 1001'), 'NETWORK_RESPONSE_TOO_LARGE'],
  ['a length beyond numbers', head('content-length: 99999999999999999999999'), 'NETWORK_FAILED'],
  ['a body beyond the bound', head('') + 'x'.repeat(1_001), 'NETWORK_RESPONSE_TOO_LARGE'],
  ['a body without an end', flood(head(''), LONG), 'NETWORK_RESPONSE_TOO_LARGE'],
  ['chunks without an end', flood(head('transfer-encoding: chunked'), '1\r\nx\r\n'), 'NETWORK_RESPONSE_TOO_LARGE'],
  ['a chunk extension without an end', flood(head('transfer-encoding: chunked'), `1;${LONG}`), 'NETWORK_FAILED'],
  ['trailers without an end', flood(`${head('transfer-encoding: chunked')}0\r\n`, `a: ${LONG}\r\n`), 'NETWORK_FAILED'],
  ['a body that ends early', `${head('content-length: 9')}short`, 'NETWORK_FAILED'],
  ['chunks that end early', `${head('transfer-encoding: chunked')}5\r\nab`, 'NETWORK_FAILED'],
  ['two lengths', `${head('content-length: 1', 'content-length: 2')}ab`, 'NETWORK_FAILED'],
  ['a length and chunks', `${head('content-length: 5', 'transfer-encoding: chunked')}0\r\n\r\n`, 'NETWORK_FAILED'],
  ['chunks of chunks', `${head('transfer-encoding: chunked, chunked')}0\r\n\r\n`, 'NETWORK_FAILED'],
  ['a coding in the framing', `${head('transfer-encoding: gzip, chunked')}0\r\n\r\n`, 'NETWORK_FAILED'],
  ['a framing of no known kind', `${head('transfer-encoding: identity')}ab`, 'NETWORK_FAILED'],
  ['a header with NUL', head('a: b\0c', 'content-length: 0'), 'NETWORK_FAILED'],
  ['a header with a bare CR', head('a: b\rc: d', 'content-length: 0'), 'NETWORK_FAILED'],
  ['a blank before a colon', head('content-length : 0'), 'NETWORK_FAILED'],
  ['a folded header', head('a: b', ' c', 'content-length: 0'), 'NETWORK_FAILED'],
  [
    'an upgrade nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    'NETWORK_FAILED',
  ],
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', 'NETWORK_FAILED'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'NETWORK_FAILED'],
  ['HTTP/0.9', '<html>hello</html>', 'NETWORK_FAILED'],
  ['an end before the answer', (socket) => void socket.end(), 'NETWORK_FAILED'],
  ['a reset', (socket) => void socket.resetAndDestroy(), 'NETWORK_FAILED'],
  ['a second answer behind the first', OK + OK, '200'],
  ['rubbish behind the answer', `${OK}rubbish`, '200'],
  ['an answer and no end of the connection', (socket) => void socket.write(OK), '200'],
];

const LOCATIONS: readonly (readonly [trick: string, location: string, verdict: string])[] = [
  ['an ungranted host', 'http://evil.test/', 'NETWORK_BLOCKED'],
  ['an ungranted host, without scheme', '//evil.test/', 'NETWORK_BLOCKED'],
  ['an ungranted host, with backslashes', '\\\\evil.test\\', 'NETWORK_BLOCKED'],
  ['another port of the host', 'http://site.test:1/', 'NETWORK_BLOCKED'],
  ['metadata', 'http://169.254.169.254/', 'NETWORK_ADDRESS_BLOCKED'],
  ['loopback in decimal', 'http://2130706433/', 'NETWORK_ADDRESS_BLOCKED'],
  ['loopback over IPv6', 'http://[::1]/', 'NETWORK_ADDRESS_BLOCKED'],
  ['a granted name that became private', 'http://rebound.test/', 'NETWORK_ADDRESS_BLOCKED'],
  ['a file', 'file:///etc/passwd', 'NETWORK_REDIRECT_BLOCKED'],
  ['data', 'data:text/plain,x', 'NETWORK_REDIRECT_BLOCKED'],
  ['a script', 'javascript:alert(1)', 'NETWORK_REDIRECT_BLOCKED'],
  ['ftp', 'ftp://site.test/', 'NETWORK_REDIRECT_BLOCKED'],
  ['a user', 'http://user@rebound.test/', 'NETWORK_REDIRECT_BLOCKED'],
  ['an empty user', '//@rebound.test/', 'NETWORK_REDIRECT_BLOCKED'],
  ['a trailing dot', 'http://site.test./', 'NETWORK_REDIRECT_BLOCKED'],
  ['bytes that are no ASCII', 'http://\u00e9vil.test/', 'NETWORK_REDIRECT_BLOCKED'],
  ['a blank', 'http://evil.test/ x', 'NETWORK_REDIRECT_BLOCKED'],
  ['no URL', 'http://', 'NETWORK_REDIRECT_BLOCKED'],
  ['nothing', '', 'NETWORK_REDIRECT_BLOCKED'],
  ['a URL without an end', `/${'a'.repeat(9_000)}`, 'NETWORK_REDIRECT_BLOCKED'],
];

describe('[§9] answers of hostile servers', () => {
  it.each(ANSWERS)('%s', async (_trick, reply, verdict) => {
    // Short deadlines only where one is to pass: elsewhere a busy machine must not be what ends the request.
    const limits = verdict === 'NETWORK_TIMEOUT' ? FAST : {};
    const { broker, server, url } = await site(reply, { options: { limits } });
    expect(await outcome(broker, call(url, { maxBytes: 1_000 }))).toBe(verdict);
    // Whatever came of it, the connection is gone, and its server knows.
    await until(() => server.open.size === 0);
    expect(server.connections).toBe(1);
  });
});

describe('[§9] [§14 D] redirects of hostile servers', () => {
  it.each(LOCATIONS)('to %s', async (_trick, location, verdict) => {
    const server = await serve(redirectTo(location));
    servers.push(server);
    const { broker, looked } = makeWorld({
      grants: [`site.test:${server.port}`, 'rebound.test', '169.254.169.254', '127.0.0.1', '[::1]'],
      privateHosts: [`site.test:${server.port}`],
      dns: { 'site.test': ['127.0.0.1'], 'rebound.test': ['10.0.0.1'] },
    });
    expect(await outcome(broker, call(`http://site.test:${server.port}/`))).toBe(verdict);
    expect(looked).not.toContain('evil.test');
    expect(server.connections).toBe(1);
  });

  it('to two places', async () => {
    const { broker, url } = await site('HTTP/1.1 302 Found\r\nlocation: /a\r\nlocation: /b\r\n\r\n');
    expect(await outcome(broker, call(url))).toBe('NETWORK_REDIRECT_BLOCKED');
  });
});

describe('[§9] rebinding', () => {
  it('a name is asked once a hop, and the connection goes where that answer said', async () => {
    const { server, url } = await site(OK);
    const { port } = new URL(url);
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    const lookup = (): Promise<readonly string[]> => Promise.resolve(answers.shift() ?? []);
    const { broker } = makeWorld({ privateHosts: [`site.test:${port}`], options: { lookup } });
    expect(await outcome(broker, call(url))).toBe('200');
    expect([server.connections, answers.length]).toEqual([1, 1]);
  });

  it('a name that is harmless at first and private later is caught when it is', async () => {
    const { server, url } = await site(redirectTo('/next'));
    const { port } = new URL(url);
    const answers = [['127.0.0.1'], ['169.254.169.254']];
    const lookup = (): Promise<readonly string[]> => Promise.resolve(answers.shift() ?? []);
    const { broker } = makeWorld({ privateHosts: [`site.test:${port}`], options: { lookup } });
    expect(await outcome(broker, call(url))).toBe('NETWORK_ADDRESS_BLOCKED');
    expect(server.connections).toBe(1);
  });

  it('[§7] a consent that is revoked while the host is reached ends the request before its first byte', async () => {
    let granted = true;
    const { server, url } = await site(OK);
    const { port } = new URL(url);
    const { broker, usage } = makeWorld({
      privateHosts: [`site.test:${port}`],
      options: {
        isGranted: () => granted,
        lookup: () => {
          granted = false;
          return Promise.resolve(['127.0.0.1']);
        },
      },
    });
    expect(await outcome(broker, call(url))).toBe('NETWORK_BLOCKED');
    expect([server.requests.join(''), usage.net_bytes]).toEqual(['', 0]);
  });
});

describe('[§9] budgets', () => {
  it('bytes that are received beyond the budget end the operation, untouched and at once', async () => {
    const { broker, server, url, usage } = await site(flood(head(''), LONG), { budget: { net_bytes: 100_000 } });
    expect(await outcome(broker, call(url))).toBe('BUDGET_EXCEEDED_NET_BYTES');
    expect(usage.net_bytes).toBeLessThan(100_000 + 2 * 65_536);
    await until(() => server.open.size === 0);
  });

  it('an answer that says that it is larger than what is left is not begun', async () => {
    const { broker, url, usage } = await site(head('content-length: 90000'), { budget: { net_bytes: 50_000 } });
    expect(await outcome(broker, call(url))).toBe('NETWORK_RESPONSE_TOO_LARGE');
    expect(usage.net_bytes).toBeLessThan(1_000);
  });

  it('a body that is sent beyond the budget ends the operation', async () => {
    const { broker, server, url } = await site(OK, { budget: { net_bytes: 1_000 } });
    const body = new Uint8Array(50_000);
    expect(await outcome(broker, call(url, { method: 'POST', body }))).toBe('BUDGET_EXCEEDED_NET_BYTES');
    expect((server.requests[0] ?? '').length).toBeLessThan(1_000);
  });

  it('every hop is a request', async () => {
    const { broker, server, url } = await site(redirectTo('/'), { budget: { net_requests: 3 } });
    expect(await outcome(broker, call(url))).toBe('BUDGET_EXCEEDED_NET_REQUESTS');
    expect(server.connections).toBe(3);
    expect(broker.records.at(-1)).toMatchObject({ hop: 3, code: 'BUDGET_EXCEEDED_NET_REQUESTS', status: undefined });
  });
});

describe('[§9] what an engine is told', () => {
  it('never where a private name leads, nor what Node says of it', async () => {
    const dns = { 'site.test': ['127.0.0.93'], 'inner.test': ['10.11.12.13'] };
    const { broker } = makeWorld({ dns, privateHosts: ['site.test:1'] });
    for (const url of ['http://site.test:1/', 'http://inner.test/', 'http://none.test/']) {
      const failure = await failureOf(broker, call(url));
      expect(inspect(failure, { depth: 9 })).not.toMatch(/127\.0\.0|10\.11/);
      expect(failure.message).toContain(new URL(url).hostname);
      expect(failure.remedy).toMatch(/./);
    }
  });

  it('whether trying again may help', async () => {
    const { broker } = makeWorld({ grants: ['none.test'] });
    expect(await failureOf(broker, call('http://none.test/'))).toMatchObject({ retryable: true, kind: 'tool' });
    expect(await failureOf(broker, call('http://a.test/'))).toMatchObject({ retryable: false, kind: 'capability' });
  });
});

describe('[§9] deadlines', () => {
  it('a name that is never resolved', async () => {
    const lookup = (): Promise<never> => new Promise(() => undefined);
    const { broker } = makeWorld({ options: { lookup, limits: { connectMs: 20 } } });
    expect(await outcome(broker, call('http://site.test/'))).toBe('NETWORK_TIMEOUT');
  });

  it('a server that takes the connection and never shakes hands', async () => {
    const server = await serve(() => undefined);
    servers.push(server);
    const { broker } = makeWorld({
      privateHosts: [`site.test:${server.port}`],
      dns: { 'site.test': ['127.0.0.1'] },
      options: { limits: { connectMs: 50 } },
    });
    expect(await outcome(broker, call(`https://site.test:${server.port}/`))).toBe('NETWORK_TIMEOUT');
    await until(() => server.open.size === 0);
  });

  it('a name that took its time does not shorten what comes after', async () => {
    const { server, url } = await site((socket) => void setTimeout(() => socket.end(OK), 450));
    const { broker } = makeWorld({
      privateHosts: [`site.test:${server.port}`],
      dns: { 'site.test': ['127.0.0.1'] },
      options: { limits: { connectMs: 400 } },
    });
    expect(await outcome(broker, call(url))).toBe('200');
  });

  it('redirects that are each in time, but not together', async () => {
    const { broker, url } = await site((socket) => void setTimeout(() => socket.end(redirectTo('/')), 40));
    expect(await outcome(broker, call(url, { timeoutMs: 100 }))).toBe('NETWORK_TIMEOUT');
  });

  it('a server that does not take what it is sent', async () => {
    const { broker, url } = await site((socket) => void socket.pause(), { options: { limits: FAST } });
    expect(await outcome(broker, call(url, { method: 'PUT', body: new Uint8Array(9_000_000) }))).toBe(
      'NETWORK_TIMEOUT',
    );
  });
});

describe('[§9] what is left', () => {
  it('nothing, after hundreds of requests of every outcome: no connection, timer, or listener', async () => {
    const replies = [OK, 'rubbish', head('content-length: 9999'), redirectTo('/'), head('content-length: 9')];
    const reply: Reply = (socket, request) => {
      socket.end(replies[Number(/^GET \/(\d)/.exec(request)?.[1] ?? 0)] ?? OK);
    };
    const { broker, server, url, end } = await site(reply, { budget: { net_requests: 1_000 } });
    const before = process.getActiveResourcesInfo().length;
    const outcomes = new Set<string>();
    for (let n = 0; n < 300; n += 1) outcomes.add(await outcome(broker, call(`${url}${n % 5}`, { maxBytes: 100 })));
    await until(() => server.open.size === 0);
    expect([...outcomes].sort()).toEqual(['200', 'NETWORK_FAILED', 'NETWORK_RESPONSE_TOO_LARGE']);
    expect(getEventListeners(end.signal, 'abort')).toEqual([]);
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before + 2);
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}
