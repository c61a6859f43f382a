import { findEcosystem, lowestFix, type Snapshot, type SnapshotRecord } from '@mex/advisories/snapshot';
import type { SbomComponent } from '../sbom/cyclonedx.ts';
import type { PathFinder } from '../sbom/dependency-paths.ts';
import type { AdvisoryPackage } from '../sbom/purl.ts';
import { groupByAlias } from './alias-groups.ts';
import type { Match } from './scan.ts';
import { type Rating, rate, SEVERITY_LEVELS, worst } from './severity.ts';

/** One vulnerability of one component, however many databases describe it. */
export interface Finding {
  readonly component: SbomComponent;
  readonly package: AdvisoryPackage;
  readonly version: string;
  /** The id to show. */
  readonly advisory: string;
  /** Ids of all records that hold, the shown one first. */
  readonly ids: readonly string[];
  /** Every other name of it, CVE ids among them. */
  readonly aliases: readonly string[];
  readonly records: readonly SnapshotRecord[];
  readonly rating: Rating;
  readonly informational: string | undefined;
  /** Lowest version above the installed one that these advisories call fixed. */
  readonly fixed: string | undefined;
  /** Lowest version above the installed one that no known advisory of the package affects. */
  readonly upgradeTo: string | undefined;
  readonly path: readonly string[] | undefined;
}

/** Turns matches into findings: records that are aliases of each other become one. Worst first, then by package and id. */
export function toFindings(matches: readonly Match[], snapshot: Snapshot, pathTo: PathFinder): Finding[] {
  const records = new Map<number, SnapshotRecord>();
  for (const { entry } of matches) {
    if (!records.has(entry.record)) records.set(entry.record, snapshot.record(entry.record));
  }
  const groupOf = groupByAlias([...records.values()]);
  const byComponent = new Map<string, Map<string, Held[]>>();
  for (const match of matches) {
    const record = records.get(match.entry.record);
    if (record === undefined) continue;
    const groups = byComponent.get(match.component.ref) ?? new Map<string, Held[]>();
    byComponent.set(match.component.ref, groups);
    const group = groupOf(record.id);
    groups.set(group, [...(groups.get(group) ?? []), { match, record }]);
  }
  const findings: Finding[] = [];
  for (const groups of byComponent.values()) {
    const [first] = groups.values();
    const upgradeTo = first?.[0] === undefined ? undefined : upgradeOf(first[0].match, snapshot);
    for (const held of groups.values()) findings.push(toFinding(held, upgradeTo, pathTo));
  }
  return findings.toSorted(compareFindings);
}

interface Held {
  readonly match: Match;
  readonly record: SnapshotRecord;
}

function toFinding(held: readonly Held[], upgradeTo: string | undefined, pathTo: PathFinder): Finding {
  const [first] = held;
  if (first === undefined) throw new RangeError('a finding needs a match');
  const { component, package: found, version } = first.match;
  const records = [...new Map(held.map(({ record }) => [record.id, record])).values()].toSorted(
    (a, b) => rankOf(a.id, found.ecosystem) - rankOf(b.id, found.ecosystem) || compareText(a.id, b.id),
  );
  const ids = records.map(({ id }) => id);
  const names = new Set([...ids, ...records.flatMap(({ aliases }) => aliases)]);
  return {
    component,
    package: found,
    version,
    advisory: ids[0] ?? '',
    ids,
    aliases: [...names].filter((name) => name !== ids[0]).toSorted(compareText),
    records,
    rating: worst(held.map(({ match, record }) => rate(record, match.entry.affected))),
    informational: held.find(({ match }) => match.entry.affected.informational !== undefined)?.match.entry.affected
      .informational,
    fixed: fixOf(held.map(({ match }) => match)),
    upgradeTo,
    path: pathTo(component.ref),
  };
}

function fixOf(matches: readonly Match[]): string | undefined {
  const [first] = matches;
  const ecosystem = first === undefined ? undefined : findEcosystem(first.package.ecosystem);
  if (first === undefined || ecosystem === undefined) return undefined;
  const affected = matches.map(({ entry }) => entry.affected);
  return shown(lowestFix(affected, first.version, ecosystem.order), ecosystem.name);
}

function upgradeOf({ package: found, version }: Match, snapshot: Snapshot): string | undefined {
  const ecosystem = findEcosystem(found.ecosystem);
  if (ecosystem === undefined) return undefined;
  const affected = snapshot.lookup(found.ecosystem, found.key).map((entry) => entry.affected);
  return shown(lowestFix(affected, version, ecosystem.order), ecosystem.name);
}

/** RustSec writes `0.8.2-0`, the lowest of all 0.8.2, where its advisory says 0.8.2; nobody publishes such a version. */
function shown(version: string | undefined, ecosystem: string): string | undefined {
  return ecosystem === 'crates.io' ? version?.replace(/^(\d+\.\d+\.\d+)-0$/, '$1') : version;
}

/** A malicious package comes before anything else that is said of it; then the ecosystem's own database; CVE last. */
function rankOf(id: string, ecosystem: string): number {
  const prefix = id.slice(0, id.indexOf('-'));
  if (prefix === 'MAL') return 0;
  if (prefix === HOME.get(ecosystem)) return 1;
  if (prefix === 'GHSA') return 2;
  return prefix === 'CVE' ? 4 : 3;
}

const HOME: ReadonlyMap<string, string> = new Map([
  ['crates.io', 'RUSTSEC'],
  ['Go', 'GO'],
]);

function compareFindings(a: Finding, b: Finding): number {
  return (
    SEVERITY_LEVELS.indexOf(a.rating.severity) - SEVERITY_LEVELS.indexOf(b.rating.severity) ||
    compareText(a.package.name, b.package.name) ||
    compareText(a.version, b.version) ||
    compareText(a.advisory, b.advisory) ||
    compareText(a.component.ref, b.component.ref)
  );
}

/** Code-unit order: the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
