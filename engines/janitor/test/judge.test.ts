import type { InventoryItem } from '@mex/envelope/retention';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RETENTION, judge, versionKey, windowOf } from '../src/judge.ts';
import { inventoryItems, NOW, retention } from './inventory-arbitrary.ts';

const DAY_MS = 86_400_000;
const RUNS = { seed: 6, numRuns: 300 };
const terms = { now: NOW, retentionDays: DEFAULT_RETENTION, minVersions: 3 };

let last = 0;
function artifact(ageDays: number, more: Partial<InventoryItem> = {}): InventoryItem {
  last++;
  return {
    artifact_id: `00000000-0000-4000-8000-${String(last).padStart(12, '0')}`,
    sha256: String(last).padStart(64, '0'),
    size_bytes: 10,
    layer: 'log',
    kind: 'transcript',
    created_at: new Date(NOW - ageDays * DAY_MS).toISOString(),
    ...more,
  };
}
const reasons = (items: readonly InventoryItem[], more = {}) => {
  const { spared } = judge(items, { ...terms, minVersions: 0, ...more });
  return items.map(({ artifact_id }) => spared.find((entry) => entry.artifact_id === artifact_id)?.reason ?? 'pruned');
};

describe('[§5] windows', () => {
  it('logs stay 30 days, cached artifacts 7, what has no window for good', () => {
    const items = [
      artifact(29.99),
      artifact(30),
      artifact(6.99, { layer: 'cache' }),
      artifact(7, { layer: 'cache' }),
      artifact(9_999, { layer: 'raw' }),
    ];
    expect(reasons(items)).toEqual(['window', 'pruned', 'window', 'pruned', 'window']);
  });

  it('the longest window counts: of the layer, of the kind, of the artifact itself', () => {
    const of = (more: Partial<InventoryItem>, days = {}) =>
      windowOf(artifact(0, more), { ...DEFAULT_RETENTION, ...days });
    expect(of({ retention_ttl_days: 90 })).toBe(90);
    expect(of({ retention_ttl_days: 1 })).toBe(30);
    expect(of({ layer: 'derived', kind: 'report', retention_ttl_days: 1 })).toBe(1);
    expect(of({ layer: 'derived', kind: 'report' }, { derived: 5, report: 10 })).toBe(10);
    expect(of({ layer: 'derived', kind: 'report' })).toBeUndefined();
  });

  it('an artifact from the future is young', () => {
    expect(reasons([artifact(-400, { layer: 'cache' })])).toEqual(['window']);
  });
});

describe('[§5] what is spared', () => {
  it('pinned before held before the window before its versions', () => {
    const old = { created_at: '2020-01-01T00:00:00Z' };
    const items = [
      artifact(0, { ...old, pinned: true, held_by: 'RUN_OPEN' }),
      artifact(0, { ...old, held_by: 'RUN_OPEN' }),
      artifact(1),
      artifact(0, old),
    ];
    expect(reasons(items, { minVersions: 9 })).toEqual(['pinned', 'held', 'window', 'min_versions']);
  });

  it('the three newest versions survive their window; copies of one content are one version', () => {
    const log = (age: number, content: string) => artifact(age, { sha256: content.repeat(64), engine_id: 'engine.a' });
    const items = [log(90, 'a'), log(80, 'b'), log(70, 'c'), log(60, 'd'), log(50, 'd'), log(40, 'd')];
    expect(reasons(items, { minVersions: 3 })).toEqual([
      'pruned',
      'min_versions',
      'min_versions',
      'pruned',
      'pruned',
      'min_versions',
    ]);
  });

  it('versions are those of one output of one operation of one engine', () => {
    const items = [
      artifact(90, { engine_id: 'engine.a', name: 'x' }),
      artifact(90, { engine_id: 'engine.b', name: 'x' }),
      artifact(90, { engine_id: 'engine.a', name: 'y' }),
      artifact(90, { engine_id: 'engine.a', name: 'x', operation: 'a.b' }),
      artifact(90),
    ];
    expect(reasons(items, { minVersions: 1 })).toEqual(Array(5).fill('min_versions'));
  });

  it('content that something spared shares frees no bytes', () => {
    const shared = 'f'.repeat(64);
    const items = [artifact(90, { sha256: shared }), artifact(80, { sha256: shared, pinned: true }), artifact(90)];
    expect(judge(items, { ...terms, minVersions: 0 }).totals).toMatchObject({ pruned: 2, bytes: 10 });
  });
});

describe('[§5] for every inventory and policy', () => {
  const laws = fc.record({ items: inventoryItems, retentionDays: retention, minVersions: fc.nat(4) });

  it('each artifact is either pruned or spared, and the totals say so', () => {
    fc.assert(
      fc.property(laws, ({ items, ...more }) => {
        const { pruned, spared, totals } = judge(items, { now: NOW, ...more });
        expect([...pruned, ...spared].map(({ artifact_id }) => artifact_id).toSorted()).toEqual(
          items.map(({ artifact_id }) => artifact_id).toSorted(),
        );
        expect(totals.scanned).toBe(totals.pruned + totals.pinned + totals.held + totals.window + totals.min_versions);
      }),
      RUNS,
    );
  });

  it('nothing pinned, nothing held and nothing inside a window is pruned', () => {
    fc.assert(
      fc.property(laws, ({ items, ...more }) => {
        const gone = new Set(judge(items, { now: NOW, ...more }).pruned.map(({ artifact_id }) => artifact_id));
        for (const item of items.filter(({ artifact_id }) => gone.has(artifact_id))) {
          expect(item.pinned ?? false).toBe(false);
          expect(item.held_by).toBeUndefined();
          const age = (NOW - Date.parse(item.created_at)) / DAY_MS;
          for (const days of [more.retentionDays[item.layer], more.retentionDays[item.kind], item.retention_ttl_days])
            expect(age).toBeGreaterThanOrEqual(days ?? 0);
        }
      }),
      RUNS,
    );
  });

  it('of everything the newest min_versions contents are left, or all there are', () => {
    fc.assert(
      fc.property(laws, ({ items, ...more }) => {
        const gone = new Set(judge(items, { now: NOW, ...more }).pruned.map(({ artifact_id }) => artifact_id));
        const groups = Map.groupBy(items, versionKey);
        for (const group of groups.values()) {
          const contents = new Set(group.map(({ sha256 }) => sha256)).size;
          const left = new Set(group.filter(({ artifact_id }) => !gone.has(artifact_id)).map(({ sha256 }) => sha256));
          expect(left.size).toBeGreaterThanOrEqual(Math.min(more.minVersions, contents));
        }
      }),
      RUNS,
    );
  });

  it('once more over what is left prunes nothing that was spared for its versions', () => {
    fc.assert(
      fc.property(laws, ({ items, ...more }) => {
        const first = judge(items, { now: NOW, ...more });
        const gone = new Set(first.pruned.map(({ artifact_id }) => artifact_id));
        const left = items.filter(({ artifact_id }) => !gone.has(artifact_id));
        expect(judge(left, { now: NOW, ...more }).pruned).toEqual([]);
      }),
      RUNS,
    );
  });
});
