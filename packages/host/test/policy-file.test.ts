import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ed25519KeyId } from '@mex/envelope/dsse';
import { DEFAULT_POLICY, loadPolicy, type Policy } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateDangers } from '../src/certificates/certificate-dangers.ts';
import { chooseTier } from '../src/policy-source.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mex-policy-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let count = 0;
const load = (members: object) => {
  count += 1;
  const file = join(dir, `policy-${count}.json`);
  writeFileSync(file, JSON.stringify({ schema_version: 'mex.policy@1.0', ...members }));
  return loadPolicy(file);
};

const CAT = { path: '/bin/cat' };
const GOOD: [string, object, object][] = [
  ['read_scopes', { read_scopes: { docs: '/srv/docs', 'a.b_c-1': '/' } }, { readScopes: { docs: '/srv/docs' } }],
  ['private_hosts', { private_hosts: ['localhost:8080', '*.lan'] }, { privateHosts: ['localhost:8080', '*.lan'] }],
  ['tools', { tools: { cat: CAT } }, { tools: { cat: CAT } }],
  ['secret_hosts', { secret_hosts: { key: ['api.example'] } }, { secretHosts: { key: ['api.example'] } }],
  [
    'readable_secrets',
    { readable_secrets: { 'engine.test.one': ['key'] } },
    { readableSecrets: { 'engine.test.one': ['key'] } },
  ],
  ['tier', { tier: 'process' }, { tiers: { engines: {}, trusted: 'process', untrusted: 'process' } }],
  ['tiers', { tiers: { trusted: 'process' } }, { tiers: { trusted: 'process', untrusted: 'process' } }],
  [
    'tiers over tier',
    { tier: 'process', tiers: { untrusted: 'thread' } },
    { tiers: { trusted: 'process', untrusted: 'thread' } },
  ],
  [
    'engine_tiers',
    { engine_tiers: { 'engine.test.one': 'thread' } },
    { tiers: { engines: { 'engine.test.one': 'thread' } } },
  ],
];

describe('[§7] [§9] what a policy file says of the outside', () => {
  it.each(GOOD)('%s is read', async (_member, file, policy) => {
    expect((await load(file)).policy).toMatchObject(policy);
  });

  it('[§14 K] each changes the digest, and the same text gives the same one', async () => {
    // `tier: process` and `tiers` with the same outcome are one policy.
    const said = GOOD.filter(([member]) => member !== 'tiers').map(([, file]) => file);
    const files = [{}, ...said, { read_scopes: { docs: '/srv/other' } }];
    const digests = await Promise.all(files.map(async (file) => (await load(file)).sha256));
    expect(new Set(digests).size).toBe(files.length);
    expect((await load({ read_scopes: { docs: '/srv/other' } })).sha256).toBe(digests.at(-1));
  });

  it('without any of it nothing outside is there, and nobody vouched for runs in a process', async () => {
    expect((await load({})).policy).toMatchObject({
      readScopes: {},
      privateHosts: [],
      tools: {},
      secretHosts: {},
      readableSecrets: {},
      tiers: { engines: {}, trusted: 'thread', untrusted: 'process' },
    });
  });

  it.each<[string, object, RegExp]>([
    ['a relative path', { read_scopes: { docs: 'srv/docs' } }, /absolute.*read_scopes\.docs/],
    ['a path with NUL', { read_scopes: { docs: '/srv\0/docs' } }, /absolute.*read_scopes\.docs/],
    ['a scope that is no name', { read_scopes: { '../up': '/srv' } }, /read_scopes.*\.\.\/up/],
    ['scopes as a list', { read_scopes: ['/srv'] }, /read_scopes/],
    ['a host that is no text', { private_hosts: [7] }, /private_hosts\[0\]/],
    ['hosts as one text', { private_hosts: 'localhost' }, /private_hosts/],
    ['a tool that is no name', { tools: { 'a b': CAT } }, /tools.*a b/],
    ['a tool with a relative path', { tools: { cat: { path: 'bin/cat' } } }, /absolute.*tools\.cat\.path/],
    ['a tool with a path around', { tools: { cat: { path: '/bin/../bin/cat' } } }, /tool.*cat.*shortest form/],
    ['an unknown member of a tool', { tools: { cat: { ...CAT, shell: true } } }, /shell/],
    ['a digest that is none', { tools: { cat: { ...CAT, sha256: 'ABC' } } }, /sha256/],
    ['a variable that loads code', { tools: { cat: { ...CAT, env: { LD_PRELOAD: '/x.so' } } } }, /LD_PRELOAD/],
    [
      'a variable that loads code into Node',
      { tools: { cat: { ...CAT, env: { NODE_OPTIONS: '-r x' } } } },
      /NODE_OPTIONS/,
    ],
    ['the root as read only', { tools: { cat: { ...CAT, read_only: ['/'] } } }, /read_only/],
    ['no time at all', { tools: { cat: { ...CAT, timeout_ms: 0 } } }, /timeout_ms/],
    ['a secret that is no name', { secret_hosts: { 'a/b': ['api.example'] } }, /secret_hosts.*a\/b/],
    ['hosts of a secret as one text', { secret_hosts: { key: 'api.example' } }, /secret_hosts\.key/],
    ['a readable secret that is no name', { readable_secrets: { 'engine.a': ['../key'] } }, /readable_secrets/],
    ['an unknown tier', { tier: 'container' }, /tier/],
    ['an unknown tier of an engine', { engine_tiers: { 'engine.a': 'none' } }, /engine_tiers/],
    ['an unknown class of trust', { tiers: { all: 'thread' } }, /all/],
  ])('%s is refused in words that name the place', async (_what, file, words) => {
    const error: unknown = await load(file).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'POLICY_INVALID', kind: 'policy' });
    expect(error instanceof Error && error.message.replaceAll('\n', ' ')).toMatch(words);
  });
});

