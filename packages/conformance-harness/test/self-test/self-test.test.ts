import { findJailTools } from '@mex/runtime';
import { describe, expect, it } from 'vitest';
import { loadRequirements } from '../../src/requirement-set.ts';
import { certifyDeviation } from './certify-deviation.ts';
import { DEVIATIONS } from './deviations.ts';

const NO_JAIL = 'missing' in findJailTools();
const { cases } = loadRequirements();

/** What is wrong, with its findings, so that a failure of this test says why. */
const wrongOf = (report: Awaited<ReturnType<typeof certifyDeviation>>) =>
  report.cases.flatMap(({ id, status, findings }) =>
    status === 'failed' ? [{ id, what: findings.map(({ what }) => what) }] : [],
  );

describe('[§15] the harness tests itself', () => {
  it('has an engine for every case, and no other', () => {
    expect(Object.keys(DEVIATIONS).sort()).toEqual(cases.map(({ id }) => id).sort());
  });

  const needsJail = (id: string): boolean =>
    DEVIATIONS[id]?.kind === 'tool' || DEVIATIONS[id]?.tiers?.includes('process') === true;
  const runnable = cases.filter(({ id }) => !NO_JAIL || !needsJail(id));
  it.each(runnable.map(({ id }) => id))('%s catches its engine, and no other case does', async (id) => {
    const deviation = DEVIATIONS[id];
    if (deviation === undefined) throw new Error(`there is no engine for ${id}`);
    const report = await certifyDeviation(deviation);
    expect(wrongOf(report)).toEqual([{ id, what: expect.arrayContaining([expect.any(String)]) }]);
    expect(report.verdict).toBe('failed');
  });
});
