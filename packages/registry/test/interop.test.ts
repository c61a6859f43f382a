import { createPublicKey, verify } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { describe, expect, it } from 'vitest';
import { makeKey, makeStatement, signStatement } from './certify.ts';
import { makeManifest } from './manifests.ts';

const key = makeKey();
const certificate = signStatement(makeStatement(makeManifest()), key);
const spki = createPublicKey({
  key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key.publicKey).toString('base64url') },
  format: 'jwk',
});

describe('[§15] a certificate is verified by tools that know nothing of MEX', () => {
  /** As `cosign` and npm verify attestations; without a transparency log, which a home does not have. */
  const verifyWithSigstore = (envelope: unknown, hint = key.keyId): void => {
    const bundle = bundleFromJSON({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { publicKey: { hint }, tlogEntries: [] },
      dsseEnvelope: envelope,
    });
    const roots = { mediaType: '', tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [] };
    const trusted = {
      [key.keyId]: { rawBytes: spki.export({ format: 'der', type: 'spki' }), keyDetails: 7, validFor: undefined },
    };
    const verifier = new Verifier(toTrustMaterial(roots, trusted), {
      tlogThreshold: 0,
      ctlogThreshold: 0,
      timestampThreshold: 0,
    });
    verifier.verify(toSignedEntity(bundle));
  };

  it('by the verifier of sigstore', () => {
    expect(() => verifyWithSigstore(JSON.parse(certificate))).not.toThrow();
  });

  it('which refuses another payload, another type and another key', () => {
    const envelope = JSON.parse(certificate);
    const changed = Buffer.from(envelope.payload, 'base64').toString().replace('SCHEMA-001', 'SCHEMA-002');
    expect(() => verifyWithSigstore({ ...envelope, payload: Buffer.from(changed).toString('base64') })).toThrow();
    expect(() => verifyWithSigstore({ ...envelope, payloadType: 'application/json' })).toThrow();
    expect(() => verifyWithSigstore(JSON.parse(signStatement(makeStatement(makeManifest()), makeKey())))).toThrow();
    expect(() => verifyWithSigstore(envelope, 'nobody')).toThrow();
  });

  it('by hand: node:crypto over the bytes that the DSSE protocol names', () => {
    const { payload, payloadType, signatures } = JSON.parse(certificate);
    const body = Buffer.from(payload, 'base64');
    const signed = Buffer.concat([Buffer.from(`DSSEv1 28 application/vnd.in-toto+json ${body.length} `), body]);
    expect(payloadType).toBe('application/vnd.in-toto+json');
    expect(verify(null, signed, spki, Buffer.from(signatures[0].sig, 'base64'))).toBe(true);
    expect(signatures[0].keyid).toBe(key.keyId);
  });

  it('its statement has what in-toto asks of one: a type, subjects with digests, descriptors that can be found', () => {
    const statement = JSON.parse(Buffer.from(JSON.parse(certificate).payload, 'base64').toString());
    expect(statement._type).toBe('https://in-toto.io/Statement/v1');
    for (const { name, digest } of statement.subject)
      expect([typeof name, digest.sha256.length]).toEqual(['string', 64]);
    for (const { uri, digest } of statement.predicate.configuration) expect(uri ?? digest?.sha256).toBeTypeOf('string');
    expect(Object.keys(statement.predicate)).toEqual(
      expect.arrayContaining(['result', 'configuration', 'passedTests', 'warnedTests', 'failedTests']),
    );
  });
});
