import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KINDS } from '../sandbox/tier-fixture.ts';
import { bodiesOf, ENGINE_ID, openWorld, problemsOf, type World } from './world.ts';

const VALUE = 'hunter7-Correct+Horse/Staple';
const echo = (
  id: string,
): string => `const { body } = await context.fetch({ url: params.a, headers: { authorization: '{{secret:${id}}}' } });
  const got = JSON.parse(text(body)).authorization;`;
const TAKE = `const codes = []; for (const request of [{ url: params.b + '/?' + encodeURIComponent(got) }, { url: params.b, method: 'POST', body: got },
    { url: params.b, headers: { 'x-a': got } }]) codes.push(await codeOf(context.fetch(request)));`;
const BODIES = {
  // One that may be read and belongs to one host, one that may not be read, one that may be read and belongs nowhere.
  'test.bound': `${echo('bound')}${TAKE} return { codes, length: got.length };`,
  'test.hidden': `${echo('hidden')} return { got };`,
  'test.read': `const got = await context.secret('bound');${TAKE} return { codes };`,
  'test.free': `const got = await context.secret('free');${TAKE} return { codes };`,
  'test.home': `const got = await context.secret('bound'); return { code: await codeOf(context.fetch({ url: params.a, method: 'POST', body: got })) };`,
};

const servers: Server[] = [];
const seen: string[] = [];
async function listen(name: string): Promise<string> {
  const server = createServer((request, response) => {
    seen.push(name);
    request.resume();
    response.end(JSON.stringify(request.headers));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
afterAll(() => Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve)))));

describe.each(KINDS)('[§9] [§14 E] where secrets travel, in the %s tier', (kind) => {
  let world: World;
  let own: string;
  let other: string;
  beforeAll(async () => {
    [own, other] = [await listen('own'), await listen('other')];
    world = await openWorld(kind, BODIES, {
      manifest: { readable_secrets: ['bound', 'free'] },
      outside: {
        privateHosts: [own, other],
        readableSecrets: { [ENGINE_ID]: ['bound', 'free'] },
        secretHosts: { bound: [own], hidden: [own] },
        secrets: { value: (id) => Promise.resolve(`${VALUE}-${id}`) },
      },
    });
    world.consents.set('c-secrets', 'secrets.use');
    world.consents.set('c-net', 'net.http');
  });
  afterAll(() => world.close());
  beforeEach(() => void seen.splice(0));

  const run = (operation: string) =>
    world.run(operation, ['secrets.use', 'net.http'], { a: `http://${own}/`, b: `http://${other}` });

  it('what one host says back is not taken to another: events, a Problem, nothing sent', async () => {
    const result = await run('test.bound');
    const codes = ['NETWORK_REQUEST_INVALID', 'SECRET_HOST_REFUSED', 'SECRET_HOST_REFUSED'];
    expect(result.summary).toEqual({ codes, length: `${VALUE}-bound`.length });
    expect(seen).toEqual(['own']);
    expect(bodiesOf(world.events(result), 'broker.denied').map((body) => body['code'])).toEqual(codes);
    expect(problemsOf(world, result)).toContainEqual(
      expect.objectContaining({ code: 'SECRET_HOST_REFUSED', source: 'broker', tool: ENGINE_ID }),
    );
    expect(JSON.stringify([result, world.events(result), problemsOf(world, result)])).not.toContain(VALUE);
  });

  it('a value that may be read goes to its hosts, and to no other', async () => {
    const refused = await run('test.read');
    expect(refused.summary).toEqual({ codes: Array(3).fill('SECRET_HOST_REFUSED') });
    expect(seen).toEqual([]);
    expect((await run('test.home')).summary).toEqual({ code: 'done' });
    expect(seen).toEqual(['own']);
  });

  it('a value that may be read and belongs to no host goes where the engine may go', async () => {
    expect((await run('test.free')).summary).toEqual({ codes: ['done', 'done', 'done'] });
    expect(seen).toEqual(['other', 'other', 'other']);
  });

  it('a value that may not be read is masked in what a server says back', async () => {
    const result = await run('test.hidden');
    expect(result).toMatchObject({ status: 'succeeded', summary: { got: '***REDACTED***' } });
    expect(seen).toEqual(['own']);
  });
});
