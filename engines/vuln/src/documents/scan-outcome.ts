import type { SnapshotHeader } from '@mex/advisories/snapshot';
import type { Finding } from '../match/findings.ts';
import type { ScanResult } from '../match/scan.ts';
import type { Sbom } from '../sbom/cyclonedx.ts';
import type { AllowListResult } from '../vex/allow-list.ts';

/** What one run established: all documents are written from it. */
export interface ScanOutcome {
  readonly timestamp: string;
  /** What ages and expiries were measured against. */
  readonly asOf: string;
  readonly engineVersion: string;
  readonly sbom: Sbom;
  readonly sbomSha256: string;
  readonly database: {
    readonly sha256: string;
    /** `snapshot`, or who answered. */
    readonly source: string;
    readonly header: SnapshotHeader;
    /** Age of each ecosystem that was asked, in days. */
    readonly ages: ReadonlyMap<string, number>;
    readonly maxAgeDays: number;
  };
  readonly allowLists: readonly { readonly sha256: string; readonly name: string; readonly statements: number }[];
  readonly scan: ScanResult;
  readonly allowed: AllowListResult;
  /** Of components from elsewhere: what is said of a registry's package with the same name and version. */
  readonly namesakes: AllowListResult;
}

/** `name@version` as a person writes it. */
export function nameOf(finding: Pick<Finding, 'package' | 'version'>): string {
  return `${finding.package.name}@${finding.version}`;
}