describe('[§10] whose certificates count', () => {
  const KEY = `ed25519:${Buffer.alloc(32, 7).toString('base64')}`;
  const REVOKED = ['a'.repeat(64), `key:${'b'.repeat(64)}`];

  it('keys, revocations and a range of harness versions', async () => {
    const certificates = { trusted_keys: [KEY], revoked: REVOKED, harness: '>=0.1.2' };
    expect((await load({ certificates })).policy.certificates).toEqual({
      trustedKeys: [KEY],
      revoked: REVOKED,
      harness: '>=0.1.2',
    });
    expect((await load({})).policy.certificates).toBeUndefined();
  });

  it.each([
    ['a key without its kind', { trusted_keys: [KEY.slice(8)] }, /trusted_keys\[0\]|no public key/],
    ['a key that is too short', { trusted_keys: ['ed25519:AAAA'] }, /no public key/],
    [
      'a key of which everybody can make signatures',
      { trusted_keys: [`ed25519:${Buffer.alloc(32).toString('base64')}`] },
      /no public key/,
    ],
    ['a revocation that is no digest', { revoked: ['engine.a'] }, /64 lower-case hex/],
    ['a harness that is no range', { harness: 'newest' }, /semver range/],
    ['an empty harness', { harness: ' ' }, /semver range/],
    ['an unknown member', { keys: [] }, /keys/],
  ])('%s is refused in words', async (_what, certificates, words) => {
    const error: unknown = await load({ certificates }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'POLICY_INVALID' });
    expect(error instanceof Error && error.message).toMatch(words);
  });

  it('what vouches for more than was meant, or for nothing, is pointed out', () => {
    const keyId = ed25519KeyId(Buffer.alloc(32, 7));
    const dangers = (certificates: NonNullable<Policy['certificates']>) =>
      certificateDangers({ ...DEFAULT_POLICY, certificates }).map(({ path }) => path.join('.'));
    expect(dangers({ trustedKeys: [KEY], revoked: [`key:${keyId}`], harness: '*' })).toEqual([
      'certificates.harness',
      'certificates.trusted_keys.0',
    ]);
    expect(dangers({ trustedKeys: [KEY], revoked: [], harness: '~0.1.3' })).toEqual([]);
  });
});

describe('[§9] the tier of an engine', () => {
  const NOW = 1_000_000;
  const valid = { state: 'valid', issuedAt: 0, expiresAt: NOW + 1, tiers: ['thread', 'process'] };
  const engine = (origin: 'shipped' | 'added', certificate: object = { state: 'absent' }) => ({
    manifest: { engine_id: 'engine.test.one' },
    origin,
    certificate,
  });
  const tierOf = async (file: object, ...of: Parameters<typeof engine>) =>
    // Of a registered engine no more than this is looked at.
    chooseTier((await load(file)).policy.tiers, engine(...of) as Parameters<typeof chooseTier>[1], NOW).tier;

  it.each<[string, object, Parameters<typeof engine>, string]>([
    ['shipped: thread', {}, ['shipped'], 'thread'],
    ['added: process', {}, ['added'], 'process'],
    ['added with a certificate in force: thread', {}, ['added', valid], 'thread'],
    ['added, certified in another tier only: process', {}, ['added', { ...valid, tiers: ['process'] }], 'process'],
    ['added with a certificate that is over: process', {}, ['added', { ...valid, expiresAt: NOW }], 'process'],
    ['added with a certificate that is refused: process', {}, ['added', { state: 'refused' }], 'process'],
    ['shipped with a certificate that is refused: process', {}, ['shipped', { state: 'refused' }], 'process'],
    ['shipped with a certificate in force: thread', {}, ['shipped', valid], 'thread'],
    ['shipped where policy wants processes: process', { tier: 'process' }, ['shipped'], 'process'],
    ['added where policy trusts everybody: thread', { tiers: { untrusted: 'thread' } }, ['added'], 'thread'],
    ['named: as it says', { engine_tiers: { 'engine.test.one': 'process' } }, ['shipped'], 'process'],
    ['another one named: by trust', { engine_tiers: { 'engine.test.two': 'process' } }, ['shipped'], 'thread'],
  ])('%s', async (_what, file, of, tier) => {
    expect(await tierOf(file, ...of)).toBe(tier);
  });
});
