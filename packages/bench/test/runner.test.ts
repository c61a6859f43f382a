import { describe, expect, it } from 'vitest';
import { takeTurns } from '../src/runner/rounds.ts';
import { judge, limitRow, ratioRow } from '../src/runner/row.ts';
import { pairedRatio, quantile, summarize } from '../src/runner/statistics.ts';
import { formatFigure, renderTable } from '../src/runner/table.ts';

describe('statistics', () => {
  it('takes medians and quantiles of unsorted samples, between neighbours where there is no middle', () => {
    expect(quantile([10, 2, 1], 0.5)).toBe(2);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([100, 9, 10], 0)).toBe(9);
    expect(summarize([3, 20, 100])).toEqual({ median: 20, lowest: 3, highest: 100 });
  });

  it('refuses to summarize nothing, or what is no number', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
    expect(() => summarize([1, Number.NaN])).toThrow(RangeError);
  });

  it('compares round with round, so that a slow moment of both sides cancels out', () => {
    // In the second round the machine was ten times slower for both.
    expect(pairedRatio([20, 2, 22], [10, 1, 10])).toEqual({ median: 2, lowest: 2, highest: 2.2 });
    expect(() => pairedRatio([1, 2], [1])).toThrow(RangeError);
  });
});

describe('rows', () => {
  const sides = { promise: 'p', ours: [2, 2, 2], peer: [8, 8, 8], peerName: 'peer' };

  it('says how many times as fast we are: speeds as they are, times turned over', () => {
    expect(ratioRow({ ...sides, unit: '/s', figure: 'speed' }).result.median).toBe(0.25);
    expect(ratioRow({ ...sides, unit: 'ms', figure: 'time' }).result.median).toBe(4);
  });

  it('judges the median against the target, inclusive, and a row without target not at all', () => {
    const row = ratioRow({ ...sides, unit: 'ms', figure: 'time', atLeast: 4 });
    expect(judge(row)).toBe('pass');
    expect(judge({ ...row, target: { relation: '≥', value: 4.01 } })).toBe('MISS');
    expect(judge(limitRow('p', [1, 6, 7], 'ms', { relation: '≤', value: 5 }))).toBe('MISS');
    expect(judge(limitRow('p', [1, 5, 7], 'ms', { relation: '≤', value: 5 }))).toBe('pass');
    expect(judge(limitRow('p', [1], 'ms'))).toBe('info');
  });

  it('prints a row with its figures, spread, target and verdict', () => {
    const row = ratioRow({ ...sides, peer: [8, 4, 16], unit: 'ms', figure: 'time', atLeast: 4 });
    const lines = renderTable([{ name: 'case', rows: [row] }]).split('\n');
    expect(lines[2]?.split(/ {2,}/)).toEqual(['case', 'p', '2 ms', '8 ms', 'peer', '4×', '2× … 8×', '≥ 4×', 'pass']);
    expect(formatFigure({ median: 123_456.7, unit: '/s' })).toBe('123,457 /s');
    expect(formatFigure({ median: 0.2567, unit: '×' })).toBe('0.26×');
  });
});

describe('rounds', () => {
  it('runs every side once a round, beginning with another one each time, and throws warm-up rounds away', async () => {
    const order: string[] = [];
    const count = { a: 0, b: 0 };
    const side = (name: 'a' | 'b') => (): number => {
      order.push(name);
      count[name] += 1;
      return count[name];
    };
    const figures = await takeTurns({ a: side('a'), b: side('b') }, { warmup: 1, rounds: 3 });
    expect(figures).toEqual({ a: [2, 3, 4], b: [2, 3, 4] });
    expect(order.join('')).toBe('baabbaab');
  });
});
