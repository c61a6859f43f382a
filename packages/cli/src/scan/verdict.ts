import type { EngineResult, ProblemLocation, SupplyChainFinding, SupplyChainReport } from '@mex/envelope';
import { CHECKS, type Check, type CheckName } from './checks.ts';
import type { RanCheck } from './run-checks.ts';

/** Codes of what keeps a scan from passing; with `--release` each is a fatal Problem. */
export type ReleaseErrorCode =
  | 'RELEASE_VULNERABILITY'
  | 'RELEASE_LICENSE'
  | 'RELEASE_SECRET'
  | 'RELEASE_DATABASE'
  | 'RELEASE_CHECK_MISSING';

/** One reason why a scan does not pass. */
export interface Objection {
  /** `block`: the release policy says no. `error`: a check did not do what it should, so nothing can be said. */
  readonly kind: 'block' | 'error';
  readonly code: ReleaseErrorCode;
  readonly check: Check;
  readonly title: string;
  readonly message: string;
  readonly locations: readonly ProblemLocation[];
}

/** Something of the tree that no check looks at, and that a release needs looked at, or accepted (CONTRACT §14 C, E). */
export interface Unseen {
  readonly check: CheckName;
  /** Relative to the scanned tree. */
  readonly path: string;
  readonly why: string;
}

export type Verdict = 'pass' | 'block' | 'error';

/** A check with what it reported. */
export interface ReportedCheck extends RanCheck {
  /** Absent when it did not succeed, or when what it wrote is no report. */
  readonly report: SupplyChainReport | undefined;
}

export function verdictOf(objections: readonly Objection[]): Verdict {
  if (objections.some(({ kind }) => kind === 'block')) return 'block';
  return objections.length > 0 ? 'error' : 'pass';
}

/**
 * Everything that keeps a scan from passing (CONTRACT §13, §14 C, E). Without `release` only what was not looked at counts;
 * with it, what was found counts as well, and every check has to be there.
 */
export function judgeChecks(
  checks: readonly ReportedCheck[],
  release: boolean,
  unseen: readonly Unseen[] = [],
): Objection[] {
  const ran = new Set(checks.map(({ check }) => check.name));
  const skipped = release ? CHECKS.filter(({ name }) => !ran.has(name)) : [];
  return [
    ...checks.flatMap((check) => [...judgeRun(check, release), ...judgeReport(check, release)]),
    ...skipped.map((check) => unchecked(check, 'it was left out by --only, and a release needs all four')),
    ...(release ? unseen.flatMap(judgeUnseen) : []),
  ];
}

function judgeUnseen({ check: name, path, why }: Unseen): Objection[] {
  return CHECKS.flatMap((check) => (check.name === name ? unchecked(check, `${path}: ${why}`, [{ path }]) : []));
}

function unchecked(check: Check, why: string, locations: Objection['locations'] = []): Objection {
  const title = `${check.job}: ${why}`;
  const message = `${title}. A check that did not run is no pass.`;
  return { kind: 'error', code: 'RELEASE_CHECK_MISSING', check, title, message, locations };
}

/** Whether a check ran to its end, on everything it should have seen. */
function judgeRun({ check, result, gaps, missing, report }: ReportedCheck, release: boolean): Objection[] {
  const found = gaps.map(({ path, reason }) => unchecked(check, `${path}: ${reason}`, [{ path }]));
  if (missing !== undefined) return [...found, unchecked(check, missing)];
  if (result.status !== 'succeeded') return [...found, judgeFailure(check, result, release)];
  if (report === undefined) return [...found, unchecked(check, 'its report cannot be read')];
  return found;
}

