import type { ArtifactInventory, InventoryItem, PruneReport } from '@mex/envelope/retention';
import { describe, expect, it } from 'vitest';
import { verifyReport } from '../../src/prune/verify-report.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const SHA256 = 'a'.repeat(64);
const TERMS = { dryRun: false, now: NOW, retentionDays: { cache: 7 }, minVersions: 1 };

const item = (at: number, more: Partial<InventoryItem> = {}): InventoryItem => ({
  artifact_id: `00000000-0000-4000-8000-00000000000${at}`,
  sha256: String(at).repeat(64),
  size_bytes: 1,
  layer: 'cache',
  kind: 'file',
  created_at: `2026-11-0${at}T10:00:00Z`,
  ...more,
});
/** The newest is the second; the first may go. */
const ITEMS = [item(1), item(2)];

/** Has a report about these items checked that proposes the first of them. */
function check(
  items: readonly InventoryItem[],
  more: Partial<PruneReport> = {},
  terms: Partial<typeof TERMS> = {},
): void {
  const inventory: ArtifactInventory = {
    schema_version: 'mex.inventory@1.0',
    taken_at: '2026-11-21T10:00:00Z',
    complete: true,
    artifacts: [...items],
  };
  const lines = items.slice(0, 1).map(({ artifact_id, sha256, size_bytes, layer, kind, created_at }) => ({
    artifact_id,
    sha256,
    size_bytes,
    layer,
    kind,
    created_at,
    window_days: 7,
  }));
  const report: PruneReport = {
    schema_version: 'mex.prune_report@1.0',
    dry_run: false,
    now: '2026-11-21T10:00:00.000Z',
    inventory_sha256: SHA256,
    policy: { retention_days: { cache: 7 }, min_versions: 1 },
    pruned: lines,
    spared: [],
    totals: { scanned: 2, pruned: 1, bytes: 1, pinned: 0, held: 0, window: 0, min_versions: 1 },
    ...more,
  };
  verifyReport(report, inventory, SHA256, { ...TERMS, ...terms });
}

const line = { ...item(1), window_days: 7 };

describe('[§5] a report that is wrong is refused', () => {
  it('a report that is right is not', () => {
    expect(() => check(ITEMS)).not.toThrow();
    // Of two of one moment the one that was stored later is the newer one.
    expect(() => check([item(1), item(2, { created_at: item(1).created_at })])).not.toThrow();
  });

  it.each([
    ['something pinned', [item(1, { pinned: true }), item(2)]],
    ['something that is needed', [item(1, { held_by: 'APPROVAL_OPEN' }), item(2)]],
    [
      'something young',
      [item(1, { created_at: '2026-11-14T10:00:00.001Z' }), item(2, { created_at: '2026-11-15T10:00:00Z' })],
    ],
    ['something with a longer window of its own', [item(1, { retention_ttl_days: 30 }), item(2)]],
    ['something without a window', [item(1, { layer: 'raw' }), item(2, { layer: 'raw' })]],
    ['the last version', [item(1)]],
    ['the newest version', [item(2), item(1)]],
  ])('%s', (_name, items) => {
    expect(() => check(items)).toThrow(expect.objectContaining({ code: 'PRUNE_REPORT_REFUSED' }));
  });

  it.each([
    ['something that is not there', { pruned: [{ ...line, artifact_id: '99999999-0000-4000-8000-000000000000' }] }],
    ['other content', { pruned: [{ ...line, sha256: '9'.repeat(64) }] }],
    ['one artifact twice', { pruned: [line, line] }],
    ['another inventory', { inventory_sha256: 'b'.repeat(64) }],
    ['another moment', { now: '2026-11-22T10:00:00Z' }],
    ['another request', { dry_run: true }],
  ])('%s', (_name, more: Partial<PruneReport>) => {
    expect(() => check(ITEMS, more)).toThrow(expect.objectContaining({ code: 'PRUNE_REPORT_REFUSED' }));
  });
});
