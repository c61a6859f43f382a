import { createPublicKey, verify } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256Hex } from '@mex/envelope/digest';
import { createFileSigner } from '@mex/flight-recorder';
import { formatTrustedKey } from '@mex/host';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeTarball } from './engine-package/make-tarball.ts';
import { documentOf, type Finished, mex, scratch } from './mex.ts';
import { planned, TEST_ENGINE, writeEngine } from './test-engine.ts';

const dir = scratch();
const hello = join(dir, 'hello');
const home = join(dir, 'home');
const out = join(dir, 'out');
const HELLO = 'engine.example.hello';
const PRODUCTION = { schema_version: 'mex.policy@1.0', allow_uncertified_engines: false };
const certificate = join(out, 'certificate.dsse.json');
let certified: Finished;

const makeHome = (name: string, policy: object): string => {
  mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, name, 'policy.json'), JSON.stringify(policy));
  return join(dir, name);
};
const greet = (at: string) =>
  mex(['run', '-', '--home', at], {
    stdin: JSON.stringify(
      planned('hello.greet', {
        engine_id: HELLO,
        params: { name: 'Ada' },
        capabilities_requested: ['fs.write:artifacts'],
      }),
    ),
  });
const keyOf = (at: string): string => formatTrustedKey(createFileSigner(join(at, 'keys'), 'certifier').publicKey);

beforeAll(async () => {
  const example = fileURLToPath(new URL('../../../examples/engine-hello/', import.meta.url));
  for (const part of ['dist', 'conformance', 'package.json'])
    cpSync(join(example, part), join(hello, part), { recursive: true });
  makeHome('home', PRODUCTION);
  certified = await mex(
    [
      'certify',
      hello,
      '--home',
      home,
      '--tier',
      'thread',
      '--days',
      '30',
      '--out',
      out,
      '--junit',
      join(dir, 'j.xml'),
      '--format',
      'json',
    ],
    {},
  );
});

