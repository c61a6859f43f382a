import { canonicalJson, certificateLapse, parseStrictJson } from '@mex/envelope';
import { digestJson, sha256Hex } from '@mex/envelope/digest';
import { IN_TOTO_MIME, signDsse } from '@mex/envelope/dsse';
import {
  type CertificateStanding,
  checkCertificate,
  checkCertificates,
  createRegistry,
  isCertified,
  registrySources,
  verifyCertificate,
} from '@mex/registry';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeKey, makeStatement, NOW, signStatement, withPart, withTerms } from './certify.ts';
import { makeManifest, makeOperation, makeSource } from './manifests.ts';

const [own, other] = [makeKey(), makeKey()];
const manifest = makeManifest();
const engine = { manifest, manifestSha256: digestJson(manifest) };
const trust = { keys: [own], revoked: [] };
const statement = makeStatement(manifest);
const certificate = signStatement(statement, own);
const payloadSha256 = sha256Hex(canonicalJson(statement));

const judge = (envelope: unknown, of = engine, whom: Parameters<typeof checkCertificate>[2] = trust) =>
  checkCertificate(envelope, of, whom);
const codeOf = (standing: CertificateStanding) => (standing.state === 'refused' ? standing.code : standing.state);
const refused = (code: string) => expect.objectContaining({ state: 'refused', code });
const engineOf = (changes: Parameters<typeof makeManifest>[0]) => {
  const changed = makeManifest(changes);
  return { manifest: changed, manifestSha256: digestJson(changed) };
};

describe('[§10] a certificate counts for exactly one engine', () => {
  it('as text, as bytes and as a JSON value', () => {
    const valid = {
      state: 'valid',
      sha256: payloadSha256,
      keyId: own.keyId,
      issuedAt: Date.parse('2026-11-20T12:00:00Z'),
      expiresAt: Date.parse('2027-02-20T12:00:00Z'),
      harnessVersion: '0.1.0',
      tiers: ['thread'],
    };
    expect(judge(certificate)).toEqual(valid);
    expect(judge(Buffer.from(certificate))).toEqual(valid);
    expect(judge(parseStrictJson(certificate))).toEqual(valid);
    expect(judge(undefined)).toEqual({ state: 'absent' });
  });

  it('the certificate of engine A on engine B', () => {
    const b = engineOf({ engine_id: 'engine.test.two' });
    expect(judge(certificate, b)).toEqual(refused('CERTIFICATE_MISMATCH'));
    // Renamed in one place only, by somebody who may sign.
    const half = { ...statement, subject: [{ ...statement.subject[0], name: 'engine.test.two' }] };
    expect(judge(signStatement(half, own), b)).toEqual(refused('CERTIFICATE_MISMATCH'));
    expect(judge(signStatement(half, own))).toEqual(refused('CERTIFICATE_MISMATCH'));
    expect(judge(signStatement(withTerms(statement, { engine_id: 'engine.test.two' }), own))).toEqual(
      refused('CERTIFICATE_MISMATCH'),
    );
  });

  it('an older version of the same engine', () => {
    const older = engineOf({ engine_version: '0.9.0' });
    expect(judge(certificate, older)).toEqual(refused('CERTIFICATE_MISMATCH'));
    expect(judge(signStatement(makeStatement(older.manifest), own))).toEqual(refused('CERTIFICATE_MISMATCH'));
    expect(judge(signStatement(withTerms(statement, { engine_version: '0.9.0' }), own))).toEqual(
      refused('CERTIFICATE_MISMATCH'),
    );
  });

  it('the manifest was changed and the bundle was not', () => {
    const wider = engineOf({
      operations: { 'test.run': makeOperation({ capabilities: ['fs.write:artifacts', 'net.http'] }) },
    });
    expect(judge(certificate, wider)).toEqual(refused('CERTIFICATE_MISMATCH'));
  });

  it('any other bundle', () => {
    const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
    fc.assert(
      fc.property(digest, (sha256) => {
        fc.pre(sha256 !== manifest.bundle.sha256);
        const bundle = { sha256, size_bytes: manifest.bundle.size_bytes };
        expect(codeOf(judge(certificate, engineOf({ bundle })))).toBe('CERTIFICATE_MISMATCH');
        const subject = [{ name: manifest.engine_id, digest: { sha256 } }];
        expect(codeOf(judge(signStatement({ ...statement, subject }, own)))).toBe('CERTIFICATE_MISMATCH');
      }),
      { seed: 15, numRuns: 50 },
    );
  });

  it('other conformance vectors than those the manifest names', () => {
    const named = engineOf({ conformance_vectors: { sha256: 'd'.repeat(64), count: 2 } });
    expect(codeOf(judge(signStatement(makeStatement(named.manifest), own), named))).toBe('valid');
    const others = engineOf({ conformance_vectors: { sha256: 'f'.repeat(64), count: 2 } });
    expect(judge(signStatement(makeStatement(others.manifest), own), others)).toEqual(refused('CERTIFICATE_MISMATCH'));
  });

  it('another contract, or a harness whose requirements are not known here', () => {
    const signed = (terms: object) => signStatement(withTerms(statement, terms), own);
    expect(judge(signed({ contract_version: 'mex-2.0' }))).toEqual(refused('CERTIFICATE_UNSUPPORTED'));
    expect(judge(signed({ harness_version: '0.2.0' }))).toEqual(refused('CERTIFICATE_UNSUPPORTED'));
    expect(judge(signed({ harness_version: '0.0.9' }))).toEqual(refused('CERTIFICATE_UNSUPPORTED'));
    expect(codeOf(judge(signed({ harness_version: '0.1.9' })))).toBe('valid');
    expect(judge(certificate, engine, { ...trust, harness: '>=0.1.2' })).toEqual(refused('CERTIFICATE_UNSUPPORTED'));
    expect(judge(certificate, engine, { ...trust, harness: 'no range' })).toEqual(refused('CERTIFICATE_UNSUPPORTED'));
  });
});

