import { usageError } from './usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Reads `--since`: an age like `90m` or `7d`, or a date. Answers in milliseconds since 1970. @throws MexError `CLI_USAGE` */
export function parseSince(text: string, now: number): number {
  const age = /^(\d{1,6})([smhdw])$/.exec(text);
  if (age !== null) return now - Number(age[1]) * (UNITS[age[2] ?? ''] ?? 0);
  const time = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw usageError(
    `--since does not understand "${text}".`,
    'Write an age (90m, 24h, 7d) or a time (2026-01-31, 2026-01-31T12:00:00Z).',
  );
}
