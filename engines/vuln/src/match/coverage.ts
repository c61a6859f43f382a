import { type EcosystemCoverage, findEcosystem, type SnapshotHeader } from '@mex/advisories/snapshot';
import type { SbomComponent } from '../sbom/cyclonedx.ts';
import { type AdvisoryPackage, advisoryPackage, isFromElsewhere } from '../sbom/purl.ts';

/** Why nothing can be said about a component. */
export type NotCheckedReason =
  | 'no_purl'
  | 'not_from_registry'
  | 'ecosystem_unsupported'
  | 'ecosystem_not_in_database'
  | 'package_not_asked'
  | 'no_version'
  | 'version_not_understood';

/** A component as advisories know it. */
export interface Known {
  readonly component: SbomComponent;
  readonly package: AdvisoryPackage;
  readonly version: string;
}

/** A component as advisories know it, or why they do not; then perhaps what a registry has under its name and version. */
export type Identified =
  | Known
  | { readonly component: SbomComponent; readonly reason: NotCheckedReason; readonly namesake?: Known };

/** Says what of a component can be looked up. The database is not asked yet. */
export function identify(component: SbomComponent): Identified {
  const { purl } = component;
  if (purl === undefined) return { component, reason: 'no_purl' };
  const found = advisoryPackage(purl);
  if (found === undefined) return { component, reason: 'ecosystem_unsupported' };
  const version = purl.version ?? component.version;
  const isVersion = version !== undefined && findEcosystem(found.ecosystem)?.order.accepts(version) === true;
  const known = isVersion ? { component, package: found, version } : undefined;
  if (isFromElsewhere(purl))
    return { component, reason: 'not_from_registry', ...(known === undefined ? {} : { namesake: known }) };
  return known ?? { component, reason: version === undefined ? 'no_version' : 'version_not_understood' };
}

/**
 * Whether the database was made for an ecosystem. A database of another one may mention some of its packages; that it
 * mentions no others says nothing.
 */
export function coverageOf(header: SnapshotHeader, ecosystem: string): EcosystemCoverage | undefined {
  const found = Object.hasOwn(header.ecosystems, ecosystem) ? header.ecosystems[ecosystem] : undefined;
  return found !== undefined && found.own > 0 ? found : undefined;
}

const DAY_MS = 86_400_000;

/** Whole days from the newest record to `timestamp`; 0 when the record is newer, `undefined` when no age is stated. */
export function ageInDays(newest: string | null, timestamp: string): number | undefined {
  if (newest === null) return undefined;
  const age = (Date.parse(timestamp) - Date.parse(newest)) / DAY_MS;
  return Number.isNaN(age) ? undefined : Math.max(0, Math.floor(age));
}
