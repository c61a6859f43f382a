import { describe, expect, it } from 'vitest';
import { allHold, runCheck } from '../../src/guarantees/guarantee.ts';

const about = { id: 'X', title: 'x', of: 'installation' } as const;
const seen = { checked: 'a', how: 'b', result: 'c' };

describe('[§14 E] a check that did not run is a failure', () => {
  it.each([
    ['holds', () => ({ evidence: [{ ...seen, held: true }] })],
    [
      'fails',
      () => ({
        evidence: [
          { ...seen, held: true },
          { ...seen, held: false },
        ],
      }),
    ],
    ['not_checked', () => ({ evidence: [] })],
    ['not_checked', () => ({ notChecked: 'no time' })],
    ['not_applicable', () => ({ notApplicable: 'nothing here' })],
    [
      'not_checked',
      () => {
        throw new Error('broken');
      },
    ],
    ['not_checked', () => Promise.reject(new Error('broken'))],
  ])('%s', async (state, run) => {
    const guarantee = await runCheck({ ...about, run });
    expect(guarantee.state).toBe(state);
    expect(allHold([guarantee])).toBe(state === 'holds' || state === 'not_applicable');
  });
});
