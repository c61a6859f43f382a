import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadVectors } from '@mex/engine-sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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

  it('a bundle is no inventory, and the thirteenth month no time', async () => {
    await expect(runPrune('', { now }, 'bundle')).rejects.toMatchObject({ code: 'JANITOR_NO_INVENTORY' });
    await expect(runPrune(inventory([]), { now: '2026-13-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'JANITOR_TIME_INVALID',
    });
  });
});

describe('[§15] vectors', () => {
  it.each(loadVectors(new URL('../conformance/', import.meta.url)))('$name: $title', async ({ dir, document }) => {
    const [input] = document.inputs;
    if (input === undefined) throw new Error('a vector without an inventory');
    const kind = input.kind ?? (input.path.includes('.') ? 'file' : 'bundle');
    const running = runPrune(kind === 'bundle' ? '' : readFileSync(join(dir, input.path)), document.params, kind);
    const { expect: wanted } = document;
    if (wanted.status !== 'succeeded') {
      await expect(running).rejects.toMatchObject({ code: wanted.code });
      return;
    }
    const { text, summary } = await running;
    expect(summary).toMatchObject(wanted.summary ?? {});
    const output = wanted.outputs?.['prune-report.json'];
    if (output !== undefined && 'path' in output) expect(text).toBe(readFileSync(join(dir, output.path), 'utf8'));
  });
});
