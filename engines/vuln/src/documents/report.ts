import type { Finding } from '../match/findings.ts';
import type { SeverityLevel } from '../match/severity.ts';
import { readable } from '../readable.ts';
import type { VexStatement } from '../vex/openvex.ts';
import { linkOf } from './advisory-link.ts';
import { nameOf, type ScanOutcome } from './scan-outcome.ts';
import { isBlocking } from './summary.ts';

/** How bad a finding looks among Problems; `fatal` is the release policy's word, not an engine's. */
const REPORT_SEVERITY = {
  CRITICAL: 'error',
  HIGH: 'error',
  UNKNOWN: 'error',
  MEDIUM: 'warning',
  LOW: 'info',
  NONE: 'hint',
  INFO: 'hint',
} as const satisfies Record<SeverityLevel, string>;

const CODES = {
  CRITICAL: 'VULN_CRITICAL',
  HIGH: 'VULN_HIGH',
  UNKNOWN: 'VULN_UNRATED',
  MEDIUM: 'VULN_MEDIUM',
  LOW: 'VULN_LOW',
  NONE: 'VULN_NONE',
  INFO: 'VULN_INFO',
} as const satisfies Record<SeverityLevel, string>;

/** Code of a finding, and of its Problem. */
export function codeOf(severity: SeverityLevel): string {
  return CODES[severity];
}

export function problemSeverity(severity: SeverityLevel): (typeof REPORT_SEVERITY)[SeverityLevel] {
  return REPORT_SEVERITY[severity];
}

/** The SupplyChainReport of CONTRACT §13. Suppressed findings are in it, marked, so that nothing disappears. */
export function writeReport(outcome: ScanOutcome, summary: Record<string, unknown>): string {
  const { allowed, timestamp, engineVersion } = outcome;
  const findings = [
    ...allowed.findings.map((finding) => entryOf(finding, outcome)),
    ...allowed.suppressed.map(({ finding, statement }) => entryOf(finding, outcome, statement)),
    ...notCheckedOf(outcome),
  ];
  const report = {
    schema_version: 'mex.supply_chain_report@1.0',
    kind: 'Vuln',
    engine_version: engineVersion,
    timestamp,
    findings,
    summary,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** What was not looked up, and what is known of a registry's package of that name and version, where it comes from elsewhere. */
function notCheckedOf(outcome: ScanOutcome) {
  const namesakes = new Map<string, Finding[]>();
  for (const finding of outcome.namesakes.findings) {
    const { ref } = finding.component;
    namesakes.set(ref, [...(namesakes.get(ref) ?? []), finding]);
  }
  return outcome.scan.notChecked.map(({ component, reason }, index) => {
    const known = namesakes.get(component.ref) ?? [];
    const what = `${component.name}@${component.version ?? '?'} was not checked: ${reason}`;
    const ids = known.map(({ advisory }) => advisory);
    return {
      id: `not-checked:${index}`,
      code: 'VULN_NOT_CHECKED',
      severity: known.some(({ rating }) => isBlocking(rating.severity)) ? 'error' : 'warning',
      title: readable(ids.length === 0 ? what : `${what}; its namesake in the registry: ${ids.join(', ')}`, 1_000),
      ...componentOf(component.purlText),
      locations: locationsOf(component.lockfiles, outcome),
      properties: { reason, ...(ids.length === 0 ? {} : { namesake: ids }) },
    };
  });
}

function componentOf(purl: string | undefined): { component?: string } {
  return purl === undefined ? {} : { component: readable(purl, 1_024) };
}

function entryOf(finding: Finding, outcome: ScanOutcome, statement?: VexStatement) {
  const { rating, component } = finding;
  return {
    id: identify(finding.advisory, component.ref),
    code: codeOf(rating.severity),
    severity: statement === undefined ? problemSeverity(rating.severity) : 'hint',
    title: readable(titleOf(finding), 1_000),
    ...componentOf(component.purlText),
    locations: locationsOf(component.lockfiles, outcome),
    properties: { ...detailsOf(finding), ...(statement === undefined ? {} : { suppressed: suppressionOf(statement) }) },
  };
}

/** `lodash@4.17.20: Command Injection (GHSA-…)` */
export function titleOf(finding: Finding): string {
  const summary = finding.records.find((record) => record.summary !== '')?.summary ?? 'vulnerable';
  return `${nameOf(finding)}: ${summary} (${finding.advisory})`;
}

function detailsOf(finding: Finding): Record<string, unknown> {
  const { rating, records } = finding;
  return {
    advisory: finding.advisory,
    ids: finding.ids,
    aliases: finding.aliases,
    url: linkOf(finding.advisory, finding),
    ecosystem: finding.package.ecosystem,
    package: finding.package.name,
    installed: finding.version,
    fixed: finding.fixed ?? null,
    upgrade_to: finding.upgradeTo ?? null,
    severity: rating.severity,
    severity_basis: rating.basis,
    score: rating.score ?? null,
    vector: rating.vector ?? null,
    cwes: [...new Set(records.flatMap(({ cwes }) => cwes))],
    ...(finding.informational === undefined ? {} : { informational: finding.informational }),
    dev: finding.component.dev,
    path: finding.path ?? null,
    records: records.map(({ id, modified, sha256 }) => ({ id, modified, sha256 })),
  };
}

function suppressionOf(statement: VexStatement): Record<string, unknown> {
  return {
    status: statement.status,
    reason: readable(statement.reason, 1_000),
    author: readable(statement.author, 300),
    expires: statement.expires ?? null,
    document: readable(statement.document, 500),
    statement: statement.place,
  };
}

const MAX_LOCATIONS = 20;

/** The lockfiles that list a component, or those the document as a whole was made from. */
export function lockfilesOf(lockfiles: readonly string[], { sbom }: Pick<ScanOutcome, 'sbom'>): readonly string[] {
  return lockfiles.length > 0 ? lockfiles : [...new Set(sbom.roots.flatMap((root) => root.lockfiles))];
}

export function locationsOf(lockfiles: readonly string[], outcome: ScanOutcome): { path: string }[] {
  return lockfilesOf(lockfiles, outcome)
    .slice(0, MAX_LOCATIONS)
    .map((path) => ({ path: readable(path, 4_096) }));
}

/** An id without white space or control characters. */
function identify(...parts: readonly string[]): string {
  return readable(parts.join(':').replace(/[\s\p{Cc}]/gu, '_'), 256);
}