describe('[§10] whose word counts', () => {
  it('a key that the operator does not trust, or no longer', () => {
    expect(codeOf(judge(signStatement(statement, other)))).toBe('CERTIFICATE_UNTRUSTED');
    expect(codeOf(judge(certificate, engine, { keys: [other], revoked: [] }))).toBe('CERTIFICATE_UNTRUSTED');
    expect(codeOf(judge(certificate, engine, { keys: [], revoked: [] }))).toBe('CERTIFICATE_UNTRUSTED');
  });

  it('a trusted key beside others', () => {
    expect(codeOf(judge(signStatement(statement, other, own)))).toBe('valid');
    expect(codeOf(judge(certificate, engine, { keys: [other, own], revoked: [] }))).toBe('valid');
  });

  it('a revoked certificate, also when another key signs it again', () => {
    const revoked = [payloadSha256];
    expect(codeOf(judge(certificate, engine, { keys: [own], revoked }))).toBe('CERTIFICATE_REVOKED');
    expect(codeOf(judge(signStatement(statement, other), engine, { keys: [own, other], revoked }))).toBe(
      'CERTIFICATE_REVOKED',
    );
  });

  it('a revoked key, though it is trusted; a second signature of a good one is not tainted by it', () => {
    const revoked = [`key:${own.keyId}`];
    expect(codeOf(judge(certificate, engine, { keys: [own], revoked }))).toBe('CERTIFICATE_REVOKED');
    const both = signStatement(statement, own, other);
    expect(codeOf(judge(both, engine, { keys: [own, other], revoked }))).toBe('valid');
    // Whoever only claims to be the revoked key is not told apart from any stranger.
    const claimed = signStatement(statement, { ...other, keyId: own.keyId });
    expect(codeOf(judge(claimed, engine, { keys: [own], revoked }))).toBe('CERTIFICATE_UNTRUSTED');
  });

  it('of several the one that lasts longest; a refused one hides none that is valid', () => {
    const longer = signStatement(withTerms(statement, { expires_at: '2027-05-01T00:00:00Z' }), own);
    for (const order of [
      [certificate, longer, 'x'],
      ['x', longer, certificate],
      [longer, 'x', certificate],
    ])
      expect(checkCertificates(order, engine, trust)).toMatchObject({ expiresAt: Date.parse('2027-05-01T00:00:00Z') });
    expect(codeOf(checkCertificates(['x', signStatement(statement, other)], engine, trust))).toBe(
      'CERTIFICATE_INVALID',
    );
    expect(checkCertificates([], engine, trust)).toEqual({ state: 'absent' });
  });
});

