import { findJailTools } from '@mex/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRequirements } from '../../src/requirement-set.ts';
import { certifyDeviation } from './certify-deviation.ts';
import { CHEATS } from './cheats.ts';
import { DEVIATIONS } from './deviations.ts';
import { type BundledEntry, bundleThreadEntry } from './thread-entry.ts';

const { cases } = loadRequirements();
const NO_JAIL = 'missing' in findJailTools();
const needsJail = (id: string): boolean => DEVIATIONS[id]?.kind === 'tool' || DEVIATIONS[id]?.tiers !== undefined;
/**
 * The whole matrix, every engine against every case, takes a minute of one core: that is the soak. Here each engine meets
 * its own case, what that builds on, and two others, which are others for each engine and the same in every run.
 */
const isSoak = process.env['MEX_SOAK'] === '1';
const ids = cases.map(({ id }) => id);
const sampleFor = (id: string): string[] => {
  const at = ids.indexOf(id);
  return [7, 19].map((step) => ids[(at + step) % ids.length] ?? id);
};
const runnable = ids.filter((id) => !NO_JAIL || !needsJail(id));

let entry: BundledEntry;
beforeAll(async () => {
  entry = await bundleThreadEntry();
});
afterAll(() => entry.remove());

/** What is wrong, with its findings, so that a failure of this test says why. */
const wrongOf = (report: Awaited<ReturnType<typeof certifyDeviation>>) =>
  report.cases.flatMap(({ id, status, findings }) =>
    status === 'failed' ? [{ id, what: findings.map(({ what }) => what) }] : [],
  );

describe('[§15] the harness tests itself', { timeout: 120_000 }, () => {
  it('has an engine for every case, and no other', () => {
    expect(Object.keys(DEVIATIONS).sort()).toEqual(cases.map(({ id }) => id).sort());
  });

  it.each(runnable)('%s catches its engine, and no other case does', async (id) => {
    const deviation = DEVIATIONS[id];
    if (deviation === undefined) throw new Error(`there is no engine for ${id}`);
    const report = await certifyDeviation(deviation, {
      threadEntry: entry.url,
      ...(isSoak ? {} : { only: [id, ...sampleFor(id)] }),
    });
    expect(wrongOf(report)).toEqual([{ id, what: expect.arrayContaining([expect.any(String)]) }]);
    expect(report.verdict).toBe('failed');
  });

  it.each(CHEATS.filter(({ kind }) => !NO_JAIL || kind !== 'tool').map((cheat) => [cheat.wrong, cheat] as const))(
    'an engine that %s is caught',
    async (_wrong, cheat) => {
      const report = await certifyDeviation(cheat, {
        threadEntry: entry.url,
        seed: '2b'.repeat(16),
        only: [cheat.caughtBy],
      });
      expect(wrongOf(report).map(({ id }) => id)).toEqual([cheat.caughtBy]);
    },
  );
});
