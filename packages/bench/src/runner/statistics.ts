/** Several measurements of the same thing: the median, and how far apart they lay. */
export interface Summary {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/**
 * The value below which a share of the samples lies, interpolated between neighbours.
 * @param share 0 to 1
 * @throws RangeError when there is no sample, or one that is no number
 */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = Float64Array.from(samples).sort();
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined || Number.isNaN(above)) throw new RangeError('nothing was measured');
  return below + (above - below) * (place - Math.floor(place));
}

/** @throws RangeError as {@link quantile} */
export function summarize(samples: readonly number[]): Summary {
  return { median: quantile(samples, 0.5), lowest: quantile(samples, 0), highest: quantile(samples, 1) };
}

/**
 * `above` over `below`, round by round. Rounds that ran next to each other met the same noise of the machine, so the
 * median of their ratios is steadier than the ratio of the medians.
 * @throws RangeError when the two do not have the same number of rounds, or none
 */
export function pairedRatio(above: readonly number[], below: readonly number[]): Summary {
  if (above.length !== below.length) throw new RangeError('rounds of the two sides must come in pairs');
  return summarize(above.map((value, round) => value / (below[round] ?? Number.NaN)));
}
