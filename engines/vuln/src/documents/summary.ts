import type { Finding } from '../match/findings.ts';
import { SEVERITY_LEVELS, type SeverityLevel } from '../match/severity.ts';
import { readable } from '../readable.ts';
import { nameOf, type ScanOutcome } from './scan-outcome.ts';

/** Findings that the summary tells in full; the report has them all. */
const MAX_TOP = 20;
const MAX_TEXT = 200;

/** Severities that a release does not let pass: what nobody rated might be anything. */
export function isBlocking(severity: SeverityLevel): boolean {
  return severity === 'CRITICAL' || severity === 'HIGH' || severity === 'UNKNOWN';
}

/** Small facts for a person, at most 32 KB. */
export function summarize(outcome: ScanOutcome): Record<string, unknown> {
  const { allowed, scan, sbom, database, allowLists } = outcome;
  const reasons = new Map<string, number>();
  for (const { reason } of scan.notChecked) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return {
    findings: allowed.findings.length,
    blocking: allowed.findings.filter(({ rating }) => isBlocking(rating.severity)).length,
    severities: Object.fromEntries(SEVERITY_LEVELS.map((level) => [level, countOf(allowed.findings, level)])),
    suppressed: allowed.suppressed.length,
    vulnerable_packages: new Set(allowed.findings.map(nameOf)).size,
    components: {
      total: sbom.components.length,
      checked: scan.checked,
      local: scan.local,
      not_checked: scan.notChecked.length,
      not_checked_reasons: Object.fromEntries([...reasons].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
    sbom: { sha256: outcome.sbomSha256, unread_lockfiles: sbom.unread.length },
    as_of: outcome.asOf,
    database: describeDatabase(database),
    allow_lists: allowLists.map(({ sha256, statements }) => ({ sha256, statements })),
    top: allowed.findings.slice(0, MAX_TOP).map(topEntry),
  };
}

function countOf(findings: readonly Finding[], level: SeverityLevel): number {
  return findings.filter(({ rating }) => rating.severity === level).length;
}

function describeDatabase({
  sha256,
  source,
  header,
  ages,
  maxAgeDays,
}: ScanOutcome['database']): Record<string, unknown> {
  return {
    sha256,
    source,
    records: header.records,
    packages: header.packages,
    newest: header.newest,
    age_days: ages.size === 0 && source !== 'snapshot' ? null : Math.max(0, ...ages.values()),
    max_age_days: maxAgeDays,
    ecosystems: [...ages].map(([name, age]) => ({
      name,
      age_days: age,
      records: header.ecosystems[name]?.records ?? 0,
    })),
    rejected: header.rejected.count,
    withdrawn: header.skipped.withdrawn,
    commits_only: header.skipped.commits_only,
  };
}

function topEntry(finding: Finding): Record<string, unknown> {
  const { path } = finding;
  return {
    package: readable(finding.package.name, MAX_TEXT),
    installed: readable(finding.version, MAX_TEXT),
    severity: finding.rating.severity,
    advisory: finding.advisory,
    fixed: finding.fixed === undefined ? null : readable(finding.fixed, MAX_TEXT),
    path: path === undefined ? null : readable(path.join(' > '), 2 * MAX_TEXT),
  };
}
