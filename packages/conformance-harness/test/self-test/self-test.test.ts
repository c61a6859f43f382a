import { findJailTools } from '@mex/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRequirements } from '../../src/requirement-set.ts';
import { certifyDeviation } from './certify-deviation.ts';
import { DEVIATIONS } from './deviations.ts';
import { type BundledEntry, bundleThreadEntry } from './thread-entry.ts';

const { cases } = loadRequirements();
const NO_JAIL = 'missing' in findJailTools();
const needsJail = (id: string): boolean => DEVIATIONS[id]?.kind === 'tool' || DEVIATIONS[id]?.tiers !== undefined;
const runnable = cases.map(({ id }) => id).filter((id) => !NO_JAIL || !needsJail(id));
/** The whole matrix takes a minute of one core. What a host breaks needs no matrix: its fault names the place. */
const isWhole = (id: string): boolean => process.env['MEX_SOAK'] === '1' || DEVIATIONS[id]?.openHost === undefined;

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
      ...(isWhole(id) ? {} : { only: [id] }),
    });
    expect(wrongOf(report)).toEqual([{ id, what: expect.arrayContaining([expect.any(String)]) }]);
    expect(report.verdict).toBe('failed');
  });

  it('an engine that behaves for its own vectors only is caught', async () => {
    const code = [
      '{ word: params.word, found }',
      "{ word: params.word, found, ...(params.word === 'x' ? {} : { id: context.opId }) }",
    ] as const;
    const report = await certifyDeviation({ kind: 'plain', code }, { threadEntry: entry.url, only: ['DET-001'] });
    expect(wrongOf(report).map(({ id }) => id)).toEqual(['DET-001']);
  });
});
