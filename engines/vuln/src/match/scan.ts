import {
  type AffectedBy,
  findAffected,
  findEcosystem,
  type Snapshot,
  type SnapshotEntry,
} from '@mex/advisories/snapshot';
import type { Database } from '../database.ts';
import type { Sbom, SbomComponent } from '../sbom/cyclonedx.ts';
import type { AdvisoryPackage } from '../sbom/purl.ts';
import { coverageOf, identify, type Known, type NotCheckedReason } from './coverage.ts';

/** One record that holds for one component. */
export interface Match {
  readonly component: SbomComponent;
  readonly package: AdvisoryPackage;
  readonly version: string;
  readonly entry: SnapshotEntry;
  readonly by: AffectedBy;
}

export interface ScanResult {
  /** In the order of the document's components, then of the database's records. */
  readonly matches: readonly Match[];
  readonly checked: number;
  /** Parts of the scanned project itself, and what is no package. */
  readonly local: number;
  readonly notChecked: readonly { readonly component: SbomComponent; readonly reason: NotCheckedReason }[];
  /**
   * What holds for packages of a registry whose name and version a component has that comes from elsewhere: a repository of
   * the same project is as vulnerable as its release, and an address is easily written.
   */
  readonly namesakes: readonly Match[];
  /** Ecosystems of components that were looked up in a database made for them. */
  readonly ecosystems: ReadonlySet<string>;
}

/** Looks every component up. What cannot be looked up is listed with the reason, never passed over. */
export function scanComponents(sbom: Sbom, snapshot: Database['snapshot']): ScanResult {
  const matches: Match[] = [];
  const namesakes: Match[] = [];
  const notChecked: { component: SbomComponent; reason: NotCheckedReason }[] = [];
  const ecosystems = new Set<string>();
  let checked = 0;
  let local = 0;
  for (const component of sbom.components) {
    if (component.kind !== 'package') {
      local++;
      continue;
    }
    const identified = identify(component);
    if ('reason' in identified) {
      notChecked.push({ component, reason: identified.reason });
      if (identified.namesake !== undefined) namesakes.push(...matchesOf(identified.namesake, snapshot));
      continue;
    }
    const { ecosystem, key } = identified.package;
    if (coverageOf(snapshot.header, ecosystem) === undefined)
      notChecked.push({ component, reason: 'ecosystem_not_in_database' });
    else if (snapshot.covers?.(ecosystem, key, identified.version) === false)
      notChecked.push({ component, reason: 'package_not_asked' });
    else {
      checked++;
      ecosystems.add(ecosystem);
    }
    // A database of another ecosystem may still know something: what it says is reported, its silence is not believed.
    matches.push(...matchesOf(identified, snapshot));
  }
  return { matches, checked, local, notChecked, namesakes, ecosystems };
}

function matchesOf({ component, package: found, version }: Known, snapshot: Snapshot): Match[] {
  const order = findEcosystem(found.ecosystem)?.order;
  if (order === undefined) return [];
  const matches: Match[] = [];
  for (const entry of snapshot.lookup(found.ecosystem, found.key)) {
    const by = findAffected(entry.affected, version, order);
    if (by !== undefined) matches.push({ component, package: found, version, entry, by });
  }
  return matches;
}