describe('[§15] when a certificate is in force', () => {
  const standing = judge(certificate);
  it('from when it was issued, five minutes of clock skew forgiven, until it expires', () => {
    expect(isCertified(standing, NOW)).toBe(true);
    expect(isCertified(standing, Date.parse('2027-02-20T11:59:59.999Z'))).toBe(true);
    expect(isCertified(standing, Date.parse('2027-02-20T12:00:00Z'))).toBe(false);
    expect(isCertified(standing, Date.parse('2026-11-20T11:55:00Z'))).toBe(true);
    expect(isCertified(standing, Date.parse('2026-11-20T11:54:59.999Z'))).toBe(false);
    expect(certificateLapse({ issuedAt: NOW, expiresAt: NOW + 1 }, Number.NaN)).toBeDefined();
  });

  it.each([
    ['expires before it was issued', { expires_at: '2026-11-20T11:59:59Z' }],
    ['expires when it was issued', { expires_at: '2026-11-20T12:00:00Z' }],
    ['lasts for more than two years', { expires_at: '2028-11-21T12:00:00Z' }],
    ['expires on no day', { expires_at: '2027-02-29T99:00:00Z' }],
  ])('never: one that %s', (_name, terms) => {
    expect(judge(signStatement(withTerms(statement, terms), own))).toEqual(refused('CERTIFICATE_INVALID'));
  });
});

describe('[§10] what is not exactly a certificate is refused', () => {
  it('any changed byte of the payload', () => {
    const envelope = JSON.parse(certificate);
    const payload = Buffer.from(envelope.payload, 'base64');
    fc.assert(
      fc.property(fc.nat(payload.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(payload);
        changed[at] = (changed[at] ?? 0) ^ flip;
        const forged = JSON.stringify({ ...envelope, payload: changed.toString('base64') });
        expect(codeOf(judge(forged))).toBe('CERTIFICATE_INVALID');
      }),
      { seed: 16, numRuns: 200 },
    );
  });

  it('a payload with a member twice, signed by a trusted key', () => {
    const text = canonicalJson(statement);
    const twice = text.replace('"engine_id":', `"engine_id":"engine.test.two","engine_id":`);
    expect(twice).not.toBe(text);
    expect(judge(signDsse(Buffer.from(twice), IN_TOTO_MIME, [own]))).toEqual(refused('CERTIFICATE_INVALID'));
  });

  const digest = { digest: { sha256: 'f'.repeat(64) } };
  it.each<[string, unknown]>([
    ['two subjects', { ...statement, subject: [...statement.subject, ...statement.subject] }],
    ['no subject', { ...statement, subject: [] }],
    ['a result that is no pass', { ...statement, predicate: { ...statement.predicate, result: 'WARNED' } }],
    ['a failed case', { ...statement, predicate: { ...statement.predicate, failedTests: ['SCHEMA-002'] } }],
    ['no manifest', withPart(statement, 'mex:engine-manifest', () => [{ name: 'mex:other', ...digest }])],
    [
      'a manifest without a digest',
      withPart(statement, 'mex:engine-manifest', () => [{ name: 'mex:engine-manifest', uri: 'x' }]),
    ],
    ['no report', withPart(statement, 'mex:conformance-report', () => [{ name: 'mex:other', ...digest }])],
    ['no terms', withPart(statement, 'mex:certificate', { annotations: undefined })],
    ['two manifests', withPart(statement, 'mex:engine-manifest', (part) => [part, { ...part, ...digest }])],
    [
      'terms in two places',
      withPart(statement, 'mex:conformance-report', { annotations: statement.predicate.configuration[0]?.annotations }),
    ],
    ['another predicate', { ...statement, predicateType: 'https://slsa.dev/verification_summary/v1' }],
    ['an unknown member', { ...statement, exceptions: [] }],
    ['a list', [statement]],
  ])('%s, signed by a trusted key', (_name, value) => {
    expect(judge(signStatement(value, own))).toEqual(refused('CERTIFICATE_INVALID'));
  });

  it('the same payload under another type', () => {
    const text = Buffer.from(canonicalJson(statement));
    expect(codeOf(judge(signDsse(text, 'application/json', [own])))).toBe('CERTIFICATE_INVALID');
  });

  it('anything at all is answered, never thrown', () => {
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new TypeError('no');
        },
      },
    );
    for (const value of ['', '{}', null, 7, [], new Uint8Array(3), 'x'.repeat(2 ** 20 + 1), hostile, () => 1])
      expect(codeOf(judge(value))).toBe('CERTIFICATE_INVALID');
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.anything()), (value) => {
        fc.pre(value !== undefined);
        expect(judge(value).state).toBe('refused');
      }),
      { seed: 17, numRuns: 200 },
    );
  });

  it('what a stranger wrote is quoted, short and without control characters', () => {
    const name = signStatement(withTerms(statement, { contract_version: `x${'\u202e'.repeat(99)}` }), own);
    const standing = judge(name);
    expect(standing.state === 'refused' && standing.reason).not.toMatch(/\p{C}/u);
    expect(JSON.stringify(standing).length).toBeLessThan(1_000);
  });
});