function judgeFailure(check: Check, { status, errors, provenance }: EngineResult, release: boolean): Objection {
  const [error] = errors;
  const message = error === undefined ? `it ended with ${status}` : `${error.message} (${error.code})`;
  // How old the database of a tool is, nobody can know by importing another one.
  if (!error?.code.startsWith('VULN_DATABASE_') || (provenance.implementation ?? 'builtin') !== 'builtin')
    return unchecked(check, message);
  const title = `Vulnerabilities were not looked for: ${error.message}`;
  const kind = release ? 'block' : 'error';
  return { kind, code: 'RELEASE_DATABASE', check, title, message: `${title} ${HOW_TO_IMPORT}`, locations: [] };
}

/** For a person whose database is not there, empty or old. */
export const HOW_TO_IMPORT =
  'Import advisories with mex db import <directory, zip or NDJSON of OSV records>, or name a database with --osv.';

function judgeReport({ check, report }: ReportedCheck, release: boolean): Objection[] {
  if (report === undefined) return [];
  const judge = JUDGES[check.name];
  const objections = report.findings.flatMap((finding) => judge(finding, check, release) ?? []);
  return [...objections, ...judgeSummary(check, report)];
}

/** What a report only counts. */
function judgeSummary(check: Check, { summary }: SupplyChainReport): Objection[] {
  const undescribed = summary['not_described'];
  if (check.name !== 'secret' || typeof undescribed !== 'number' || undescribed === 0) return [];
  return [unchecked(check, `${undescribed} more secrets were found than the report describes`)];
}

type FindingJudge = (finding: SupplyChainFinding, check: Check, release: boolean) => Objection | undefined;

const JUDGES: Readonly<Record<CheckName, FindingJudge>> = {
  sbom: (finding, check) => (isGrave(finding) ? uncheckedFinding(check, finding) : undefined),
  vuln: judgeVulnerability,
  license: (finding, check, release) => {
    // Whatever it says: nobody read it, or the tool that was to read it left it out.
    if (finding.code === 'LICENSE_FILE_UNREADABLE') return uncheckedFinding(check, finding);
    return release && (finding.code === 'LICENSE_UNKNOWN' || isGrave(finding))
      ? blocked('RELEASE_LICENSE', check, finding)
      : undefined;
  },
  secret: (finding, check, release) => {
    if (/^SECRET_(?:FILE|HISTORY)_/.test(finding.code)) return uncheckedFinding(check, finding);
    return release ? blocked('RELEASE_SECRET', check, finding) : undefined;
  },
};

function judgeVulnerability(finding: SupplyChainFinding, check: Check, release: boolean): Objection | undefined {
  if (finding.code === 'VULN_NOT_CHECKED') return judgeUnchecked(finding, check, release);
  // A waiver in force lowers the severity. What is unknown to this list and grave blocks all the same.
  return release && isGrave(finding) ? blocked('RELEASE_VULNERABILITY', check, finding) : undefined;
}

/**
 * A registry's advisories do not speak of what comes from elsewhere, unless it has the name and version of something that is
 * vulnerable; any other reason is a check that did not run.
 */
function judgeUnchecked(finding: SupplyChainFinding, check: Check, release: boolean): Objection | undefined {
  const reason = finding.properties?.['reason'];
  if (reason === 'not_from_registry')
    return release && isGrave(finding) ? blocked('RELEASE_VULNERABILITY', check, finding) : undefined;
  if (reason === 'ecosystem_not_in_database') {
    const message = `${finding.title}. ${HOW_TO_IMPORT}`;
    const kind = release ? 'block' : 'error';
    return { kind, code: 'RELEASE_DATABASE', check, title: finding.title, message, locations: finding.locations };
  }
  return release ? uncheckedFinding(check, finding) : undefined;
}

function isGrave({ severity }: SupplyChainFinding): boolean {
  return severity === 'error' || severity === 'fatal';
}

function uncheckedFinding(check: Check, { title, locations }: SupplyChainFinding): Objection {
  return unchecked(check, title, locations);
}

function blocked(code: ReleaseErrorCode, check: Check, { title, locations, component }: SupplyChainFinding): Objection {
  const what = component === undefined ? title : `${title} [${component}]`;
  return { kind: 'block', code, check, title, message: `${what} A release does not pass with it.`, locations };
}
