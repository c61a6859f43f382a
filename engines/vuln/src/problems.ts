import type { EngineContext, EngineProblem } from '@mex/engine-sdk';
import { codeOf, locationsOf, problemSeverity, titleOf } from './documents/report.ts';
import { messageOf } from './documents/sarif.ts';
import type { ScanOutcome } from './documents/scan-outcome.ts';
import { isBlocking } from './documents/summary.ts';
import { readable } from './readable.ts';
import type { LapsedStatement } from './vex/allow-list.ts';

/** Findings that get a Problem of their own; one more says how many there are. */
const MAX_FINDINGS = 200;
const MAX_TITLE = 500;
const MAX_MESSAGE = 4_000;
const MAX_NAMES = 20;

/** Tells the operator what was found, and everything that was not or not fully looked at. */
export function reportProblems(context: EngineContext, outcome: ScanOutcome): void {
  const report = (problem: EngineProblem): void =>
    context.problem({
      ...problem,
      title: readable(problem.title, MAX_TITLE),
      message: readable(problem.message, MAX_MESSAGE),
    });
  const worst = outcome.allowed.findings.filter(({ rating }) => isBlocking(rating.severity));
  for (const finding of worst.slice(0, MAX_FINDINGS)) {
    report({
      code: codeOf(finding.rating.severity),
      severity: 'error',
      title: titleOf(finding),
      message: `${finding.rating.severity === 'UNKNOWN' ? 'Nobody has rated it; it counts like HIGH. ' : ''}${messageOf(finding)}`,
      locations: locationsOf(finding.component.lockfiles, outcome),
    });
  }
  if (worst.length > MAX_FINDINGS) report(more(worst.length - MAX_FINDINGS));
  const others = outcome.allowed.findings.filter(({ rating }) => !isBlocking(rating.severity));
  if (others.length > 0)
    report(
      lesser(
        others.map(({ rating }) => problemSeverity(rating.severity)),
        others.length,
      ),
    );
  for (const problem of [...notChecked(outcome), ...namesakes(outcome), ...databaseGaps(outcome), ...lapsedOf(outcome)])
    report(problem);
  if (outcome.sbom.unread.length > 0) report(unread(outcome.sbom.unread));
  if (outcome.scan.checked + outcome.scan.notChecked.length === 0) report(NOTHING_LISTED);
}

function more(count: number): EngineProblem {
  return {
    code: 'VULN_MORE',
    severity: 'error',
    title: `${count} more critical, high or unrated vulnerabilities`,
    message: `${count} findings beyond the first ${MAX_FINDINGS} have no Problem of their own. report.json has them all.`,
  };
}

function lesser(severities: readonly string[], count: number): EngineProblem {
  return {
    code: 'VULN_LESSER',
    severity: severities.includes('warning') ? 'warning' : 'info',
    title: 'Vulnerabilities of medium or lower severity, or notices',
    message: `${count} findings are medium, low or informational. report.json tells each.`,
  };
}

const REASONS: Readonly<Record<string, string>> = {
  no_purl: 'the SBOM gives no package URL for them',
  not_from_registry:
    'they come from a repository or an address of their own, and advisories speak of registry packages',
  ecosystem_unsupported: 'MEX does not know how their ecosystem orders versions',
  ecosystem_not_in_database: 'the database was not made for their ecosystem. Import its advisories with mex db import',
  package_not_asked: 'whoever was asked about vulnerabilities was not asked about them',
  no_version: 'the SBOM gives no version for them',
  version_not_understood: 'their version is none that their ecosystem knows',
};

function notChecked({ scan }: ScanOutcome): EngineProblem[] {
  const groups = new Map<string, string[]>();
  for (const { component, reason } of scan.notChecked) {
    groups.set(reason, [...(groups.get(reason) ?? []), `${component.name}@${component.version ?? '?'}`]);
  }
  return [...groups].map(([reason, names]) => ({
    code: 'VULN_NOT_CHECKED',
    severity: 'warning',
    title: `Components not checked: ${reason}`,
    message: `${names.length} components were not checked, because ${REASONS[reason] ?? reason}. ${listed(names)}`,
  }));
}

/** Release policy decides; what a registry calls by this name and version is no statement about these very bytes. */
function namesakes({ namesakes: { findings } }: ScanOutcome): EngineProblem[] {
  const grave = findings.filter(({ rating }) => isBlocking(rating.severity));
  if (grave.length === 0) return [];
  const names = [
    ...new Set(grave.map(({ package: found, version, advisory }) => `${found.name}@${version} (${advisory})`)),
  ];
  return [
    {
      code: 'VULN_NAMESAKE_AFFECTED',
      severity: 'error',
      title: 'Components from elsewhere have the name and version of vulnerable packages',
      message: `${names.length} do not come from a registry, and what the registry has under the same name and version is vulnerable. ${listed(names)}`,
    },
  ];
}

function listed(names: readonly string[]): string {
  const rest = names.length - MAX_NAMES;
  return `They are: ${names.slice(0, MAX_NAMES).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
}

function databaseGaps({ database }: ScanOutcome): EngineProblem[] {
  const { count, first } = database.header.rejected;
  if (count === 0) return [];
  const named = first.map(({ source, reason }) => `${source} (${reason})`).join(', ');
  return [
    {
      code: 'VULN_DATABASE_INCOMPLETE',
      severity: 'warning',
      title: 'The advisory database is not complete',
      message: `${count} records or parts of records could not be read when it was imported. First of them: ${named}.`,
    },
  ];
}

const LAPSES: Readonly<Record<LapsedStatement['why'], string>> = {
  expired: 'has expired',
  no_expiry: 'states no expiry (a line "expires: 2026-12-31" in status_notes)',
  no_reason: 'gives no reason (not_affected needs a justification or an impact_statement)',
};

function lapsedOf({ allowed, namesakes: elsewhere }: ScanOutcome): EngineProblem[] {
  return [...allowed.lapsed, ...elsewhere.lapsed].map(lapsed);
}

function lapsed({ statement, why, findings }: LapsedStatement): EngineProblem {
  const names = findings.map(({ package: found, version, advisory }) => `${found.name}@${version} (${advisory})`);
  return {
    code: why === 'expired' ? 'VULN_VEX_EXPIRED' : 'VULN_VEX_INCOMPLETE',
    severity: 'warning',
    title: `An allow list entry does not count: ${statement.names[0] ?? ''}`,
    message: `${statement.place} of ${statement.document} ${LAPSES[why]}, so it counts as absent. Without it these are found: ${names.slice(0, MAX_NAMES).join(', ')}.`,
  };
}

const NOTHING_LISTED: EngineProblem = {
  code: 'VULN_SBOM_EMPTY',
  severity: 'warning',
  title: 'The SBOM lists no packages',
  message: 'Nothing was looked up. If the project has dependencies, check how its SBOM was made.',
};

function unread(paths: readonly string[]): EngineProblem {
  return {
    code: 'VULN_SBOM_INCOMPLETE',
    severity: 'error',
    title: 'The SBOM does not cover every lockfile',
    message: `The SBOM says that these lockfiles could not be read, so their packages were not checked: ${paths.slice(0, MAX_NAMES).join(', ')}.`,
  };
}
