import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { EngineManifest, FlightEvent, FullBudget } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { type EngineHandle, type Host, openHost } from '@mex/host';
import { addRegistryEntry, REGISTRY_FILE, readRegistryFile, writeRegistryFile } from '@mex/registry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ADA = { id: 'os:ada', kind: 'human' } as const;
const CI = { id: 'app:ci', kind: 'system' } as const;
const VALUE = 'home-Secret+Value/42-xyz';
const ENGINE = 'engine.test.outside';
const ADDED = 'engine.test.added';
const MIB = 1024 * 1024;
const BUDGET: FullBudget = {
  wall_time_ms: 15_000,
  cpu_time_ms: 10_000,
  memory_bytes: 128 * MIB,
  output_bytes: MIB,
  net_requests: 100,
  net_bytes: MIB,
  exec_count: 5,
  file_writes: 5,
};
const BODIES = {
  'test.nothing': `return {};`,
  'test.read': `return { text: text(await context.read('docs', 'a.txt')) };`,
  'test.get': `const { status } = await context.fetch({ url: params.url, headers: { authorization: 'Bearer {{secret:key}}' } }); return { status };`,
  'test.plain': `const { status } = await context.fetch({ url: params.url }); return { status };`,
  'test.poll': `for (;;) { await context.fetch({ url: params.url }); await new Promise((next) => setTimeout(next, 20)); }`,
  'test.spin': `for (;;) {}`,
  'test.secret': `const value = await context.secret('key'); context.log(value); await context.write('raw.txt', value); return {};`,
};

function writeEngine(dir: string, id: string, capabilities: string[]): EngineHandle & { file: string } {
  const operations = Object.entries(BODIES).map(
    ([name, body]) =>
      `${JSON.stringify(name)}:{run:async(context,params)=>{await context.write('evidence.txt','e');${body}}}`,
  );
  const code = `(function(){const text=(bytes)=>new TextDecoder().decode(bytes);__mex_register__({operations:{${operations.join(',')}}});})();`;
  const file = join(dir, `${id}.bundle`);
  writeFileSync(file, code);
  const operation = {
    title: 'Test',
    description: 'Test',
    params_schema: {
      type: 'object',
      properties: { url: { type: 'string', maxLength: 1_000 } },
      additionalProperties: false,
    },
    inputs: { min: 0, max: 0 },
    outputs: [
      { name: 'evidence.txt', kind: 'tool_output' as const, mime: 'text/plain', evidence: true },
      { name: 'raw.txt', kind: 'file' as const, mime: 'text/plain', optional: true },
    ],
    capabilities,
    readable_secrets: ['key'],
    determinism_ceiling: 'D1' as const,
    error_codes: [],
  };
  const manifest: EngineManifest = {
    schema_version: 'mex.engine@1.0',
    engine_id: id,
    engine_version: '1.0.0',
    title: 'Test',
    description: 'Test',
    package: { name: '@mex/test-outside', version: '1.0.0' },
    contract_version: 'mex-1.0',
    operations: Object.fromEntries(Object.keys(BODIES).map((name) => [name, operation])),
    implementations: [{ id: 'builtin', kind: 'builtin' }],
    determinism_ceiling: 'D1',
    required_gates: [],
    default_budget: BUDGET,
    budget_ceilings: BUDGET,
    bundle: { sha256: sha256Hex(code), size_bytes: Buffer.byteLength(code) },
  };
  return { file, bundle: pathToFileURL(file).href, manifest };
}

let dir: string;
let host: Host;
let server: Server;
let port = 0;
const authorizations: (string | undefined)[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    response.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  dir = mkdtempSync(join(tmpdir(), 'mex-outside-'));
  const home = join(dir, 'home');
  mkdirSync(join(home, 'secrets'), { recursive: true, mode: 0o700 });
  mkdirSync(join(dir, 'docs'));
  writeFileSync(join(dir, 'docs', 'a.txt'), 'document');
  writeFileSync(join(home, 'secrets', 'key'), `${VALUE}\n`, { mode: 0o600 });
  const every = ['fs.read:docs', 'fs.write:artifacts', `net.http:127.0.0.1:${port}`, 'secrets.use:key'];
  const policy = {
    schema_version: 'mex.policy@1.0',
    profiles: { Analyst: ['fs.read', 'fs.write:artifacts', 'net.http', 'secrets.use'] },
    read_scopes: { docs: join(dir, 'docs') },
    private_hosts: [`127.0.0.1:${port}`],
    secret_hosts: { key: [`127.0.0.1:${port}`] },
    readable_secrets: { [ENGINE]: ['key'] },
  };
  writeFileSync(join(home, 'policy.json'), JSON.stringify(policy));
  const added = writeEngine(home, ADDED, ['fs.write:artifacts']);
  const registry = join(home, REGISTRY_FILE);
  const entry = { manifest: added.manifest, bundle_path: `${ADDED}.bundle` };
  writeRegistryFile(registry, addRegistryEntry(readRegistryFile(registry), entry));
  host = await openHost({ home, engines: [writeEngine(dir, ENGINE, every)], caller: CI });
});
afterAll(async () => {
  await host.close({ graceMs: 100 });
  server.close();
  rmSync(dir, { recursive: true, force: true });
});

