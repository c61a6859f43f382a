import { generateKeyPairSync, sign } from 'node:crypto';
import { type CertificateStatement, canonicalBytes, type EngineManifest } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import { type DsseKey, type DsseSigner, ed25519KeyId, IN_TOTO_MIME, signDsse } from '@mex/envelope/dsse';

export const NOW = Date.parse('2026-11-21T12:00:00Z');

export function makeKey(): DsseKey & DsseSigner {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  return { keyId: ed25519KeyId(raw), publicKey: raw, sign: (bytes) => sign(null, bytes, privateKey) };
}

/** The statement of a certificate in force at `NOW`, for exactly this manifest. */
export function makeStatement(manifest: EngineManifest): CertificateStatement {
  const { engine_id, engine_version, contract_version } = manifest;
  const terms = {
    engine_id,
    engine_version,
    contract_version,
    harness_version: '0.1.0',
    tiers: ['thread' as const],
    issued_at: '2026-11-20T12:00:00Z',
    expires_at: '2027-02-20T12:00:00Z',
  };
  const digest = (digit: string) => ({ digest: { sha256: digit.repeat(64) } });
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: engine_id, digest: { sha256: manifest.bundle.sha256 } }],
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: {
      result: 'PASSED',
      configuration: [
        { name: 'mex:certificate', uri: 'mex:certificate', annotations: terms },
        { name: 'mex:engine-manifest', digest: { sha256: digestJson(manifest) } },
        { name: 'mex:conformance-requirements', ...digest('c') },
        { name: 'mex:conformance-vectors', ...digest('d') },
        { name: 'mex:conformance-report', ...digest('e') },
      ],
      passedTests: ['SCHEMA-001'],
      warnedTests: [],
      failedTests: [],
    },
  };
}

/** A statement with one descriptor changed. */
export function withPart(
  statement: CertificateStatement,
  name: string,
  change: object | ((part: object) => object[]),
): CertificateStatement {
  const { predicate } = statement;
  const configuration = predicate.configuration.flatMap((part) =>
    part.name !== name ? [part] : typeof change === 'function' ? change(part) : [{ ...part, ...change }],
  ) as typeof predicate.configuration;
  return { ...statement, predicate: { ...predicate, configuration } };
}

/** A statement with other terms. */
export function withTerms(statement: CertificateStatement, change: object): CertificateStatement {
  return withPart(statement, 'mex:certificate', (part) => [
    { ...part, annotations: { ...('annotations' in part ? (part.annotations as object) : {}), ...change } },
  ]);
}

export function signStatement(statement: unknown, ...keys: readonly DsseSigner[]): string {
  return signDsse(canonicalBytes(statement), IN_TOTO_MIME, keys);
}
