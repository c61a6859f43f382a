import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { EngineResult } from '@mex/envelope';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Axes } from '../../src/broker/axes.ts';
import { KINDS, type Kind, NO_JAIL } from '../sandbox/tier-fixture.ts';
import { bodiesOf, ENGINE_ID, openWorld, problemsOf, type World } from './world.ts';

const VALUE = 'hunter7-Correct+Horse/Staple';
/** It fits wherever a name does. */
const NAME_VALUE = 'tok-Zq8mN3vR7xK2pL9w';
const USE = ['secrets.use:key'];
const GET = `const value = await context.secret('key');`;
const BASE64 = `const b64 = (text) => { const map = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let out = ''; const bytes = new TextEncoder().encode(text);
  for (let i = 0; i < bytes.length; i += 3) { const w = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (const s of [18, 12, 6, 0]) out += map[(w >> s) & 63]; } return out; };`;
const HEX = `const hex = (text) => [...new TextEncoder().encode(text)].map((b) => b.toString(16).padStart(2, '0')).join('');`;
const WAYS = {
  raw: 'value',
  base64: 'b64(value)',
  'base64 within words': `b64('user:' + value + ':x')`,
  hex: 'hex(value)',
  reversed: `[...value].reverse().join('')`,
  split: `[...value].join(' ')`,
  'url-encoded': 'encodeURIComponent(value)',
  'upper case': 'value.toUpperCase()',
} as const;
const SHAPE = `${GET}${BASE64}${HEX}const shaped = { ${Object.entries(WAYS)
  .map(([name, code]) => `${JSON.stringify(name)}: () => ${code}`)
  .join(',')} }[params.a]();`;
const BODIES = {
  'test.clean': `${GET} await context.write('out.txt', 'length ' + value.length); return { length: value.length };`,
  'test.read': `return { got: (await context.secret(params.a)) === params.b };`,
  'test.code': `return { code: await codeOf(context.secret(params.a)) };`,
  'test.output': `${SHAPE} await context.write('out.txt', 'x' + '\\n' + shaped + '\\n'); return {};`,
  'test.large': `${SHAPE} await context.write('out.txt', 'y'.repeat(1_500_000) + ' ' + shaped + ' ' + 'y'.repeat(900_000)); return {};`,
  'test.log': `${SHAPE} context.log('see ' + shaped); return {};`,
  'test.summary': `${SHAPE} return { ['k' + shaped]: [shaped] };`,
  'test.problem': `${SHAPE} context.problem({ code: 'TEST_X', severity: 'info', title: shaped, message: shaped, locations: [{ path: shaped }] }); return {};`,
  'test.error': `${SHAPE} const error = new Error(shaped); error.code = 'TEST_DECLARED'; throw error;`,
  'test.failing': `${SHAPE} await context.write('out.txt', shaped); throw new Error('over');`,
  'test.lines': `${GET} for (const letter of value) context.log(letter); return {};`,
  'test.problem_code': `const value = await context.secret('name'); context.problem({ code: value.toUpperCase(), severity: 'info', title: 't', message: 'm' }); return {};`,
  'test.names': `const value = await context.secret('name'); const codes = [];
     for (const work of [() => context.exec(value, []), () => context.list(value), () => context.secret(value), () => context.device(value),
       () => context.write(value, 'x'), () => context.fetch({ url: 'https://' + value.toLowerCase() + '.example/' + value })]) codes.push(await codeOf(work()));
     return { codes };`,
  'test.fetch': `const { status, body } = await context.fetch({ url: params.a, headers: { Authorization: 'Bearer {{secret:key}}' } });
     return { status, echoed: text(body).length };`,
  'test.refused': `${GET} const work = []; for (let i = 0; i < params.n; i += 1) work.push(codeOf(context.fetch({ url: 'https://h' + i + '.example/' })));
     return { codes: [...new Set(await Promise.all(work))] };`,
  'test.bound': `const { status } = await context.fetch({ url: params.a, headers: [['x-key', '{{secret:bound}}']] }); return { status };`,
  'test.echo': `const { body } = await context.fetch({ url: params.a, headers: { Authorization: 'Bearer {{secret:key}}' } });
     await context.write('out.txt', body); return {};`,
  'test.path': `${GET} const { status } = await context.fetch({ url: params.a + encodeURIComponent(value) }); return { status };`,
  'test.long_path': `${GET} const { status } = await context.fetch({ url: params.a + 'p'.repeat(params.n) + encodeURIComponent(value) }); return { status };`,
  'test.cat': `${GET} const { stdout } = await context.exec('cat', [], { stdin: value }); return { same: text(stdout) === value };`,
  'test.argument': `${GET} const { stdout } = await context.exec('echo', [value]); return { same: text(stdout).trim() === value };`,
  'test.rotated': `const first = await context.secret('turning'); await context.secret('turning'); await context.write('out.txt', first); return {};`,
  'test.timeout': `${GET} context.log(value); await context.write('out.txt', value); for (;;) {}`,
};

