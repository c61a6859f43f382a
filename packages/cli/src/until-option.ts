import { usageError } from './usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Reads `--until`: how long from now, like `90m` or `7d`, or a time. Answers in milliseconds since 1970. @throws MexError `CLI_USAGE` */
export function parseUntil(text: string, now: number): number {
  const span = /^(\d{1,5})([mhdw])$/.exec(text);
  if (span !== null) return now + Number(span[1]) * (UNITS[span[2] ?? ''] ?? 0);
  const time = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw usageError(
    `--until does not understand "${text}".`,
    'Write how long (90m, 24h, 7d) or a time (2026-01-31, 2026-01-31T12:00:00Z).',
  );
}

/** How far away a time is, for a person: `in 3 hours`, `2 days ago`. */
export function describeDistance(time: number, now: number): string {
  const seconds = Math.abs(time - now) / 1_000;
  const steps: readonly (readonly [number, string])[] = [
    [86_400, 'day'],
    [3_600, 'hour'],
    [60, 'minute'],
  ];
  const [size, unit] = steps.find(([step]) => seconds >= step * 1.5) ?? [1, 'second'];
  const count = Math.round(seconds / size);
  const words = `${count} ${unit}${count === 1 ? '' : 's'}`;
  return time >= now ? `in ${words}` : `${words} ago`;
}
