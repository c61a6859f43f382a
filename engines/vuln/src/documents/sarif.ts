import type { Finding } from '../match/findings.ts';
import type { SeverityLevel } from '../match/severity.ts';
import { readable } from '../readable.ts';
import type { VexStatement } from '../vex/openvex.ts';
import { linkOf } from './advisory-link.ts';
import { lockfilesOf, titleOf } from './report.ts';
import { nameOf, type ScanOutcome } from './scan-outcome.ts';

const LEVELS = {
  CRITICAL: 'error',
  HIGH: 'error',
  UNKNOWN: 'error',
  MEDIUM: 'warning',
  LOW: 'note',
  NONE: 'note',
  INFO: 'note',
} as const satisfies Record<SeverityLevel, string>;

/** What viewers sort by where no score is stated: the middle of the band. */
const SCORES: Readonly<Record<SeverityLevel, number>> = {
  CRITICAL: 9.5,
  HIGH: 8,
  UNKNOWN: 7,
  MEDIUM: 5.5,
  LOW: 2,
  NONE: 0,
  INFO: 0,
};

/** SARIF 2.1.0: a rule per advisory, a result per finding and lockfile. */
export function writeSarif(outcome: ScanOutcome): string {
  const { allowed } = outcome;
  const entries: { finding: Finding; statement: VexStatement | undefined }[] = [
    ...allowed.findings.map((finding) => ({ finding, statement: undefined })),
    ...allowed.suppressed,
  ];
  const rules = new Map<string, number>();
  const described: object[] = [];
  for (const { finding } of entries) {
    if (rules.has(finding.advisory)) continue;
    rules.set(finding.advisory, described.length);
    described.push(ruleOf(finding));
  }
  const document = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'MEX engine.supply_chain.vuln',
            semanticVersion: outcome.engineVersion,
            rules: described,
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: true,
            endTimeUtc: outcome.timestamp,
            toolExecutionNotifications: notificationsOf(outcome),
          },
        ],
        results: entries.flatMap(({ finding, statement }) => resultsOf(finding, statement, rules, outcome)),
        properties: { sbom: outcome.sbomSha256, advisories: outcome.database.sha256 },
      },
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function ruleOf(finding: Finding) {
  const summary = finding.records.find((record) => record.summary !== '')?.summary ?? finding.advisory;
  const { severity, score } = finding.rating;
  return {
    id: finding.advisory,
    shortDescription: { text: readable(summary, 400) },
    helpUri: linkOf(finding.advisory, finding),
    defaultConfiguration: { level: LEVELS[severity] },
    properties: {
      tags: ['security', 'vulnerability', finding.package.ecosystem],
      'security-severity': (score ?? SCORES[severity]).toFixed(1),
    },
  };
}

function resultsOf(
  finding: Finding,
  statement: VexStatement | undefined,
  rules: ReadonlyMap<string, number>,
  outcome: ScanOutcome,
) {
  const found = lockfilesOf(finding.component.lockfiles, outcome);
  // A result needs a place to be shown at; a document that names no lockfile is the place itself.
  const places = found.length === 0 ? ['sbom.cdx.json'] : found;
  return places.map((path) => ({
    ruleId: finding.advisory,
    ruleIndex: rules.get(finding.advisory) ?? -1,
    level: LEVELS[finding.rating.severity],
    message: { text: readable(messageOf(finding), 4_000) },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: toUri(path) }, region: { startLine: 1 } },
        logicalLocations: [{ fullyQualifiedName: finding.component.purlText ?? nameOf(finding), kind: 'module' }],
      },
    ],
    partialFingerprints: {
      'mexVulnerability/v1': `${finding.advisory}:${finding.component.purlText ?? nameOf(finding)}`,
    },
    ...(statement === undefined ? {} : { suppressions: [suppression(statement)] }),
  }));
}

function suppression(statement: VexStatement) {
  const justification = `${statement.status}: ${statement.reason} (${statement.author}, until ${statement.expires ?? 'never'})`;
  return { kind: 'external', status: 'accepted', justification: readable(justification, 2_000) };
}

/** What a person needs to act: what, which fix, and what pulls it in. */
export function messageOf(finding: Finding): string {
  const fix = finding.fixed === undefined ? 'No fixed version is known.' : `Fixed in ${finding.fixed}.`;
  const all =
    finding.upgradeTo === undefined || finding.upgradeTo === finding.fixed
      ? ''
      : ` ${finding.upgradeTo} has no known vulnerability.`;
  const path = finding.path === undefined ? '' : ` Pulled in by ${finding.path.join(' > ')}.`;
  return `${titleOf(finding)}. ${fix}${all}${path}`;
}

function notificationsOf({ scan }: ScanOutcome) {
  return scan.notChecked.slice(0, 100).map(({ component, reason }) => ({
    level: 'warning',
    message: { text: readable(`${component.name}@${component.version ?? '?'} was not checked: ${reason}`, 500) },
  }));
}

/** A relative reference: every part encoded, so that a colon or a space in a name stays a name. */
function toUri(path: string): string {
  return path
    .toWellFormed()
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/');
}