const url = () => `http://127.0.0.1:${port}/here?query=hidden`;
const host_ = () => `net.http:127.0.0.1:${port}`;
const run = (operation: string, capabilities: string[], params = {}, engineId = ENGINE) =>
  host.execute(
    host.plan({
      engineId,
      operation,
      params,
      capabilities: ['fs.write:artifacts', ...capabilities],
      determinism: 'D1',
    }),
  );
const allow = (capabilityId: string) => host.consents.allow({ actorId: CI.id, capabilityId }, ADA);
const eventsOf = (opId: string): FlightEvent[] => host.recorder.list({ op: opId }).map(({ event }) => event);

describe('[§7] [§9] a whole host, its policy file and its consents', () => {
  it('read_scopes of policy.json are what fs.read reads', async () => {
    expect(await run('test.read', ['fs.read:docs'])).toMatchObject({
      status: 'succeeded',
      summary: { text: 'document' },
    });
  });

  it('net.http: not without a consent, with one, and not any more once it is revoked', async () => {
    const denied = await run('test.plain', [host_()], { url: url() });
    expect(denied).toMatchObject({ status: 'denied', errors: [{ code: 'CAPABILITY_NEEDS_CONSENT', gate: 'G-CAP' }] });
    const { consent_id } = await allow(host_());
    const result = await run('test.plain', [host_()], { url: url() });
    expect(result).toMatchObject({ status: 'succeeded', summary: { status: 200 } });
    expect(result.provenance.capabilities_granted).toContainEqual({ capability_id: host_(), consent_id });
    expect(JSON.stringify(eventsOf(result.op_id))).not.toContain('hidden');
    await host.consents.revoke(consent_id, ADA);
    expect((await run('test.plain', [host_()], { url: url() })).errors[0]?.code).toBe('CAPABILITY_NEEDS_CONSENT');
  });

  it.each(['test.poll', 'test.spin'])('revoking ends %s, which runs, within about half a second', async (operation) => {
    const { consent_id } = await allow(host_());
    const running = run(operation, [host_()], { url: url() });
    await sleep(600);
    await host.consents.revoke(consent_id, ADA);
    const revokedAt = performance.now();
    const result = await running;
    expect(result).toMatchObject({
      status: 'failed',
      outputs: [],
      errors: [{ code: 'CAPABILITY_CONSENT_REVOKED', kind: 'capability' }],
    });
    // Room for a busy machine.
    expect(performance.now() - revokedAt).toBeLessThan(2_000);
    const found = host.recorder.problems
      .list({ limit: 1_000 })
      .filter(({ code }) => code === 'CAPABILITY_CONSENT_REVOKED');
    expect(found.some(({ evidence_refs: refs }) => refs?.includes(result.op_id))).toBe(true);
  });

  it('a secret of the home is sent where policy lets it go, and read by the engine that may; none of it stays', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', onWarning);
    const consents = [await allow(host_()), await allow('secrets.use:key')];
    const used = await run('test.get', [host_(), 'secrets.use:key'], { url: url() });
    expect(used).toMatchObject({ status: 'succeeded', summary: { status: 200 } });
    expect(authorizations.at(-1)).toBe(`Bearer ${VALUE}`);
    const leaked = await run('test.secret', ['secrets.use:key']);
    expect(leaked).toMatchObject({ status: 'failed', outputs: [], errors: [{ code: 'SECURITY_SECRET_LEAKED' }] });
    for (const { consent_id } of consents) await host.consents.revoke(consent_id, ADA);
    process.off('warning', onWarning);
    const everywhere = readdirSync(host.home, { recursive: true })
      .map(String)
      .filter((name) => !name.startsWith('secrets') && statSync(join(host.home, name)).isFile())
      .map((name) => readFileSync(join(host.home, name)));
    const content = Buffer.concat([...everywhere, Buffer.from(JSON.stringify([used, leaked, warnings]))]);
    const bytes = Buffer.from(VALUE);
    for (const form of [
      VALUE,
      bytes.toString('base64').slice(0, -4),
      bytes.toString('hex'),
      encodeURIComponent(VALUE),
    ]) {
      expect(content.includes(form)).toBe(false);
    }
  });

  it('[§9] who brought an engine decides its tier: shipped in a thread, added in a process or not at all', async () => {
    const shipped = await run('test.nothing', []);
    expect(shipped.provenance.environment.isolation_tier).toBe('thread');
    const added = await run('test.nothing', [], {}, ADDED);
    if (added.status === 'denied') {
      expect(added.errors).toMatchObject([{ code: 'SANDBOX_TIER_UNAVAILABLE', kind: 'sandbox' }]);
      expect(added.provenance.environment.isolation_tier).toBe('none');
    } else expect(added.provenance.environment.isolation_tier).toBe('process');
  });
});
