import type { CertificateStatement, EngineManifest } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import type { Signer } from '@mex/flight-recorder';
import { signCertificate } from '@mex/host';

const DAY_MS = 86_400_000;

/** What a harness would say of an engine that passed. `from` and `to`: days from now. */
export function makeStatement(manifest: EngineManifest, from = -1, to = 90): CertificateStatement {
  const { engine_id, engine_version, contract_version, bundle } = manifest;
  const at = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();
  const digest = { sha256: 'c'.repeat(64) };
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: engine_id, digest: { sha256: bundle.sha256 } }],
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: {
      result: 'PASSED',
      configuration: [
        {
          name: 'mex:certificate',
          uri: 'mex:certificate',
          annotations: {
            engine_id,
            engine_version,
            contract_version,
            harness_version: '0.1.0',
            tiers: ['thread', 'process'],
            issued_at: at(from),
            expires_at: at(to),
          },
        },
        { name: 'mex:engine-manifest', digest: { sha256: digestJson(manifest) } },
        { name: 'mex:conformance-requirements', digest },
        { name: 'mex:conformance-vectors', digest },
        { name: 'mex:conformance-report', digest },
      ],
      passedTests: ['SCHEMA-001'],
      warnedTests: [],
      failedTests: [],
    },
  };
}

export function makeCertificate(manifest: EngineManifest, signer: Signer, from?: number, to?: number): string {
  const engine = { manifest, manifestSha256: digestJson(manifest) };
  return signCertificate(makeStatement(manifest, from, to), signer, engine).envelope;
}
