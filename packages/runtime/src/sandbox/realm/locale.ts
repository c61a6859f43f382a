import { getterOf, hide, methodOf, replaceConstructor } from './object.ts';

const LOCALE = 'en-US';
const CONSTRUCTORS = [
  'Collator',
  'DateTimeFormat',
  'DisplayNames',
  'DurationFormat',
  'ListFormat',
  'NumberFormat',
  'PluralRules',
  'RelativeTimeFormat',
  'Segmenter',
] as const;

/** Pins the locale and zone that the host would otherwise lend: `en-US` and UTC wherever none is asked for (CONTRACT §6). */
export function pinLocale(): void {
  for (const name of CONSTRUCTORS) {
    const native: unknown = Reflect.get(Intl, name);
    if (typeof native === 'function') pinConstructor(name, native);
  }
  pinDates();
  pinNow();
  pinSimple(Number.prototype, ['toLocaleString'], 0);
  pinSimple(BigInt.prototype, ['toLocaleString'], 0);
  pinSimple(String.prototype, ['toLocaleLowerCase', 'toLocaleUpperCase'], 0);
  pinSimple(String.prototype, ['localeCompare'], 1);
}

// biome-ignore lint: the constructor of an intrinsic is a bare function
function pinConstructor(name: string, native: Function): void {
  const zoned = name === 'DateTimeFormat';
  function Pinned(this: unknown, locales?: unknown, options?: unknown): unknown {
    const args = [locales ?? LOCALE, zoned ? withUtc(options) : options];
    if (new.target !== undefined) return Reflect.construct(native, args, new.target === Pinned ? native : new.target);
    return Reflect.apply(native, undefined, args);
  }
  replaceConstructor(native, Pinned);
  hide(Intl, name, Pinned);
}

/** The caller's options with a zone of UTC where they name none. The options object may be hostile: it is only inherited from. */
function withUtc(options: unknown): unknown {
  if (options === undefined) return { timeZone: 'UTC' };
  if (typeof options !== 'object' || options === null) return options;
  if (Reflect.get(options, 'timeZone') !== undefined) return options;
  return Object.create(options, { timeZone: { value: 'UTC' } });
}

function pinDates(): void {
  for (const name of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']) {
    const native = methodOf(Date.prototype, name);
    const pinned = {
      [name](this: Date, locales?: unknown, options?: unknown): unknown {
        return Reflect.apply(native, this, [locales ?? LOCALE, withUtc(options)]);
      },
    };
    hide(Date.prototype, name, pinned[name]);
  }
}

/** Without a date, both would format the time of the host. */
function pinNow(): void {
  const { prototype } = Intl.DateTimeFormat;
  const orNow = (date: unknown): unknown => (date === undefined ? Date.now() : date);
  const toParts = methodOf(prototype, 'formatToParts');
  const formatOf = getterOf(prototype, 'format');
  // The native getter gives the same function each time.
  const pinned = new WeakMap<object, (date?: unknown) => unknown>();
  const methods = {
    formatToParts(this: unknown, date?: unknown): unknown {
      return Reflect.apply(toParts, this, [orNow(date)]);
    },
    get format(): unknown {
      const native: unknown = Reflect.apply(formatOf, this, []);
      if (typeof native !== 'function') return native;
      const known = pinned.get(native);
      if (known !== undefined) return known;
      const format = (date?: unknown): unknown => Reflect.apply(native, undefined, [orNow(date)]);
      pinned.set(native, format);
      return format;
    },
  };
  hide(prototype, 'formatToParts', methods.formatToParts);
  const get = Reflect.getOwnPropertyDescriptor(methods, 'format')?.get;
  if (get !== undefined) Reflect.defineProperty(prototype, 'format', { get, enumerable: false, configurable: true });
}

/** `at` is the position of the locales among the arguments. */
function pinSimple(prototype: object, names: readonly string[], at: 0 | 1): void {
  for (const name of names) {
    const native = methodOf(prototype, name);
    const pinned = {
      [name](this: unknown, first?: unknown, second?: unknown, third?: unknown): unknown {
        if (at === 0) return Reflect.apply(native, this, [first ?? LOCALE, second]);
        return Reflect.apply(native, this, [first, second ?? LOCALE, third]);
      },
    };
    hide(prototype, name, pinned[name]);
  }
}
