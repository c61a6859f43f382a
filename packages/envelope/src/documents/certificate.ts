import { type Static, Type } from '@sinclair/typebox';
import { CLOSED, EngineId, Mime, Sha256, ShortId, Timestamp, Version } from './primitives.ts';
import { IsolationTier } from './result.ts';

/** What a certificate says of itself beyond digests: the annotations of its descriptor `mex:certificate`. */
export const CertificateTerms = Type.Object(
  {
    engine_id: EngineId,
    engine_version: Version,
    contract_version: ShortId,
    harness_version: Version,
    /** Tiers in which every case passed. */
    tiers: Type.Array(IsolationTier, { minItems: 1, maxItems: 8, uniqueItems: true }),
    issued_at: Timestamp,
    expires_at: Timestamp,
  },
  CLOSED,
);
export type CertificateTerms = Static<typeof CertificateTerms>;

/** Names of the descriptors that every certificate has, each once (CONTRACT §15). */
export const CERTIFICATE_PARTS = {
  terms: 'mex:certificate',
  manifest: 'mex:engine-manifest',
  requirements: 'mex:conformance-requirements',
  vectors: 'mex:conformance-vectors',
  report: 'mex:conformance-report',
} as const;

/** An in-toto ResourceDescriptor as certificates use it: a uri or a digest is there, as in-toto asks. */
export const CertificateResource = Type.Object(
  {
    name: ShortId,
    uri: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024 })),
    digest: Type.Optional(Type.Object({ sha256: Sha256 }, CLOSED)),
    mediaType: Type.Optional(Mime),
    /** Of `mex:certificate` only. */
    annotations: Type.Optional(CertificateTerms),
  },
  CLOSED,
);
export type CertificateResource = Static<typeof CertificateResource>;

const NoCases = Type.Array(ShortId, { maxItems: 0 });

/**
 * What a certificate of an engine signs: an in-toto Statement v1 with the test-result predicate v0.1. It can say nothing
 * but PASSED: what failed or was skipped has no certificate (CONTRACT §15).
 */
export const CertificateStatement = Type.Object(
  {
    _type: Type.Literal('https://in-toto.io/Statement/v1'),
    /** The bundle of one engine, under the engine's id. */
    subject: Type.Array(Type.Object({ name: EngineId, digest: Type.Object({ sha256: Sha256 }, CLOSED) }, CLOSED), {
      minItems: 1,
      maxItems: 1,
    }),
    predicateType: Type.Literal('https://in-toto.io/attestation/test-result/v0.1'),
    predicate: Type.Object(
      {
        result: Type.Literal('PASSED'),
        configuration: Type.Array(CertificateResource, { minItems: 5, maxItems: 64 }),
        passedTests: Type.Array(ShortId, { minItems: 1, maxItems: 4_096, uniqueItems: true }),
        warnedTests: NoCases,
        failedTests: NoCases,
      },
      CLOSED,
    ),
  },
  { ...CLOSED, $id: 'mex:certificate-statement' },
);
export type CertificateStatement = Static<typeof CertificateStatement>;

/** How far the clocks of two machines may be apart, in ms. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** Why a certificate is not in force at a time; `undefined` when it is. All three are ms since 1970. */
export function certificateLapse(
  { issuedAt, expiresAt }: { readonly issuedAt: number; readonly expiresAt: number },
  now: number,
): 'expired' | 'not yet valid' | undefined {
  if (!(now < expiresAt)) return 'expired';
  return now + CLOCK_SKEW_MS >= issuedAt ? undefined : 'not yet valid';
}