/** Every byte below a directory. */
function everything(dir: string): Buffer {
  const files = readdirSync(dir, { recursive: true }).map((name) => join(dir, String(name)));
  return Buffer.concat(files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file)));
}

/** Forms of a value that must not lie anywhere. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  return [value, bytes.toString('hex'), encodeURIComponent(value), Array.from(value).reverse().join('')].concat(
    bytes.toString('base64').slice(0, -4),
  );
}

let server: Server;
let port = 0;
const seen: { authorization: string | undefined; url: string | undefined }[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push({ authorization: request.headers.authorization, url: request.url });
    response.end(`you sent ${request.headers.authorization ?? 'nothing'}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe.each(KINDS)('[§9] [§14 E] secrets in the %s tier', (kind: Kind) => {
  let world: World;
  let warnings: string[];
  const onWarning = (warning: Error): void => void warnings.push(`${warning.name} ${warning.message}`);
  beforeEach(() => {
    warnings = [];
    process.on('warning', onWarning);
  });
  afterEach(() => void process.off('warning', onWarning));

  beforeAll(async () => {
    let turn = 0;
    const values: Record<string, string> = { key: VALUE, name: NAME_VALUE, other: 'another-Secret-9', short: 'abc' };
    world = await openWorld(kind, BODIES, {
      manifest: { readable_secrets: ['key', 'name', 'short', 'turning', 'absent', 'broken', 'bound'] },
      ...(NO_JAIL === undefined ? { tiers: ['thread', 'process'] } : {}),
      outside: {
        privateHosts: [`127.0.0.1:${port}`, `localhost:${port}`],
        readableSecrets: { [ENGINE_ID]: ['key', 'name', 'short', 'turning', 'other', 'absent', 'broken'] },
        secretHosts: { bound: ['api.example'] },
        secrets: {
          value: async (id) => {
            if (id === 'broken') throw new Error('the keeping is broken');
            if (id === 'turning') return `turning-Value-${(turn += 1)}-abcdef`;
            return id === 'bound' ? VALUE : values[id];
          },
        },
        tools: { cat: { path: '/bin/cat' }, echo: { path: '/bin/echo' } },
      },
    });
    world.consents.set('c-secrets', 'secrets.use');
    world.consents.set('c-net', 'net.http');
  });
  afterAll(() => world.close());

  const url = (path = '/') => `http://127.0.0.1:${port}${path}`;
  const nothingHolds = (value: string, result: EngineResult, ...also: unknown[]): void => {
    const places: readonly [string, Buffer | string][] = [
      ['the home', everything(world.dir)],
      ['result', JSON.stringify([result, ...also])],
      ['events', JSON.stringify(world.events(result))],
      ['Problems', JSON.stringify(world.recorder.problems.list({ limit: 1_000 }))],
      ['warnings', warnings.join('\n')],
    ];
    for (const [place, content] of places) {
      const found = formsOf(value).filter((form) => content.includes(form));
      expect([place, found]).toEqual([place, []]);
    }
  };

  it('readable where manifest and policy both say so, and a clean run passes', async () => {
    const result = await world.run('test.clean', USE);
    expect(result).toMatchObject({ status: 'succeeded', summary: { length: VALUE.length } });
    expect(result.provenance.capabilities_granted).toContainEqual({
      capability_id: 'secrets.use:key',
      consent_id: 'c-secrets',
    });
    nothingHolds(VALUE, result);
  });

  it.each([
    // Policy alone, manifest alone.
    ['other', 'SECRET_NOT_READABLE'],
    ['bound', 'SECRET_NOT_READABLE'],
    ['short', 'SECRET_TOO_SHORT'],
    ['absent', 'SECRET_UNKNOWN'],
    ['broken', 'SECRET_UNAVAILABLE'],
    ['../key', 'CAPABILITY_USED_WITHOUT_GRANT'],
  ])('the value of %s is refused with %s, an event and a Problem with a remedy', async (id, code) => {
    const result = await world.run('test.code', ['secrets.use'], { a: id });
    expect(result.summary).toEqual({ code });
    expect(bodiesOf(world.events(result), 'broker.denied')).toMatchObject([{ call: 'secret.value', code }]);
    expect(problemsOf(world, result)).toMatchObject([{ code, source: 'broker', tool: ENGINE_ID }]);
    const uncaught = await world.run('test.read', ['secrets.use'], { a: id });
    expect(uncaught).toMatchObject({ status: 'failed', errors: [{ code, kind: 'capability' }] });
    expect(uncaught.errors[0]?.remedy ?? '').not.toBe('');
  });

  it('[§7] without consent G-CAP denies; with the wrong scope the broker does', async () => {
    const denied = await world.run('test.clean', USE, {}, { context: { consent_refs: [] } });
    expect(denied).toMatchObject({ status: 'denied', errors: [{ code: 'CAPABILITY_NEEDS_CONSENT', gate: 'G-CAP' }] });
    const other = await world.run('test.clean', ['secrets.use:other']);
    expect(other).toMatchObject({ status: 'failed', errors: [{ code: 'CAPABILITY_USED_WITHOUT_GRANT' }] });
  });

  it('[§6] D3 denies a result that rests on a secret', async () => {
    const result = await world.run('test.clean', USE, {}, { determinism: 'D3' });
    expect(result).toMatchObject({ status: 'failed', errors: [{ code: 'DETERMINISM_BROKEN' }] });
  });

  it('used in a header: the server has it, MEX keeps nothing of it', async () => {
    const result = await world.run('test.fetch', [...USE, `net.http:127.0.0.1:${port}`], { a: url('/used?q=hidden') });
    expect(result).toMatchObject({ status: 'succeeded', summary: { status: 200 } });
    expect(seen.at(-1)?.authorization).toBe(`Bearer ${VALUE}`);
    expect(bodiesOf(world.events(result), 'broker.http')).toMatchObject([{ path: '/used', status: 200 }]);
    expect(JSON.stringify(world.events(result))).not.toContain('hidden');
    nothingHolds(VALUE, result);
  });

  it('[§9] a secret that belongs to one host goes to no other one, and none goes in the clear', async () => {
    const before = seen.length;
    const bound = await world.run('test.bound', ['secrets.use', `net.http:127.0.0.1:${port}`], { a: url() });
    expect(bound.errors[0]).toMatchObject({ code: 'SECRET_HOST_REFUSED', kind: 'capability' });
    expect(problemsOf(world, bound).map(({ code }) => code)).toContain('SECRET_HOST_REFUSED');
    const clear = await world.run('test.fetch', [...USE, 'net.http:api.example'], { a: 'http://api.example/' });
    expect(clear.errors[0]).toMatchObject({ code: 'NETWORK_REQUEST_INVALID' });
    const ungranted = await world.run('test.fetch', [`net.http:127.0.0.1:${port}`], { a: url() });
    expect(ungranted.errors[0]).toMatchObject({ code: 'CAPABILITY_USED_WITHOUT_GRANT' });
    expect(seen).toHaveLength(before);
  });

  it('refused requests name each its own host, and are looked through once, however many there are', async () => {
    const looks = vi.spyOn(Axes.prototype, 'httpRecords', 'get');
    const result = await world.run('test.refused', [...USE, 'net.http:api.example'], { n: 30 });
    expect(result.summary).toEqual({ codes: ['NETWORK_BLOCKED'] });
    const denied = world
      .events(result)
      .flatMap((event) =>
        event.type === 'capability_check' && event.decision_outcome === 'deny' ? [event.capability_id] : [],
      );
    expect(denied).toEqual(Array.from({ length: 30 }, (_, at) => `net.http:h${at}.example`));
    expect(looks).toHaveBeenCalledTimes(1);
    looks.mockRestore();
  });

  it('a server that sends a secret back does not get it into an output', async () => {
    const result = await world.run('test.echo', [...USE, `net.http:127.0.0.1:${port}`], { a: url() });
    expect(result).toMatchObject({ status: 'failed', outputs: [], errors: [{ code: 'SECURITY_SECRET_LEAKED' }] });
    nothingHolds(VALUE, result);
  });

  it('a readable value in a path goes where the engine may go, and not into the log', async () => {
    const net = [...USE, `net.http:127.0.0.1:${port}`];
    const result = await world.run('test.path', net, { a: url('/bot') });
    expect(result).toMatchObject({ status: 'succeeded', summary: { status: 200 } });
    expect(seen.at(-1)?.url).toContain(encodeURIComponent(VALUE));
    nothingHolds(VALUE, result);
    for (const n of [230, 240, 250]) {
      const long = await world.run('test.long_path', net, { a: url('/'), n });
      expect(long.status).toBe('succeeded');
      expect(JSON.stringify(world.events(long))).not.toContain('hunter7');
    }
  });

  // The host looks: a few forms are enough to see that it does so in either tier.
  const ways = Object.keys(WAYS).slice(0, kind === 'thread' ? undefined : 2);
  const places = ['output', 'large', 'log', 'summary', 'problem', 'error', 'failing'].map((name) => `test.${name}`);
  // Every form and every place each time, every pair of them in the soak.
  const pairs = (at: number) =>
    places.filter((_, index) => process.env['MEX_SOAK'] !== undefined || (index + at) % 3 === 0);
  describe.each(ways.map((way, at) => [way, at] as const))('[§8] G-SECRETS: %s', (way, at) => {
    it.each(pairs(at))('in %s: SECURITY_SECRET_LEAKED, and nothing of it is kept', async (operation) => {
      const result = await world.run(operation, USE, { a: way });
      expect(result).toMatchObject({
        status: 'failed',
        outputs: [],
        evidence: [],
        errors: [{ code: 'SECURITY_SECRET_LEAKED', kind: 'policy' }],
      });
      expect(result.errors[0]?.message).toContain('"key"');
      expect((await world.store.list({ op: result.op_id, kind: 'file' })).artifacts).toEqual([]);
      const log = result.logs_ref === undefined ? '' : Buffer.from(await world.store.get(result.logs_ref)).toString();
      if (operation === 'test.log') expect(log).toMatch(/REDACTED|withheld/);
      expect(problemsOf(world, result)).toContainEqual(
        expect.objectContaining({ code: 'SECURITY_SECRET_LEAKED', severity: 'fatal', tool: ENGINE_ID }),
      );
      nothingHolds(VALUE, result, log);
      expect(`${log}${JSON.stringify(world.events(result))}`.toLowerCase()).not.toContain(VALUE.toLowerCase());
    });
  });

  it('letter by letter over the lines of the log: no line is kept', async () => {
    const result = await world.run('test.lines', USE);
    expect(result.errors[0]?.code).toBe('SECURITY_SECRET_LEAKED');
    const log = result.logs_ref === undefined ? '' : Buffer.from(await world.store.get(result.logs_ref)).toString();
    expect(log).toBe('(withheld: it held a secret that was handed out)\n');
  });

  it('as the code of a Problem: there is no such Problem', async () => {
    const result = await world.run('test.problem_code', ['secrets.use:name']);
    expect(result.errors[0]?.code).toBe('SECURITY_SECRET_LEAKED');
    const all = JSON.stringify([result, world.events(result), world.recorder.problems.list({ limit: 1_000 })]);
    expect(all.toLowerCase()).not.toContain(NAME_VALUE.toLowerCase());
  });

  it('as the name of what it calls for: refused everywhere, recorded without the value', async () => {
    const result = await world.run('test.names', ['secrets.use', 'fs.read', 'proc.exec', 'net.http:api.example']);
    expect(result.summary?.['codes']).toEqual([
      'TOOL_NOT_ALLOWED',
      'SCOPE_UNKNOWN',
      'SECRET_NOT_READABLE',
      'DEVICE_UNAVAILABLE',
      'OUTPUT_UNDECLARED',
      'NETWORK_BLOCKED',
    ]);
    const all = JSON.stringify([result, world.events(result), world.recorder.problems.list({ limit: 1_000 })]);
    expect(all.toLowerCase()).not.toContain(NAME_VALUE.toLowerCase());
    expect(bodiesOf(world.events(result), 'broker.denied')).toHaveLength(6);
  });

  it('a value that was replaced while the operation ran is still known', async () => {
    const result = await world.run('test.rotated', ['secrets.use:turning']);
    expect(result).toMatchObject({ status: 'failed', outputs: [], errors: [{ code: 'SECURITY_SECRET_LEAKED' }] });
  });

  it('an engine that is killed leaves nothing of it', async () => {
    const result = await world.run('test.timeout', USE, {}, { budget: { wall_time_ms: 300 } });
    expect(result).toMatchObject({ status: 'timed_out', outputs: [] });
    nothingHolds(VALUE, result);
  });

  const jailed = NO_JAIL === undefined ? it : it.skip;
  const why = NO_JAIL === undefined ? '' : ` (skipped: ${NO_JAIL})`;
  jailed.each(['test.cat', 'test.argument'])(
    `%s: what a program says and is told is kept masked${why}`,
    async (name) => {
      const result = await world.run(name, [...USE, 'proc.exec:cat', 'proc.exec:echo']);
      expect(result).toMatchObject({ status: 'succeeded', summary: { same: true } });
      const command = world.events(result).find((event) => event.type === 'terminal_command');
      expect(command).toBeDefined();
      const { artifacts } = await world.store.list({ op: result.op_id, kind: 'tool_output' });
      expect(artifacts.length).toBeGreaterThan(0);
      nothingHolds(VALUE, result);
    },
  );
});
