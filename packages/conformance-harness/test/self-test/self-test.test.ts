import { findJailTools } from '@mex/runtime';
import { describe, expect, inject, it } from 'vitest';
import { loadRequirements } from '../../src/requirement-set.ts';
import { certifyDeviation } from './certify-deviation.ts';
import { CHEATS } from './cheats.ts';
import { DEVIATIONS } from './deviations.ts';

const { cases } = loadRequirements();
const NO_JAIL = 'missing' in findJailTools();
const needsJail = (id: string): boolean => DEVIATIONS[id]?.kind === 'tool' || DEVIATIONS[id]?.tiers !== undefined;
/**
 * The whole matrix, every engine against every case, takes a minute of one core: that is the soak. Here each engine meets
 * its own case and what that builds on, and every cheap one (no server, no program) another one, the same in every run.
 */
const isSoak = process.env['MEX_SOAK'] === '1';
const ids = cases.map(({ id }) => id);
const sampleFor = (id: string): string[] => {
  const other = DEVIATIONS[id]?.kind === 'plain' ? ids[(ids.indexOf(id) + 19) % ids.length] : undefined;
  return other === undefined ? [] : [other];
};
const runnable = ids.filter((id) => !NO_JAIL || !needsJail(id));

const threadEntry = new URL(inject('threadEntry'));

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
      threadEntry,
      ...(isSoak ? {} : { only: [id, ...sampleFor(id)] }),
    });
    expect(wrongOf(report)).toEqual([{ id, what: expect.arrayContaining([expect.any(String)]) }]);
    expect(report.verdict).toBe('failed');
  });

  it.each(CHEATS.filter(({ kind }) => !NO_JAIL || kind !== 'tool').map((cheat) => [cheat.wrong, cheat] as const))(
    'an engine that %s is caught',
    async (_wrong, cheat) => {
      const report = await certifyDeviation(cheat, {
        threadEntry,
        seed: '2b'.repeat(16),
        only: [cheat.caughtBy],
      });
      expect(wrongOf(report).map(({ id }) => id)).toEqual([cheat.caughtBy]);
    },
  );
});
