import { parquetInvalid } from './refusal.ts';

const DAY_SECONDS = 86_400n;
const MAX_DAYS = 2_932_896;
const MIN_DAYS = -719_528;

/** `2024-02-29` for days since 1970-01-01. @throws EngineError outside of the years 0 to 9999. */
export function dateText(days: number): string {
  if (!(days >= MIN_DAYS && days <= MAX_DAYS)) throw parquetInvalid('it has a date outside of the years 0 to 9999');
  return new Date(days * 86_400_000).toISOString().slice(0, 10);
}

/** The text of a time of day in units, with as many digits as the unit has: 3, 6 or 9. */
export function timeText(units: bigint, digits: number): string {
  const perSecond = 10n ** BigInt(digits);
  const seconds = units / perSecond;
  if (units < 0n || seconds >= DAY_SECONDS) throw parquetInvalid('it has a time of day beyond the day');
  const pad = (value: bigint, size: number): string => String(value).padStart(size, '0');
  const clock = `${pad(seconds / 3_600n, 2)}:${pad((seconds / 60n) % 60n, 2)}:${pad(seconds % 60n, 2)}`;
  return `${clock}.${pad(units % perSecond, digits)}`;
}

/** `2024-02-29T12:00:00.000` for units since 1970-01-01, without a zone. */
export function instantText(units: bigint, digits: number): string {
  const perDay = DAY_SECONDS * 10n ** BigInt(digits);
  const rest = ((units % perDay) + perDay) % perDay;
  return `${dateText(Number((units - rest) / perDay))}T${timeText(rest, digits)}`;
}

export function daysOfDate(text: string): number {
  return Date.parse(`${text}T00:00:00Z`) / 86_400_000;
}

/** Units of a time of day as `timeText` writes it; digits beyond `digits` must not be there. */
export function unitsOfTime(text: string, digits: number): bigint {
  const seconds = Number(text.slice(0, 2)) * 3_600 + Number(text.slice(3, 5)) * 60 + Number(text.slice(6, 8));
  return BigInt(seconds) * 10n ** BigInt(digits) + BigInt(text.slice(9).padEnd(digits, '0') || '0');
}

/** Units of a point in time, with or without `Z`. */
export function unitsOfInstant(text: string, digits: number): bigint {
  const perDay = DAY_SECONDS * 10n ** BigInt(digits);
  return BigInt(daysOfDate(text.slice(0, 10))) * perDay + unitsOfTime(text.slice(11).replace('Z', ''), digits);
}

/** Digits after the point of a time or a point in time: 6 unless there are more. */
export function fractionDigits(text: string): 6 | 9 {
  const point = text.indexOf('.');
  return point >= 0 && text.replace('Z', '').length - point - 1 > 6 ? 9 : 6;
}
