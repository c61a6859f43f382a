import { pairedRatio, type Summary, summarize } from './statistics.ts';

export type Unit = 'ns' | 'µs' | 'ms' | 's' | '/s' | 'MB/s' | 'MB' | '×';

export interface Target {
  readonly relation: '≥' | '≤';
  readonly value: number;
}

/** One line of the table: what was promised, what was measured, and beside what. */
export interface Row {
  readonly promise: string;
  readonly ours: Figure;
  readonly peer?: Figure & { readonly name: string };
  /** The figure that is compared with the target. */
  readonly result: Summary & { readonly unit: Unit };
  /** Absent: the line is there for information. */
  readonly target?: Target;
}

export interface Figure {
  readonly median: number;
  readonly unit: Unit;
}

export type Verdict = 'pass' | 'MISS' | 'info';

/** The median decides; the spread beside it says how much to believe it. */
export function judge({ result, target }: Pick<Row, 'result' | 'target'>): Verdict {
  if (target === undefined) return 'info';
  const kept = target.relation === '≥' ? result.median >= target.value : result.median <= target.value;
  return kept ? 'pass' : 'MISS';
}

/** A figure that has to stay on one side of an absolute limit. */
export function limitRow(promise: string, samples: readonly number[], unit: Unit, target?: Target): Row {
  const summary = summarize(samples);
  const row = { promise, ours: { median: summary.median, unit }, result: { ...summary, unit } };
  return target === undefined ? row : { ...row, target };
}

export interface Comparison {
  readonly promise: string;
  readonly ours: readonly number[];
  readonly peer: readonly number[];
  readonly peerName: string;
  readonly unit: Unit;
  /** `speed`: bigger figures are better, the ratio is ours over the peer's. `time`: the other way round. */
  readonly figure: 'speed' | 'time';
  /** Least ratio that keeps the promise. */
  readonly atLeast?: number;
}

/** How many times as fast we are as the peer, from rounds that ran side by side. */
export function ratioRow({ promise, ours, peer, peerName, unit, figure, atLeast }: Comparison): Row {
  const ratio = figure === 'speed' ? pairedRatio(ours, peer) : pairedRatio(peer, ours);
  return {
    promise,
    ours: { median: summarize(ours).median, unit },
    peer: { name: peerName, median: summarize(peer).median, unit },
    result: { ...ratio, unit: '×' },
    ...(atLeast === undefined ? {} : { target: { relation: '≥', value: atLeast } }),
  };
}
