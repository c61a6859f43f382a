import { getterOf, hide, methodOf, replaceConstructor } from './object.ts';
import type { Worlds } from './world.ts';

const ZONELESS_ISO = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/;
const ISO_DATE = /^[+-]?\d{4,6}(?:-\d\d(?:-\d\d)?)?$/;
const NAMED_ZONE = /(?:\dZ|\b(?:Z|UT|UTC|GMT|[ECMP][SD]T))\s*$|:\d\d.*[+-]\d{1,2}(?::?\d\d)?\s*(?:\(.*\))?\s*$/i;

/**
 * `Date` with the clock of the call and UTC as its only zone: a worker inherits the zone of its host, and a document
 * that depends on it differs between machines (CONTRACT §6).
 */
export function installClock(worlds: Worlds): void {
  const Native = Date;
  const nativeNow = Native.now;
  const now = (): number => {
    const world = worlds.current();
    if (world.frozen) return world.nowMs;
    world.influences.add('clock');
    return nativeNow();
  };
  const parse = (text: unknown): number => Native.parse(withZone(String(text)));
  function UtcDate(this: unknown, ...args: unknown[]): unknown {
    if (new.target === undefined) return new Native(now()).toString();
    const target = new.target === UtcDate ? Native : new.target;
    return Reflect.construct(Native, [timeFrom(args, now, parse)], target);
  }
  useUtc(Native.prototype);
  replaceConstructor(Native, UtcDate, ['now', 'parse']);
  // The only way to Temporal, whose prototypes nobody freezes and whose default zone is the host's.
  Reflect.deleteProperty(Native.prototype, 'toTemporalInstant');
  hide(UtcDate, 'now', now);
  hide(UtcDate, 'parse', parse);
  hide(globalThis, 'Date', UtcDate);
}

const dateValue = methodOf(Date.prototype, 'getTime');
const toPrimitive = methodOf(Date.prototype, Symbol.toPrimitive);
const utcOf = Date.UTC;

function timeFrom(args: unknown[], now: () => number, parse: (text: unknown) => number): number {
  if (args.length === 0) return now();
  if (args.length > 1) return Number(Reflect.apply(utcOf, undefined, args));
  const [only] = args;
  if (typeof only === 'number') return only;
  if (typeof only === 'string') return parse(only);
  if (only instanceof Date) {
    try {
      return Number(Reflect.apply(dateValue, only, []));
    } catch {
      // An object that only inherits from Date.prototype is converted like any other.
    }
  }
  const value = toValue(only);
  return typeof value === 'string' ? parse(value) : Number(value);
}

/** The primitive an object stands for, as the language asks it: no hint. */
function toValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const convert: unknown = Reflect.get(value, Symbol.toPrimitive);
  if (typeof convert === 'function') return Reflect.apply(convert, value, ['default']);
  return Reflect.apply(toPrimitive, value, ['number']);
}

/** A text without zone means local time, and local time is UTC here. */
function withZone(text: string): string {
  if (text.length > 100 || ISO_DATE.test(text)) return text;
  if (ZONELESS_ISO.test(text)) return `${text}Z`;
  return NAMED_ZONE.test(text) ? text : `${text} UTC`;
}

const LOCAL_PARTS = ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds'];

function useUtc(prototype: Date): void {
  for (const part of LOCAL_PARTS) {
    hide(prototype, `get${part}`, Reflect.get(prototype, `getUTC${part}`));
    if (part !== 'Day') hide(prototype, `set${part}`, Reflect.get(prototype, `setUTC${part}`));
  }
  const toUTCString = methodOf(prototype, 'toUTCString');
  const utcText = (date: unknown): string => String(Reflect.apply(toUTCString, date, []));
  const dateText = (utc: string): string =>
    utc.length < 25 ? utc : `${utc.slice(0, 3)} ${utc.slice(8, 11)} ${utc.slice(5, 7)} ${utc.slice(12, -13)}`;
  const timeText = (utc: string): string =>
    utc.length < 25 ? utc : `${utc.slice(-12, -4)} GMT+0000 (Coordinated Universal Time)`;
  const methods = {
    getTimezoneOffset(this: Date): number {
      return Number.isNaN(timeOfDate(this)) ? Number.NaN : 0;
    },
    getYear(this: Date): number {
      return this.getUTCFullYear() - 1900;
    },
    setYear(this: Date, year: unknown): number {
      const full = Math.trunc(Number(year));
      return this.setUTCFullYear(full >= 0 && full <= 99 ? 1900 + full : full);
    },
    toString(this: Date): string {
      const utc = utcText(this);
      return utc.length < 25 ? utc : `${dateText(utc)} ${timeText(utc)}`;
    },
    toDateString(this: Date): string {
      return dateText(utcText(this));
    },
    toTimeString(this: Date): string {
      return timeText(utcText(this));
    },
  };
  for (const [name, method] of Object.entries(methods)) hide(prototype, name, method);
}

/** Reads a date's time without asking the object. @throws TypeError when it is no date. */
export function timeOfDate(date: unknown): number {
  return Number(Reflect.apply(dateValue, date, []));
}

/** The flags of a regular expression, without asking the object. */
export const regexpFlags = getterOf(RegExp.prototype, 'flags');
