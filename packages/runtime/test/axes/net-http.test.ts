import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createRawServer, type Server as RawServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, type Kind } from '../sandbox/tier-fixture.ts';
import { bodiesOf, ENGINE_ID, openWorld, problemsOf, type World } from './world.ts';

const BODIES = {
  'test.get': `const { status, body, url } = await context.fetch({ url: params.a }); return { status, url, text: text(body) };`,
  'test.post': `const { body } = await context.fetch({ url: params.a, method: 'POST', headers: [['X-One', '1']], body: 'sent ' + params.b }); return { text: text(body) };`,
  'test.code': `return { code: await codeOf(context.fetch({ url: params.a })) };`,
  'test.parallel': `const all = await Promise.all(Array.from({ length: params.n }, (_, i) => context.fetch({ url: params.a + i }).then(({ body }) => text(body))));
     return { all };`,
  'test.swallow': `for (let i = 0; i < params.n; i += 1) await codeOf(context.fetch({ url: params.a })); return { went: 'on' };`,
  'test.poll': `for (;;) { await context.fetch({ url: params.a }); await new Promise((next) => setTimeout(next, 20)); }`,
  'test.spin': `for (;;) {}`,
  'test.wait': `await new Promise((next) => setTimeout(next, 15_000)); return {};`,
  'test.leave': `void context.fetch({ url: params.a }).catch(() => {}); throw new Error('gone');`,
};

let server: Server;
let raw: RawServer;
let port = 0;
let rawPort = 0;
const requests: { method: string; url: string; body: string }[] = [];
const sockets = new Set<Socket>();
let rawAnswer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      requests.push({ method: request.method ?? '', url: request.url ?? '', body });
      if (request.url === '/big') {
        // In pieces: nothing says how much there will be.
        response.write('x'.repeat(50_000));
        response.end('x'.repeat(50_000));
      } else if (request.url === '/never') response.on('close', () => undefined);
      else if (request.url === '/away') response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
      else response.end(`${request.method} ${request.url} ${body}`);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  raw = createRawServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.end(rawAnswer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  rawPort = (raw.address() as AddressInfo).port;
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
  raw.close();
});