describe('certificates in a registry', () => {
  it('are judged with the trust that the registry was given; nobody’s word counts by default', () => {
    const source = makeSource('1.0.0', { certificates: [certificate] });
    expect(createRegistry([source], trust).engines[0]?.certificate).toMatchObject({
      state: 'valid',
      sha256: payloadSha256,
    });
    expect(createRegistry([source]).engines[0]?.certificate).toEqual(refused('CERTIFICATE_UNTRUSTED'));
    expect(createRegistry([makeSource('1.0.0')], trust).engines[0]?.certificate).toEqual({ state: 'absent' });
  });

  it('a bad one disables nothing: the gate says what it is worth', () => {
    const { engines, disabled } = createRegistry([makeSource('1.0.0', { certificates: [{ payload: 7 }] })], trust);
    expect(disabled).toEqual([]);
    expect(engines[0]?.certificate).toEqual(refused('CERTIFICATE_INVALID'));
  });

  it('come from the entry of the registry file, bound to its version', () => {
    const entry = (version: string, envelope: unknown) => ({
      manifest: makeManifest({ engine_version: version }),
      bundle_path: `b-${version}`,
      certificate: envelope,
    });
    const value = parseStrictJson(certificate);
    const document = {
      schema_version: 'mex.registry@1.0' as const,
      engines: { 'engine.test.one': [entry('1.0.0', value), entry('1.1.0', value)] },
    };
    const { engines } = createRegistry(registrySources(document, '/home/mechanical_engines.json', 'added'), trust);
    expect(engines.map((one) => [one.manifest.engine_version, codeOf(one.certificate)])).toEqual([
      ['1.1.0', 'CERTIFICATE_MISMATCH'],
      ['1.0.0', 'valid'],
    ]);
  });

  it('a standing is decided once: a caller that changes its envelope afterwards changes nothing', () => {
    const value = JSON.parse(certificate);
    const [registered] = createRegistry([makeSource('1.0.0', { certificates: [value] })], trust).engines;
    const before = registered?.certificate;
    value.payload = '';
    expect(registered?.certificate).toBe(before);
    expect(Object.isFrozen(before)).toBe(true);
  });
});

it('verifyCertificate says what a certificate binds, or throws with a remedy', () => {
  expect(verifyCertificate(certificate, trust)).toMatchObject({
    sha256: payloadSha256,
    keyId: own.keyId,
    bundleSha256: manifest.bundle.sha256,
    manifestSha256: engine.manifestSha256,
    terms: { engine_id: manifest.engine_id },
  });
  expect(() => verifyCertificate(signStatement(statement, other), trust)).toThrow(
    expect.objectContaining({
      code: 'CERTIFICATE_UNTRUSTED',
      kind: 'integrity',
      remedy: expect.stringContaining('trusted_keys'),
    }),
  );
});
