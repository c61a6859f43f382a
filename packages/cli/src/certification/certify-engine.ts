import { join } from 'node:path';
import {
  type CertifiedTier,
  type CertifyProgress,
  type ConformanceReport,
  certify,
  createStatement,
  reportText,
} from '@mex/conformance-harness';
import type { ArtifactHandle } from '@mex/envelope';
import { DSSE_MIME } from '@mex/envelope/dsse';
import { type Host, openCertifier, type SignedCertificate, signCertificate, writeHomeCertificate } from '@mex/host';
import { CERTIFICATE_NAME } from '../read-engine-package.ts';
import { attachCertificate } from '../register-engine.ts';
import { sandboxFiles } from '../sandbox-files.ts';
import type { CertificationTarget } from './certification-target.ts';
import { harnessResources } from './harness-resources.ts';

const DAY_MS = 86_400_000;
/** How long a certificate lasts, where nobody says otherwise. */
const DEFAULT_DAYS = 180;

export interface CertificationOptions {
  readonly tiers?: readonly CertifiedTier[];
  /** Life of the certificate; default {@link DEFAULT_DAYS}. */
  readonly days?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CertifyProgress) => void;
}

/** What came of certifying an engine. */
export interface Certification {
  readonly report: ConformanceReport;
  /** The report as it is stored; its digest is in the certificate. */
  readonly reportHandle: ArtifactHandle;
  /** Only when every case passed. */
  readonly certificate: SignedCertificate | undefined;
}

/**
 * Runs the conformance suite over an engine (CONTRACT §15), stores the report, and signs a certificate with the key of this
 * home when every case passed. Recorded either way. Nothing that the home runs changes before {@link keepCertificate}.
 * @throws MexError where nothing could be run; the reason of `signal`
 */
export async function certifyEngine(
  host: Host,
  { manifest, manifestSha256, place }: CertificationTarget,
  { tiers, days = DEFAULT_DAYS, signal, onProgress }: CertificationOptions,
): Promise<Certification> {
  const report = await certify({
    ...place,
    ...sandboxFiles(),
    ...harnessResources(),
    ...(tiers === undefined ? {} : { tiers }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  // Exactly these bytes are what the certificate names by digest.
  const reportHandle = await storeDocument(host, 'conformance-report.json', 'application/json', reportText(report));
  const now = Date.now();
  const terms = {
    ...harnessResources(),
    issuedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + days * DAY_MS).toISOString(),
  };
  const certificate = isPassed(report)
    ? signCertificate(createStatement(report, terms), openCertifier(host.home), { manifest, manifestSha256 })
    : undefined;
  if (certificate !== undefined) await storeDocument(host, CERTIFICATE_NAME, DSSE_MIME, certificate.envelope);
  await recordCertification(host, report, reportHandle, certificate);
  return { report, reportHandle, certificate };
}

/** Keeps something that a certification made as a pinned artifact. */
export function storeDocument(host: Host, name: string, mime: string, text: string): Promise<ArtifactHandle> {
  return host.artifacts.put(Buffer.from(text), {
    kind: 'report',
    mime,
    layer: 'evidence',
    name,
    created_by: { actor_id: host.caller.id, operation: 'engine.certify' },
    pinned: true,
  });
}

/** Whether there is a certificate to be had. */
function isPassed({ verdict, complete }: ConformanceReport): boolean {
  return verdict === 'passed' && complete;
}

async function recordCertification(
  host: Host,
  { engine, harness, tiers, counts }: ConformanceReport,
  report: ArtifactHandle,
  certificate: SignedCertificate | undefined,
): Promise<void> {
  const signed =
    certificate === undefined
      ? {}
      : {
          certificate_sha256: certificate.standing.sha256,
          key_id: certificate.standing.keyId,
          expires_at: new Date(certificate.standing.expiresAt).toISOString(),
        };
  await host.record('certification.ended', {
    engine_id: engine.engine_id,
    engine_version: engine.engine_version,
    bundle_sha256: engine.bundle_sha256,
    manifest_sha256: engine.manifest_sha256,
    harness_version: harness.version,
    tiers: tiers.filter(({ state }) => state === 'tested').map(({ name }) => name),
    certified: certificate !== undefined,
    passed: counts.passed,
    failed: counts.failed + counts.expected_failure,
    skipped: counts.skipped,
    not_applicable: counts.not_applicable,
    report_ref: report.artifact_id,
    report_sha256: report.sha256,
    ...signed,
  });
}

/**
 * Puts a certificate where this home looks for it: in the entry of an engine that was added, and beside its own key for
 * every other one.
 * @returns the places, for a person
 */
export async function keepCertificate(
  home: string,
  { manifest }: Pick<CertificationTarget, 'manifest'>,
  { envelope }: SignedCertificate,
): Promise<string[]> {
  const file = writeHomeCertificate(home, manifest.bundle.sha256, envelope);
  const isAttached = await attachCertificate(home, manifest, envelope);
  return isAttached ? [file, join(home, 'mechanical_engines.json')] : [file];
}
