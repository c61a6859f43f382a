import type { Finding } from '../match/findings.ts';
import { type Rating, SEVERITY_LEVELS } from '../match/severity.ts';
import { readable } from '../readable.ts';
import type { SbomComponent } from '../sbom/cyclonedx.ts';
import type { VexStatement } from '../vex/openvex.ts';
import { linkOf, sourceOf } from './advisory-link.ts';
import type { ScanOutcome } from './scan-outcome.ts';

interface Entry {
  readonly finding: Finding;
  readonly statement: VexStatement | undefined;
}

/**
 * A CycloneDX 1.7 vulnerability disclosure report: every vulnerability with the components it affects. `seed` is a SHA-256
 * of what the report says; the serial number is derived from it, so that equal scans give equal bytes.
 */
export function writeVdr(outcome: ScanOutcome, seed: string): string {
  const { allowed, sbom } = outcome;
  const entries: Entry[] = [
    ...allowed.findings.map((finding) => ({ finding, statement: undefined })),
    ...allowed.suppressed,
  ];
  const affected = new Map(entries.map(({ finding }) => [finding.component.ref, finding.component]));
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.7.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.7',
    serialNumber: serialNumber(seed),
    version: 1,
    metadata: {
      timestamp: outcome.timestamp,
      tools: {
        components: [
          { type: 'application', group: 'MEX', name: 'engine.supply_chain.vuln', version: outcome.engineVersion },
        ],
      },
      component: subjectOf(outcome),
      properties: [
        { name: 'mex:sbom:sha256', value: outcome.sbomSha256 },
        { name: 'mex:advisories:sha256', value: outcome.database.sha256 },
        { name: 'mex:advisories:newest', value: outcome.database.header.newest ?? 'unknown' },
        { name: 'mex:not_checked', value: String(outcome.scan.notChecked.length) },
      ],
    },
    components: [...affected.values()].map(componentOf),
    ...(sbom.serialNumber === undefined ? {} : { externalReferences: [bomLink(sbom.serialNumber, outcome)] }),
    vulnerabilities: group(entries).map((one) => vulnerabilityOf(one)),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** A UUID of version 8 (RFC 9562: made by the application) from a digest. */
function serialNumber(hex: string): string {
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** References and purls stay as the SBOM has them: they are names to be compared, not words to be read. */
function subjectOf({ sbom }: ScanOutcome) {
  const { ref, name, version } = sbom.subject;
  return { type: 'application', 'bom-ref': ref, name, ...(version === undefined ? {} : { version }) };
}

function componentOf({ ref, name, version, purlText }: SbomComponent) {
  return {
    type: 'library',
    'bom-ref': ref,
    name,
    ...(version === undefined ? {} : { version }),
    ...(purlText === undefined ? {} : { purl: purlText }),
  };
}

function bomLink(serial: string, { sbom, sbomSha256 }: ScanOutcome) {
  const url = `urn:cdx:${serial.slice('urn:uuid:'.length)}/${sbom.version}`;
  return { type: 'bom', url, hashes: [{ alg: 'SHA-256', content: sbomSha256 }] };
}

/** One vulnerability, with everything it affects that is judged alike. */
function group(entries: readonly Entry[]): Entry[][] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const judged = entry.statement === undefined ? '' : `${entry.statement.document}\n${entry.statement.place}`;
    const key = `${entry.finding.advisory}\n${judged}`;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups.values()];
}

function vulnerabilityOf(entries: readonly Entry[]) {
  const [first] = entries;
  if (first === undefined) throw new RangeError('a vulnerability affects something');
  const { finding, statement } = first;
  const [record] = finding.records;
  const cwes = [...new Set(finding.records.flatMap((one) => one.cwes))].map((cwe) => Number(cwe.slice('CWE-'.length)));
  const aliases = [...new Set(entries.flatMap((entry) => entry.finding.aliases))].filter(
    (alias) => alias !== finding.advisory,
  );
  const fixes = [
    ...new Set(entries.flatMap((entry) => (entry.finding.fixed === undefined ? [] : [fixText(entry.finding)]))),
  ];
  return {
    'bom-ref': `vuln:${finding.advisory}${statement === undefined ? '' : `:${statement.document}#${statement.place}`}`,
    id: finding.advisory,
    source: sourceOf(finding.advisory),
    references: aliases.map((id) => ({ id, source: sourceOf(id) })),
    ratings: ratingsOf(entries.map((entry) => entry.finding.rating)),
    ...(cwes.length === 0 ? {} : { cwes }),
    description: readable(record?.summary ?? '', 500),
    ...(fixes.length === 0 ? {} : { recommendation: readable(fixes.join('; '), 2_000) }),
    advisories: [{ url: linkOf(finding.advisory, finding) }],
    ...(record?.published === undefined ? {} : { published: record.published }),
    ...(record === undefined ? {} : { updated: record.modified }),
    ...(statement === undefined ? {} : { analysis: analysisOf(statement) }),
    affects: entries.map(({ finding: one }) => ({
      ref: one.component.ref,
      versions: [{ version: one.version, status: statement?.status === 'fixed' ? 'unaffected' : 'affected' }],
    })),
  };
}

function fixText(finding: Finding): string {
  return `Upgrade ${finding.package.name} from ${finding.version} to ${finding.fixed ?? ''} or later`;
}

const LEVELS = {
  CRITICAL: 'critical',
  HIGH: 'high',
  UNKNOWN: 'unknown',
  MEDIUM: 'medium',
  LOW: 'low',
  NONE: 'none',
  INFO: 'info',
} as const;

function ratingsOf(ratings: readonly Rating[]) {
  const distinct = new Map(ratings.map((rating) => [`${rating.severity} ${rating.vector ?? ''}`, rating]));
  return [...distinct.values()]
    .toSorted((a, b) => SEVERITY_LEVELS.indexOf(a.severity) - SEVERITY_LEVELS.indexOf(b.severity))
    .map(({ severity, score, vector, method }) => ({
      ...(score === undefined ? {} : { score }),
      severity: LEVELS[severity],
      method: method ?? 'other',
      ...(vector === undefined ? {} : { vector }),
    }));
}

const JUSTIFICATIONS: ReadonlyMap<string, string> = new Map([
  ['component_not_present', 'code_not_present'],
  ['vulnerable_code_not_present', 'code_not_present'],
  ['vulnerable_code_not_in_execute_path', 'code_not_reachable'],
  ['vulnerable_code_cannot_be_controlled_by_adversary', 'requires_environment'],
  ['inline_mitigations_already_exist', 'protected_by_mitigating_control'],
]);

function analysisOf(statement: VexStatement) {
  const justification = JUSTIFICATIONS.get(statement.justification ?? '');
  const detail = `${statement.reason} (${statement.author}, until ${statement.expires ?? 'never'})`;
  return {
    state: statement.status === 'fixed' ? 'resolved' : 'not_affected',
    ...(justification === undefined ? {} : { justification }),
    detail: readable(detail, 2_000),
  };
}
