import type { VersionOrder } from '../versions/version-order.ts';

export type EventKind = 'introduced' | 'fixed' | 'last_affected' | 'limit';

/** One event of a range. The version `0` of `introduced` means: before every version. `*` of `limit`: no limit. */
export interface VersionEvent {
  readonly kind: EventKind;
  readonly version: string;
}

/** What a record says of one package: which of its versions are affected. Ranges of commits are not in here. */
export interface AffectedVersions {
  readonly ranges: readonly (readonly VersionEvent[])[];
  /** Single versions, besides the ranges. */
  readonly versions: readonly string[];
}

/** Why a version is affected: the version list, or the events of the range that holds it. */
export type AffectedBy =
  | { readonly kind: 'versions' }
  | { readonly kind: 'range'; readonly events: readonly VersionEvent[] };

/**
 * The evaluation algorithm of the OSV schema: a version is affected when the list names it or a range holds it.
 * `version` must be one that `order` accepts.
 */
export function findAffected(affected: AffectedVersions, version: string, order: VersionOrder): AffectedBy | undefined {
  if (isListed(affected.versions, version, order)) return { kind: 'versions' };
  for (const events of affected.ranges) if (isInRange(events, version, order)) return { kind: 'range', events };
  return undefined;
}

function isListed(versions: readonly string[], version: string, order: VersionOrder): boolean {
  for (const one of versions) {
    if (one === version || (order.accepts(one) && order.compare(one, version) === 0)) return true;
  }
  return false;
}

/** Whether the events of one range, in any order, leave `version` affected. */
export function isInRange(events: readonly VersionEvent[], version: string, order: VersionOrder): boolean {
  if (!isBeforeLimits(events, version, order)) return false;
  let isAffected = false;
  for (const group of groupEvents(events, order)) {
    const position = group.version === undefined ? -1 : order.compare(group.version, version);
    if (position > 0) break;
    isAffected = applyGroup(group, isAffected, position);
  }
  return isAffected;
}

/** All events at one version. */
interface EventGroup {
  /** `undefined`: before every version. */
  readonly version: string | undefined;
  opens: boolean;
  closes: boolean;
  closesAfter: boolean;
}

/**
 * An interval that opens and closes at one version is empty. Where one ends and the next begins, the version of both
 * belongs to the next: `[0, 3.1.1) [3.1.1, 3.1.3)` holds 3.1.1.
 */
function applyGroup(group: EventGroup, wasAffected: boolean, position: number): boolean {
  if (group.opens && group.closes) return wasAffected;
  // The last affected version is still affected itself; every later one is not.
  if (group.closes || (group.closesAfter && position < 0)) return false;
  return group.opens || wasAffected;
}

function groupEvents(events: readonly VersionEvent[], order: VersionOrder): EventGroup[] {
  const groups: EventGroup[] = [];
  for (const { kind, version } of events) {
    if (kind === 'limit') continue;
    const at = kind === 'introduced' && version === '0' ? undefined : version;
    const same = groups.find((group) => isSameVersion(group.version, at, order));
    const group = same ?? { version: at, opens: false, closes: false, closesAfter: false };
    if (same === undefined) groups.push(group);
    if (kind === 'introduced') group.opens = true;
    else if (kind === 'fixed') group.closes = true;
    else group.closesAfter = true;
  }
  return groups.sort((a, b) => compareGroups(a, b, order));
}

function isSameVersion(a: string | undefined, b: string | undefined, order: VersionOrder): boolean {
  return a === undefined || b === undefined ? a === b : order.compare(a, b) === 0;
}

function compareGroups(a: EventGroup, b: EventGroup, order: VersionOrder): number {
  if (a.version === undefined || b.version === undefined)
    return Number(b.version === undefined) - Number(a.version === undefined);
  return order.compare(a.version, b.version);
}

function isBeforeLimits(events: readonly VersionEvent[], version: string, order: VersionOrder): boolean {
  const limits = events.filter(({ kind }) => kind === 'limit');
  return (
    limits.length === 0 || limits.some((limit) => limit.version === '*' || order.compare(version, limit.version) < 0)
  );
}

/**
 * The lowest version above `version` that the entries call fixed and none of them calls affected: the nearest fix of the
 * line `version` is on, where that line has one. `undefined` when they name none.
 */
export function lowestFix(
  affected: readonly AffectedVersions[],
  version: string,
  order: VersionOrder,
): string | undefined {
  const named = new Set<string>();
  for (const { ranges } of affected) {
    for (const { kind, version: fixed } of ranges.flat()) {
      if (kind === 'fixed' && order.compare(fixed, version) > 0) named.add(fixed);
    }
  }
  return [...named]
    .sort((a, b) => order.compare(a, b))
    .find((fixed) => affected.every((one) => findAffected(one, fixed, order) === undefined));
}