describe.each(KINDS)('[§7] [§9] net.http in the %s tier', (kind: Kind) => {
  let world: World;
  let host: string;
  let net: string[];
  const url = (path = '/') => `http://127.0.0.1:${port}${path}`;
  beforeAll(async () => {
    host = `127.0.0.1:${port}`;
    net = [`net.http:${host}`];
    world = await openWorld(kind, BODIES, { outside: { privateHosts: [host, `127.0.0.1:${rawPort}`] } });
    world.consents.set('c-net', 'net.http');
  });
  afterAll(() => world.close());

  it('a granted host is reached; the event says where and how much, and nothing else', async () => {
    const result = await world.run('test.get', net, { a: url('/path?token=query-secret#fragment') });
    expect(result).toMatchObject({ status: 'succeeded', summary: { status: 200 } });
    const [made, ...more] = bodiesOf(world.events(result), 'broker.http');
    expect(more).toEqual([]);
    expect(made).toMatchObject({
      op_id: result.op_id,
      method: 'GET',
      origin: `http://${host}`,
      path: '/path',
      capability_id: `net.http:${host}`,
      hop: 0,
      status: 200,
    });
    expect(Object.keys(made ?? {}).sort()).toEqual([
      'bytes_received',
      'bytes_sent',
      'capability_id',
      'duration_ms',
      'hop',
      'method',
      'op_id',
      'origin',
      'path',
      'status',
    ]);
    expect(JSON.stringify(world.events(result))).not.toContain('query-secret');
    const { net_requests, net_bytes } = result.usage;
    expect([net_requests, net_bytes]).toEqual([1, Number(made?.['bytes_sent']) + Number(made?.['bytes_received'])]);
    expect(result.provenance.capabilities_granted).toContainEqual({
      capability_id: `net.http:${host}`,
      consent_id: 'c-net',
    });
  });

  it('method, headers and body arrive', async () => {
    const result = await world.run('test.post', net, { a: url('/in'), b: 'grüße' });
    expect(result.summary).toEqual({ text: 'POST /in sent grüße' });
  });

  it('without a consent G-CAP denies and nothing runs', async () => {
    const before = requests.length;
    const result = await world.run('test.get', net, { a: url() }, { context: { consent_refs: [] } });
    expect(result).toMatchObject({ status: 'denied', errors: [{ code: 'CAPABILITY_NEEDS_CONSENT', gate: 'G-CAP' }] });
    expect(requests).toHaveLength(before);
  });

  it.each([
    ['another host', 'http://example.org/'],
    ['another port', 'http://127.0.0.1:1/'],
    ['a name of the same machine', 'http://localhost/'],
    ['an address of the sixth version', 'http://[::1]:8080/'],
    ['a very long name', `http://${'a23456789.'.repeat(24)}example/`],
    ['a number that is the address', 'http://2130706433/'],
  ])('%s is NETWORK_BLOCKED: result, event, Problem', async (_what, a) => {
    const result = await world.run('test.get', net, { a });
    expect(result).toMatchObject({ status: 'failed', errors: [{ code: 'NETWORK_BLOCKED', kind: 'capability' }] });
    expect(result.errors[0]?.remedy).toContain('mex grants allow');
    const events = world.events(result);
    expect(bodiesOf(events, 'broker.denied')).toMatchObject([{ call: 'http.fetch', code: 'NETWORK_BLOCKED' }]);
    expect(bodiesOf(events, 'broker.http')).toMatchObject([{ code: 'NETWORK_BLOCKED', bytes_sent: 0 }]);
    const problems = problemsOf(world, result);
    expect(problems.find(({ source }) => source === 'broker')).toMatchObject({
      code: 'NETWORK_BLOCKED',
      tool: ENGINE_ID,
    });
    expect(problems.find(({ source }) => source === 'broker')?.message).toMatch(
      /http\.fetch.*test\.get.*grant the host/,
    );
    expect(result.usage.net_requests).toBe(0);
  });

  it('a host that is granted and not listed as private is not reached at a private address', async () => {
    const result = await world.run('test.get', ['net.http:localhost'], { a: 'http://localhost/' });
    expect(result.errors[0]).toMatchObject({ code: 'NETWORK_ADDRESS_BLOCKED', kind: 'capability' });
    expect(bodiesOf(world.events(result), 'broker.denied')).toMatchObject([{ code: 'NETWORK_ADDRESS_BLOCKED' }]);
  });

  it('a redirect is checked again', async () => {
    const result = await world.run('test.get', net, { a: url('/away') });
    expect(result.errors[0]?.code).toBe('NETWORK_BLOCKED');
    expect(bodiesOf(world.events(result), 'broker.http')).toMatchObject([
      { hop: 0, status: 302 },
      { hop: 1, code: 'NETWORK_BLOCKED', origin: 'http://169.254.169.254' },
    ]);
  });

  it('what is no request is said so, kept as a Problem, and reaches nobody', async () => {
    for (const a of ['ftp://example.org/', 'http://user:pw@127.0.0.1/', 'nonsense', `http://127.0.0.1:${port}/ x`]) {
      const result = await world.run('test.get', net, { a });
      expect(result.errors[0]).toMatchObject({ code: 'NETWORK_REQUEST_INVALID', kind: 'validation' });
      expect(problemsOf(world, result).map(({ code }) => code)).toContain('NETWORK_REQUEST_INVALID');
    }
  });

  it('[§11] an engine that goes on after refusals: one Problem for each kind, with how often', async () => {
    const result = await world.run('test.swallow', net, { a: 'http://elsewhere.example/', n: 7 });
    expect(result).toMatchObject({ status: 'succeeded', summary: { went: 'on' } });
    const problems = problemsOf(world, result);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain('7 times');
    expect(problems[0]?.capability_id).toBe('net.http:elsewhere.example');
  });

  it('[§9] net_requests: the call that is too many ends the operation', async () => {
    const budget = { net_requests: 2 };
    const result = await world.run('test.parallel', net, { a: url('/n'), n: 3 }, { budget });
    expect(result).toMatchObject({
      status: 'failed',
      outputs: [],
      evidence: [],
      errors: [{ code: 'BUDGET_EXCEEDED_NET_REQUESTS', kind: 'budget' }],
      budget: { net_requests: 2 },
      usage: { net_requests: 3 },
    });
    expect(result.errors[0]?.message).toContain('http.fetch');
    expect(result.errors[0]?.remedy).toContain('budget.net_requests');
    expect(bodiesOf(world.events(result), 'worker.killed')).toMatchObject([{ reason: 'BUDGET_EXCEEDED_NET_REQUESTS' }]);
    expect(problemsOf(world, result)).toMatchObject([{ code: 'BUDGET_EXCEEDED_NET_REQUESTS', tool: ENGINE_ID }]);
  });

  it.each([10, 50_000])('[§9] net_bytes: the byte that is too many ends the operation (%i)', async (net_bytes) => {
    const result = await world.run('test.get', net, { a: url('/big') }, { budget: { net_bytes } });
    expect(result).toMatchObject({
      status: 'failed',
      outputs: [],
      errors: [{ code: 'BUDGET_EXCEEDED_NET_BYTES', kind: 'budget' }],
      budget: { net_bytes },
    });
    expect(result.usage.net_bytes).toBeGreaterThan(net_bytes);
  });

  it.each(['D2', 'D3'] as const)('[§6] %s denies a result that rests on the network', async (determinism) => {
    const result = await world.run('test.get', net, { a: url() }, { determinism });
    expect(result).toMatchObject({
      status: 'failed',
      outputs: [],
      errors: [{ code: 'DETERMINISM_BROKEN', gate: 'G-DET' }],
    });
  });

  it('several requests at once, each with its own answer', async () => {
    const result = await world.run('test.parallel', net, { a: url('/p'), n: 12 });
    expect(result.summary?.['all']).toEqual(Array.from({ length: 12 }, (_, at) => `GET /p${at} `));
    expect(bodiesOf(world.events(result), 'broker.http')).toHaveLength(12);
    expect(result.usage.net_requests).toBe(12);
  });

  it.each([
    'HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n',
    'HTTP/1.1 000 Odd\r\ncontent-length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nx-a: \u001b[31m\r\ncontent-length: 0\r\n\r\n',
    'nonsense\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nshort',
  ])('an answer like %j never breaks MEX', async (answer) => {
    rawAnswer = answer;
    const a = `http://127.0.0.1:${rawPort}/`;
    const result = await world.run('test.code', [`net.http:127.0.0.1:${rawPort}`], { a });
    expect(result.status).toBe('succeeded');
    expect(result.summary?.['code']).toMatch(/^(done|NETWORK_FAILED)$/);
  });

  it('[§7] a consent that is revoked ends a running operation that goes on asking, and one that only computes', async () => {
    const cases: [string, string][] = [
      ['test.poll', url('/poll')],
      ['test.wait', ''],
      ['test.spin', ''],
      ['test.get', url('/never')],
    ];
    for (const [operation, a] of cases) {
      const running = world.run(operation, net, { a });
      await sleep(400);
      world.consents.delete('c-net');
      const revokedAt = performance.now();
      const result = await running;
      const took = performance.now() - revokedAt;
      world.consents.set('c-net', 'net.http');
      expect([operation, result.status, result.errors[0]?.code]).toEqual([
        operation,
        'failed',
        'CAPABILITY_CONSENT_REVOKED',
      ]);
      expect(result.errors[0]?.kind).toBe('capability');
      // About half a second, and room for a busy machine.
      expect(took).toBeLessThan(2_000);
      expect(problemsOf(world, result).map(({ code }) => code)).toContain('CAPABILITY_CONSENT_REVOKED');
    }
  });

  it('a request that the engine leaves behind ends with the operation', async () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const result = await world.run('test.leave', net, { a: url('/never') });
    expect(result).toMatchObject({ status: 'failed', errors: [{ code: 'ENGINE_FAILED' }] });
    await expect.poll(() => sockets.size, { timeout: 5_000 }).toBe(0);
    const before = open();
    for (let at = 0; at < 10; at += 1) await world.run('test.leave', net, { a: url('/never') });
    await expect.poll(() => sockets.size, { timeout: 5_000 }).toBe(0);
    expect(open()).toBeLessThanOrEqual(before + 3);
  });

  it('an operation that is cancelled in a request ends at once', async () => {
    const cancel = new AbortController();
    const running = world.run('test.get', net, { a: url('/never') }, {}, cancel.signal);
    await sleep(300);
    cancel.abort();
    const result = await running;
    expect(result).toMatchObject({ status: 'cancelled', errors: [{ code: 'OPERATION_CANCELLED' }] });
    await expect.poll(() => sockets.size, { timeout: 5_000 }).toBe(0);
  });
});
