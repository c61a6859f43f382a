import {
  CERTIFICATE_PARTS,
  type CertificateResource,
  CertificateStatement,
  canonicalJson,
  createChecker,
} from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { conformanceError } from './errors.ts';
import { type ConformanceReport, reportChecker } from './report.ts';
import { loadRequirements } from './requirement-set.ts';

export interface StatementTerms {
  /** RFC 3339 in UTC. */
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** As in `CertifyOptions`. */
  readonly resources?: URL;
}

const checker = createChecker(CertificateStatement);

/** The bytes of a report that a certificate names by digest: store or ship exactly these. */
export function reportText(report: ConformanceReport): string {
  return canonicalJson(report);
}

/**
 * What a certificate signs: an in-toto Statement v1 with the test-result predicate (CONTRACT §15). Not signed.
 * @throws MexError `CONFORMANCE_NOT_PASSED`: one failed or skipped case, a run of some cases only, or a report that no run
 *   of this harness wrote
 */
export function createStatement(report: ConformanceReport, terms: StatementTerms): CertificateStatement {
  verifyPassed(report, terms);
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

/** Looks at everything again: a report is a document, and what it says of itself a claim. */
function verifyPassed(report: ConformanceReport, { resources }: StatementTerms): void {
  const why = reportChecker.check(report) ? lacking(report, resources) : 'the report is none';
  if (why === undefined) return;
  throw conformanceError(
    'CONFORMANCE_NOT_PASSED',
    'policy',
    `${report.engine.engine_id} gets no certificate: ${why}.`,
    'Correct what the report names, and certify again: mex certify <dir>',
  );
}

/** What keeps a report from being one of an engine that passed, as a clause. */
function lacking(report: ConformanceReport, resources: URL | undefined): string | undefined {
  const { cases, counts, tiers, vectors, harness } = report;
  const bad = cases.filter(({ status }) => status !== 'passed' && status !== 'not_applicable');
  if (bad.length > 0) {
    const named = bad.slice(0, 8).map(({ id }) => id);
    return `${bad.length} cases did not pass: ${named.join(', ')}`;
  }
  if (report.verdict !== 'passed') return 'its verdict is that it failed';
  const required = loadRequirements(resources);
  const isWhole = cases.length === required.cases.length && required.cases.every(({ id }, at) => cases[at]?.id === id);
  if (!report.complete || !isWhole) return 'not every case of the requirement set was run';
  if (harness.requirements_sha256 !== required.sha256 || harness.version !== required.set.harness_version)
    return 'it was judged by other requirements than those of this harness';
  const passed = cases.filter(({ status }) => status === 'passed');
  const hollow = passed.find(
    ({ checks, findings, more_findings }) => checks === 0 || findings.length + more_findings > 0,
  );
  if (hollow !== undefined) return `${hollow.id} passed without a check, or with findings`;
  if (counts.passed !== passed.length || counts.not_applicable !== cases.length - passed.length)
    return 'its counts are not those of its cases';
  if (!tiers.some(({ state }) => state === 'tested')) return 'no tier was tested';
  return vectors.golden === 0 || vectors.reject === 0 ? 'there were no vectors' : undefined;
}
