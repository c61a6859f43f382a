import type { Finding } from '../match/findings.ts';
import type { Sbom } from '../sbom/cyclonedx.ts';
import { parsePurl } from '../sbom/purl.ts';
import type { VexStatement } from './openvex.ts';

/** A finding that a statement takes out of the count, and the statement. */
interface Suppressed {
  readonly finding: Finding;
  readonly statement: VexStatement;
}

/** A statement that would have suppressed something and does not count, and why. */
export interface LapsedStatement {
  readonly statement: VexStatement;
  readonly why: 'expired' | 'no_expiry' | 'no_reason';
  /** What it would have suppressed. */
  readonly findings: readonly Finding[];
}

export interface AllowListResult {
  readonly findings: readonly Finding[];
  readonly suppressed: readonly Suppressed[];
  readonly lapsed: readonly LapsedStatement[];
  /** Statements that speak of nothing that was found. */
  readonly unused: number;
}

/**
 * Applies statements to findings. `not_affected` and `fixed` suppress, when they give a reason and an expiry that is not
 * over (CONTRACT §13). Where several speak of one finding the latest issued holds; at the same instant the one that
 * does not suppress.
 */
export function applyAllowList(
  found: readonly Finding[],
  statements: readonly VexStatement[],
  sbom: Pick<Sbom, 'subject'>,
  timestamp: string,
): AllowListResult {
  const findings: Finding[] = [];
  const suppressed: Suppressed[] = [];
  const lapsed = new Map<VexStatement, { why: LapsedStatement['why']; findings: Finding[] }>();
  const used = new Set<VexStatement>();
  for (const finding of found) {
    const speaking = statements.filter((statement) => speaksOf(statement, finding, sbom));
    const counting: VexStatement[] = [];
    for (const statement of speaking) {
      used.add(statement);
      const why = lapse(statement, timestamp);
      if (why === undefined) counting.push(statement);
      else addLapsed(lapsed, statement, why, finding);
    }
    const latest = counting.reduce<VexStatement | undefined>(later, undefined);
    if (latest !== undefined && suppresses(latest)) suppressed.push({ finding, statement: latest });
    else findings.push(finding);
  }
  return {
    findings,
    suppressed,
    lapsed: [...lapsed].map(([statement, rest]) => ({ statement, ...rest })),
    unused: statements.length - used.size,
  };
}

function suppresses({ status }: VexStatement): boolean {
  return status === 'not_affected' || status === 'fixed';
}

/** What only keeps a finding needs neither reason nor expiry. */
function lapse(statement: VexStatement, timestamp: string): LapsedStatement['why'] | undefined {
  if (!suppresses(statement)) return undefined;
  if (statement.reason === '') return 'no_reason';
  if (statement.expires === undefined) return 'no_expiry';
  return Date.parse(statement.expires) < Date.parse(timestamp) ? 'expired' : undefined;
}

function addLapsed(
  lapsed: Map<VexStatement, { why: LapsedStatement['why']; findings: Finding[] }>,
  statement: VexStatement,
  why: LapsedStatement['why'],
  finding: Finding,
): void {
  const known = lapsed.get(statement);
  if (known === undefined) lapsed.set(statement, { why, findings: [finding] });
  else known.findings.push(finding);
}

function later(held: VexStatement | undefined, next: VexStatement): VexStatement {
  if (held === undefined) return next;
  const order = Date.parse(next.issued) - Date.parse(held.issued);
  if (order !== 0) return order > 0 ? next : held;
  return suppresses(held) ? next : held;
}

function speaksOf(statement: VexStatement, finding: Finding, { subject }: Pick<Sbom, 'subject'>): boolean {
  if (!statement.names.some((name) => finding.ids.includes(name) || finding.aliases.includes(name))) return false;
  return statement.products.some(({ identifiers, parts }) => {
    if (parts.length === 0) return identifiers.some((one) => isSamePackage(one, finding.component.purlText));
    // A statement about a part of another product says nothing about this one.
    const isOurs = identifiers.some((one) => one === subject.ref || isSubject(one, subject));
    return isOurs && parts.some((one) => isSamePackage(one, finding.component.purlText));
  });
}

function isSubject(identifier: string, subject: Sbom['subject']): boolean {
  if (isSamePackage(identifier, subject.purl)) return true;
  const purl = parsePurl(identifier);
  if (purl === undefined) return false;
  const name = purl.namespace === undefined ? purl.name : `${purl.namespace}/${purl.name}`;
  return name === subject.name && (purl.version === undefined || purl.version === subject.version);
}

/** A purl without version means every version; qualifiers narrow only where both state them. */
function isSamePackage(identifier: string, componentPurl: string | undefined): boolean {
  const wanted = parsePurl(identifier);
  const found = componentPurl === undefined ? undefined : parsePurl(componentPurl);
  if (wanted === undefined || found === undefined) return false;
  if (wanted.type !== found.type || wanted.namespace !== found.namespace || wanted.name !== found.name) return false;
  if (wanted.version !== undefined && wanted.version !== found.version) return false;
  for (const [name, value] of wanted.qualifiers) if (found.qualifiers.get(name) !== value) return false;
  return true;
}
