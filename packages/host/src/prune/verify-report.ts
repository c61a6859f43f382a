import { MexError } from '@mex/envelope';
import type { ArtifactInventory, InventoryItem, PruneReport, RetentionDays } from '@mex/envelope/retention';

/** What a collection fails with, besides what store and recorder throw. */
export type PruneErrorCode = 'PRUNE_REPORT_REFUSED';

/** What was asked of the janitor. */
export interface PruneTerms {
  readonly dryRun: boolean;
  /** Ms since 1970. */
  readonly now: number;
  readonly retentionDays: RetentionDays;
  readonly minVersions: number;
}

const DAY_MS = 86_400_000;

/**
 * Holds a report against the inventory and the terms, by rules of the host's own: what an engine says deletes nothing
 * (CONTRACT §5). One line that does not hold refuses the whole.
 * @throws MexError `PRUNE_REPORT_REFUSED`
 */
export function verifyReport(
  report: PruneReport,
  inventory: ArtifactInventory,
  sha256: string,
  terms: PruneTerms,
): void {
  if (report.inventory_sha256 !== sha256) throw refused('it is about another inventory');
  if (report.dry_run !== terms.dryRun || Date.parse(report.now) !== terms.now)
    throw refused('it is about another moment, or another request');
  const known = new Map(inventory.artifacts.map((item) => [item.artifact_id, item]));
  const going = new Set<string>();
  for (const { artifact_id: id, sha256: content } of report.pruned) {
    const item = known.get(id);
    if (item === undefined || item.sha256 !== content) throw refused(`${id} is not in the inventory`);
    if (going.has(id)) throw refused(`${id} is named twice`);
    going.add(id);
    const fault = faultOf(item, terms);
    if (fault !== undefined) throw refused(`${id} ${fault}`);
  }
  verifyVersions(inventory.artifacts, going, terms.minVersions);
}

/** The longest window that applies, in days: of its layer, of its kind, its own. `undefined`: none does, it stays. */
export function windowOf(
  { layer, kind, retention_ttl_days }: Pick<InventoryItem, 'layer' | 'kind' | 'retention_ttl_days'>,
  retentionDays: RetentionDays,
): number | undefined {
  const windows = [retentionDays[layer], retentionDays[kind], retention_ttl_days].filter((days) => days !== undefined);
  return windows.length === 0 ? undefined : Math.max(...windows);
}

function faultOf(item: InventoryItem, { now, retentionDays }: PruneTerms): string | undefined {
  if (item.pinned === true) return 'is pinned';
  if (item.held_by !== undefined) return `is needed (${item.held_by})`;
  const days = windowOf(item, retentionDays);
  if (days === undefined) return 'has no window';
  const age = now - Date.parse(item.created_at);
  return age >= days * DAY_MS ? undefined : 'is younger than its window';
}

/** Of every thing the newest contents are left (CONTRACT §5 `min_versions`). */
function verifyVersions(items: readonly InventoryItem[], going: ReadonlySet<string>, minVersions: number): void {
  if (minVersions === 0) return;
  const things = Map.groupBy(items, ({ engine_id, operation, layer, kind, name }) =>
    JSON.stringify([engine_id ?? null, operation ?? null, layer, kind, name ?? null]),
  );
  for (const versions of things.values()) {
    // Of two of the same moment, the one that was stored later is the newer one.
    const newest = versions.toReversed().toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
    const wanted = new Set([...new Set(newest.map(({ sha256 }) => sha256))].slice(0, minVersions));
    for (const { artifact_id, sha256 } of versions) if (!going.has(artifact_id)) wanted.delete(sha256);
    const [lost] = wanted;
    if (lost !== undefined) throw refused(`${lost} is one of the newest ${minVersions} versions`);
  }
}

function refused(why: string): MexError<PruneErrorCode> {
  return new MexError({
    code: 'PRUNE_REPORT_REFUSED',
    kind: 'integrity',
    message: `Nothing was removed: the janitor's report is wrong: ${why}.`,
    remedy: 'Check the engine: mex engines verify engine.janitor',
  });
}
