import type { Host } from '@mex/host';
import { certificateFacts } from '../certificate-view.ts';
import type { CertificationTarget } from './certification-target.ts';
import { type Certification, keepCertificate } from './certify-engine.ts';
import { type ReportTargets, writeReport } from './write-report.ts';

/** One engine after the suite, and where what came of it lies. */
export interface Certified {
  readonly target: CertificationTarget;
  readonly certification: Certification;
  /** Where the home keeps the certificate. */
  readonly kept: readonly string[];
  /** Files that were asked for. */
  readonly written: readonly string[];
}

/** Puts a certificate where the home looks for it, and writes the reports that were asked for. */
export async function keepCertified(
  host: Host,
  target: CertificationTarget,
  certification: Certification,
  reports: ReportTargets,
): Promise<Certified> {
  const { certificate } = certification;
  const kept = certificate === undefined ? [] : await keepCertificate(host.home, target, certificate);
  return { target, certification, kept, written: await writeReport(host, reports, certification) };
}

/** For `--format json`. */
export function describeCertified({ target: { manifest }, certification, kept, written }: Certified) {
  const { report, reportHandle, certificate } = certification;
  return {
    engine_id: manifest.engine_id,
    engine_version: manifest.engine_version,
    bundle_sha256: manifest.bundle.sha256,
    certified: certificate !== undefined,
    certificate: certificate === undefined ? null : { ...certificateFacts(certificate.standing), kept },
    report_artifact: reportHandle,
    report,
    written,
  };
}
