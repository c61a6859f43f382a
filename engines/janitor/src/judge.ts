import type { InventoryItem, PruneReport, RetentionDays, SpareReason } from '@mex/envelope/retention';

const DAY_MS = 86_400_000;

/** CONTRACT §5: what has no window stays. */
export const DEFAULT_RETENTION: RetentionDays = { log: 30, cache: 7 };
/** CONTRACT §5. */
export const DEFAULT_MIN_VERSIONS = 3;

/** What is judged by. */
export interface Terms {
  /** Ms since 1970. */
  readonly now: number;
  readonly retentionDays: RetentionDays;
  readonly minVersions: number;
}

export interface Judgement {
  readonly pruned: PruneReport['pruned'];
  readonly spared: PruneReport['spared'];
  readonly totals: PruneReport['totals'];
}

/** Judges every artifact of an inventory, in its order. */
export function judge(items: readonly InventoryItem[], terms: Terms): Judgement {
  const versions = newestVersions(items, terms.minVersions);
  const pruned: PruneReport['pruned'] = [];
  const spared: PruneReport['spared'] = [];
  const counts: Record<SpareReason, number> = { pinned: 0, held: 0, window: 0, min_versions: 0 };
  for (const item of items) {
    const { artifact_id, sha256, size_bytes, layer, kind, created_at, name } = item;
    const days = windowOf(item, terms.retentionDays);
    const verdict = reasonToSpare(item, days, versions, terms.now);
    if (verdict !== undefined) {
      spared.push({ artifact_id, ...verdict });
      counts[verdict.reason]++;
    } else if (days !== undefined) {
      const named = name === undefined ? {} : { name };
      pruned.push({ artifact_id, sha256, size_bytes, layer, kind, created_at, ...named, window_days: days });
    }
  }
  const bytes = bytesOf(pruned, items, spared);
  return { pruned, spared, totals: { scanned: items.length, pruned: pruned.length, bytes, ...counts } };
}

/** The longest window that applies: of its layer, of its kind, its own. `undefined`: none does, it stays. */
export function windowOf(item: InventoryItem, retention: RetentionDays): number | undefined {
  const windows = [retention[item.layer], retention[item.kind], item.retention_ttl_days];
  const given = windows.filter((days) => days !== undefined);
  return given.length === 0 ? undefined : Math.max(...given);
}

function reasonToSpare(
  item: InventoryItem,
  days: number | undefined,
  versions: ReadonlySet<string>,
  now: number,
): Omit<PruneReport['spared'][number], 'artifact_id'> | undefined {
  if (item.pinned === true) return { reason: 'pinned' };
  if (item.held_by !== undefined) return { reason: 'held', held_by: item.held_by };
  if (days === undefined) return { reason: 'window' };
  const end = Date.parse(item.created_at) + days * DAY_MS;
  if (now < end) return { reason: 'window', until: new Date(end).toISOString() };
  return versions.has(item.artifact_id) ? { reason: 'min_versions' } : undefined;
}

/**
 * What an artifact is a version of: the same output of the same operation of the same engine, or, of what no engine
 * made, the same name, kind and layer.
 */
export function versionKey({ engine_id, operation, layer, kind, name }: InventoryItem): string {
  return JSON.stringify([engine_id ?? null, operation ?? null, layer, kind, name ?? null]);
}

/**
 * Ids of the newest `count` versions of everything. Of artifacts with the same content the newest stands for the
 * version: copies do not push out what differs.
 */
function newestVersions(items: readonly InventoryItem[], count: number): Set<string> {
  const order = items.map((item, at) => ({ item, at, time: Date.parse(item.created_at) }));
  order.sort((a, b) => b.time - a.time || b.at - a.at);
  const contents = new Map<string, Set<string>>();
  const kept = new Set<string>();
  for (const { item } of order) {
    const key = versionKey(item);
    const seen = contents.get(key) ?? new Set();
    contents.set(key, seen);
    if (seen.size >= count || seen.has(item.sha256)) continue;
    seen.add(item.sha256);
    kept.add(item.artifact_id);
  }
  return kept;
}

/** Sizes of the contents that go: those that nothing spared shares, each once. */
function bytesOf(
  pruned: PruneReport['pruned'],
  items: readonly InventoryItem[],
  spared: PruneReport['spared'],
): number {
  const stays = new Set(spared.map(({ artifact_id }) => artifact_id));
  const needed = new Set(items.filter(({ artifact_id }) => stays.has(artifact_id)).map(({ sha256 }) => sha256));
  const going = new Map(pruned.map(({ sha256, size_bytes }) => [sha256, size_bytes]));
  let bytes = 0;
  for (const [sha256, size] of going) if (!needed.has(sha256)) bytes += size;
  return bytes;
}
