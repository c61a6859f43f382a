import { loadVectors, verifyVector } from '@mex/engine-sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import engine from '../src/engine.ts';
import { inventoryItems, NOW } from './inventory-arbitrary.ts';
import { runPrune } from './run-prune.ts';

const now = new Date(NOW).toISOString();
const inventory = (artifacts: readonly unknown[], more = {}) =>
  JSON.stringify({ schema_version: 'mex.inventory@1.0', taken_at: now, complete: true, artifacts, ...more });

describe('prune', () => {
  it('[§5] the report is a PruneReport of exactly this inventory', async () => {
    await fc.assert(
      fc.asyncProperty(inventoryItems, async (items) => {
        const { report, summary } = await runPrune(inventory(items), { now });
        expect(report.totals.scanned).toBe(items.length);
        expect(summary).toEqual({ dry_run: false, ...report.totals });
      }),
      { seed: 6, numRuns: 50 },
    );
  });

  it('[§6] the same policy gives the same bytes, in whatever order it is written', async () => {
    const of = (retention_days: object) => runPrune(inventory([]), Object.assign({ now }, { retention_days }));
    expect((await of({ bundle: 1, file: 2 })).text).toBe((await of({ file: 2, bundle: 1 })).text);
  });

  it('[§6] the same inventory gives the same bytes', async () => {
    const text = inventory(fc.sample(inventoryItems, { seed: 7, numRuns: 1 })[0] ?? []);
    expect((await runPrune(text, { now })).text).toBe((await runPrune(text, { now })).text);
  });

  it.each([
    ['no JSON', '{'],
    ['another document', JSON.stringify({ schema_version: 'mex.bundle@1.0', entries: [] })],
    ['an unknown member', inventory([], { keep: [] })],
    ['a count instead of a list', inventory([], { artifacts: 7 })],
    ['an artifact without a layer', inventory([{ artifact_id: '0192f3c0-0000-7000-8000-000000000001' }])],
    ['a repeated name', inventory([]).replace('"complete":true', '"complete":true,"complete":true')],
  ])('[§2] %s is refused', async (_name, text) => {
    await expect(runPrune(text, { now })).rejects.toMatchObject({ code: 'JANITOR_INVENTORY_INVALID' });
  });

  it('[§2] an artifact that is listed twice, or has a member this version does not know, is refused', async () => {
    const [item] = fc.sample(inventoryItems, { seed: 1, numRuns: 20 }).flat();
    for (const artifacts of [[item, item], [{ ...item, needed_by: 'me' }], [{ ...item, pinned: 'yes' }]])
      await expect(runPrune(inventory(artifacts), { now })).rejects.toMatchObject({
        code: 'JANITOR_INVENTORY_INVALID',
      });
  });

  it('the thirteenth month is no time', async () => {
    await expect(runPrune(inventory([]), { now: '2026-13-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'JANITOR_TIME_INVALID',
    });
  });
});

describe('[§15] vectors', () => {
  it.each(loadVectors(new URL('../conformance/', import.meta.url)))('$name: $title', async (vector) => {
    await verifyVector(engine, vector);
  });
});
