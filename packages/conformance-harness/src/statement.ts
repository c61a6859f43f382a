import {
  CERTIFICATE_PARTS,
  type CertificateResource,
  CertificateStatement,
  canonicalJson,
  createChecker,
} from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { conformanceError } from './errors.ts';
import type { ConformanceReport } from './report.ts';

export interface StatementTerms {
  /** RFC 3339 in UTC. */
  readonly issuedAt: string;
  readonly expiresAt: string;
}

const checker = createChecker(CertificateStatement);

/** The bytes of a report that a certificate names by digest: store or ship exactly these. */
export function reportText(report: ConformanceReport): string {
  return canonicalJson(report);
}

/**
 * What a certificate signs: an in-toto Statement v1 with the test-result predicate (CONTRACT §15). Not signed.
 * @throws MexError `CONFORMANCE_NOT_PASSED`: one failed or skipped case, or a run of some cases only
 */
export function createStatement(report: ConformanceReport, terms: StatementTerms): CertificateStatement {
  verifyPassed(report);
  const { engine, harness, contract_version, vectors } = report;
  const configuration: CertificateResource[] = [
    {
      name: CERTIFICATE_PARTS.terms,
      uri: CERTIFICATE_PARTS.terms,
      annotations: {
        engine_id: engine.engine_id,
        engine_version: engine.engine_version,
        contract_version,
        harness_version: harness.version,
        tiers: report.tiers.filter(({ state }) => state === 'tested').map(({ name }) => name),
        issued_at: terms.issuedAt,
        expires_at: terms.expiresAt,
      },
    },
    { name: CERTIFICATE_PARTS.manifest, digest: { sha256: engine.manifest_sha256 } },
    { name: CERTIFICATE_PARTS.requirements, digest: { sha256: harness.requirements_sha256 } },
    { name: CERTIFICATE_PARTS.vectors, digest: { sha256: vectors.sha256 } },
    {
      name: CERTIFICATE_PARTS.report,
      digest: { sha256: sha256Hex(reportText(report)) },
      mediaType: 'application/json',
    },
  ];
  return checker.parse(
    {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: engine.engine_id, digest: { sha256: engine.bundle_sha256 } }],
      predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
      predicate: {
        result: 'PASSED',
        configuration,
        passedTests: report.cases.filter(({ status }) => status === 'passed').map(({ id }) => id),
        warnedTests: [],
        failedTests: [],
      },
    },
    `The statement about ${engine.engine_id}`,
  );
}

/** Counts again: a report is a document, and its verdict a claim. */
function verifyPassed(report: ConformanceReport): void {
  const bad = report.cases.filter(({ status }) => status !== 'passed' && status !== 'not_applicable');
  const isPassed = bad.length === 0 && report.verdict === 'passed' && report.complete;
  if (isPassed && report.cases.some(({ status }) => status === 'passed')) return;
  const why =
    bad.length > 0
      ? `${bad.length} cases did not pass: ${bad
          .slice(0, 8)
          .map(({ id }) => id)
          .join(', ')}`
      : 'not every case of the requirement set was run';
  throw conformanceError(
    'CONFORMANCE_NOT_PASSED',
    'policy',
    `${report.engine.engine_id} gets no certificate: ${why}.`,
    'Correct what the report names, and certify again: mex certify <dir>',
  );
}