describe('[§15] mex certify <dir>', () => {
  it('runs the suite, keeps the certificate and writes the report in every form', () => {
    expect([certified.code, certified.stderr.split('\n')[0]]).toEqual([0, expect.stringContaining('wrote')]);
    const document = documentOf(certified);
    expect(document).toMatchObject({
      engine_id: HELLO,
      certified: true,
      certificate: { state: 'valid', tiers: ['thread'] },
      report: { verdict: 'passed' },
    });
    for (const name of ['conformance-report.json', 'conformance-report.md', 'conformance-report.junit.xml'])
      expect(existsSync(join(out, name)), name).toBe(true);
    expect(readFileSync(join(dir, 'j.xml'), 'utf8')).toContain('<testsuite');
  });

  it('names the report by digest, and is recorded', async () => {
    const payload = JSON.parse(Buffer.from(JSON.parse(readFileSync(certificate, 'utf8')).payload, 'base64').toString());
    const report = payload.predicate.configuration.find(
      ({ name }: { name: string }) => name === 'mex:conformance-report',
    );
    const sha256 = sha256Hex(readFileSync(join(out, 'conformance-report.json')));
    expect(report.digest.sha256).toBe(sha256);
    const log = await mex(['log', 'list', '--home', home, '--type', 'certification.ended', '--format', 'json']);
    expect(log.stdout).toContain(`"report_sha256":"${sha256}"`);
  });

  it('signs what any in-toto tool verifies: DSSE, a Statement v1, the fields of test-result', () => {
    // Written out here, from the specifications and Node's own Ed25519: nothing of MEX judges its own work.
    const { payloadType, payload, signatures } = JSON.parse(readFileSync(certificate, 'utf8'));
    const body = Buffer.from(payload, 'base64');
    const signed = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${body.length} `), body]);
    const x = Buffer.from(keyOf(home).replace('ed25519:', ''), 'base64').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    expect(signatures).toHaveLength(1);
    expect(verify(null, signed, key, Buffer.from(signatures[0].sig, 'base64'))).toBe(true);
    expect(verify(null, body, key, Buffer.from(signatures[0].sig, 'base64'))).toBe(false);
    const { predicate, ...statement } = JSON.parse(body.toString());
    const bundle = sha256Hex(readFileSync(join(hello, 'dist', 'engine.bundle')));
    expect({ payloadType, ...statement }).toEqual({
      payloadType: 'application/vnd.in-toto+json',
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
      subject: [{ name: HELLO, digest: { sha256: bundle } }],
    });
    expect(Object.keys(predicate).sort()).toEqual([
      'configuration',
      'failedTests',
      'passedTests',
      'result',
      'warnedTests',
    ]);
    expect(predicate).toMatchObject({ result: 'PASSED', failedTests: [], warnedTests: [] });
    expect(predicate.passedTests).toEqual(expect.arrayContaining(['SCHEMA-003', 'DET-002']));
    // A ResourceDescriptor has at least one of these.
    for (const resource of predicate.configuration) expect(resource.uri ?? resource.digest).toBeDefined();
  });

  it('gives no certificate to an engine without vectors, says what to do, and adds nothing', async () => {
    const bad = writeEngine(join(dir, 'bad'));
    const at = join(dir, 'bad-home');
    const refused = await mex([
      'engines',
      'add',
      bad,
      '--certify',
      '--tier',
      'thread',
      '--home',
      at,
      '--format',
      'json',
    ]);
    expect(refused.code).toBe(1);
    const { report, ...rest } = documentOf(refused);
    expect(rest).toEqual({ added: null, certified: false });
    expect(JSON.stringify(report)).toContain('"remedy"');
    expect(existsSync(join(at, 'certificates'))).toBe(false);
    expect((await mex(['engines', 'list', '--home', at])).stdout).not.toContain(TEST_ENGINE);
  });

  it('explains what was typed wrong before it runs anything', async () => {
    const wrong: readonly (readonly [string[], string])[] = [
      [['certify'], 'Name one engine'],
      [['certify', '--all', '--junit', 'x'], '--out'],
      [['certify', '.', '--days', '731'], '731 days'],
      [['certify', 'engine.test.nothing'], 'No engine'],
    ];
    const refused = await Promise.all(wrong.map(([argv]) => mex([...argv, '--home', join(dir, 'none')])));
    expect(refused.map(({ code, stderr }, at) => [code, stderr.includes(wrong[at]?.[1] ?? '?')])).toEqual(
      wrong.map(() => [2, true]),
    );
  });
});

describe('[§10] mex engines add', () => {
  it('takes the certificate that this home made, and the engine runs in production', async () => {
    expect((await greet(home)).stdout).toContain('ENGINE_UNKNOWN');
    const added = await mex(['engines', 'add', hello, '--home', home]);
    expect([added.code, added.stdout]).toEqual([0, expect.stringContaining('Certified')]);
    expect(documentOf(await greet(home))).toMatchObject({ status: 'succeeded' });
    expect((await mex(['engines', 'verify', HELLO, '--home', home])).code).toBe(0);
    // Also those that have none are looked at: they would be denied.
    const all = await mex(['engines', 'verify', '--home', home]);
    expect([all.code, all.stdout]).toEqual([1, expect.stringContaining('Not certified')]);
    const disabled = await mex(['engines', 'disable', HELLO, '--home', home]);
    expect(disabled.code).toBe(0);
    expect(documentOf(await greet(home))).toMatchObject({ status: 'denied', errors: [{ code: 'ENGINE_DISABLED' }] });
    expect((await mex(['engines', 'enable', HELLO, '--home', home])).code).toBe(0);
    expect(documentOf(await greet(home))).toMatchObject({ status: 'succeeded' });
  });

  it('of an archive with a certificate of somebody else: only with trust, or openly without it', async () => {
    const file = join(dir, 'hello.tgz');
    const parts = ['package.json', 'dist/manifest.json', 'dist/engine.bundle'];
    const entries = parts.map((path) => ({ path: `package/${path}`, content: readFileSync(join(hello, path)) }));
    writeFileSync(
      file,
      makeTarball([...entries, { path: 'package/certificate.dsse.json', content: readFileSync(certificate) }]),
    );
    const trusting = makeHome('trusting', { ...PRODUCTION, certificates: { trusted_keys: [keyOf(home)] } });
    const [stranger, added, without] = await Promise.all([
      mex(['engines', 'add', file, '--home', makeHome('stranger', PRODUCTION)]),
      mex(['engines', 'add', file, '--home', trusting, '--format', 'json']),
      mex(['engines', 'add', file, '--home', join(dir, 'open'), '--without-certificate', '--format', 'json']),
    ]);
    expect([stranger.code, stranger.stderr]).toEqual([3, expect.stringContaining('CERTIFICATE_UNTRUSTED')]);
    expect(documentOf(added)).toMatchObject({ added: { certificate: { state: 'valid' } } });
    expect(documentOf(without)).toMatchObject({ added: { certificate: { state: 'absent' } } });
    // The operator takes the trust back.
    makeHome('trusting', PRODUCTION);
    expect(documentOf(await greet(trusting))).toMatchObject({
      status: 'denied',
      errors: [{ code: 'CERTIFICATE_UNTRUSTED' }],
    });
  });

  it('of an installed package, by its name; nothing is downloaded', async () => {
    const project = join(dir, 'project');
    mkdirSync(join(project, 'node_modules', '@acme'), { recursive: true });
    symlinkSync(hello, join(project, 'node_modules', '@acme', 'hello'));
    const at = join(dir, 'named');
    const added = await mex(['engines', 'add', '@acme/hello', '--home', at], { cwd: project });
    expect([added.code, added.stdout]).toEqual([0, expect.stringContaining('Not certified')]);
    const missing = await mex(['engines', 'add', '@acme/other', '--home', at], { cwd: project });
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('downloads nothing')]);
  });
});

describe('[§16] mex certify verify', () => {
  const none = join(dir, 'no-home');
  const verifyWith = (...more: string[]) =>
    mex(['certify', 'verify', certificate, '--home', none, '--format', 'json', ...more]);

  it('needs a key and no home, and says what the certificate binds', async () => {
    const valid = await verifyWith('--key', keyOf(home), '--engine', hello);
    expect(valid.code).toBe(0);
    expect(documentOf(valid)).toMatchObject({
      valid: true,
      engine_compared: HELLO,
      certificate: { engine_id: HELLO, contract_version: 'mex-1.0', tiers: ['thread'] },
    });
    expect(existsSync(none)).toBe(false);
  });

  it('refuses another key, a changed engine, and what is no certificate', async () => {
    const changed = join(dir, 'changed');
    cpSync(hello, changed, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(changed, 'dist', 'manifest.json'), 'utf8'));
    writeFileSync(join(changed, 'dist', 'manifest.json'), JSON.stringify({ ...manifest, title: 'Hello again' }));
    const other = keyOf(join(dir, 'elsewhere'));
    const refusals = await Promise.all([
      verifyWith('--key', other),
      verifyWith('--key', keyOf(home), '--engine', changed),
      mex(['certify', 'verify', join(out, 'conformance-report.json'), '--key', other, '--format', 'json']),
    ]);
    expect(refusals.map((one) => [one.code, documentOf(one)['error']])).toEqual([
      [1, expect.objectContaining({ code: 'CERTIFICATE_UNTRUSTED' })],
      [1, expect.objectContaining({ code: 'CERTIFICATE_MISMATCH' })],
      [1, expect.objectContaining({ code: 'CERTIFICATE_INVALID' })],
    ]);
  });
});
