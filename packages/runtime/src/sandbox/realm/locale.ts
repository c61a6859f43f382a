import type { BufferLedger } from './buffers.ts';
import { getterOf, hide, isObject, methodOf, replaceConstructor } from './object.ts';

const LOCALE = 'en-US';
const KIB = 1024;
/** What each takes in the memory of ICU, which V8 does not count; measured, and rounded up. */
const CONSTRUCTORS = {
  Collator: 4 * KIB,
  DateTimeFormat: 80 * KIB,
  DisplayNames: 4 * KIB,
  DurationFormat: 4 * KIB,
  ListFormat: 4 * KIB,
  NumberFormat: 4 * KIB,
  PluralRules: 8 * KIB,
  RelativeTimeFormat: 10 * KIB,
  Segmenter: 10 * KIB,
} as const;
type Hold = BufferLedger['hold'];

/** Pins the locale and zone that the host would otherwise lend: `en-US` and UTC wherever none is asked for (CONTRACT §6). */
export function pinLocale({ hold }: BufferLedger): void {
  for (const [name, bytes] of Object.entries(CONSTRUCTORS)) {
    const native: unknown = Reflect.get(Intl, name);
    if (typeof native === 'function') pinConstructor(name, native, (made) => hold(made, bytes));
  }
  holdSegments(hold);
  pinDates();
  pinNow();
  pinSimple(Number.prototype, ['toLocaleString'], 0);
  pinSimple(BigInt.prototype, ['toLocaleString'], 0);
  pinSimple(String.prototype, ['toLocaleLowerCase', 'toLocaleUpperCase'], 0);
  pinSimple(String.prototype, ['localeCompare'], 1);
}

// biome-ignore lint: the constructor of an intrinsic is a bare function
function pinConstructor(name: string, native: Function, onMade: (made: object) => void): void {
  const zoned = name === 'DateTimeFormat';
  function Pinned(this: unknown, locales?: unknown, options?: unknown): unknown {
    const args = [locales ?? LOCALE, zoned ? withUtc(options) : options];
    const made: unknown =
      new.target === undefined
        ? Reflect.apply(native, undefined, args)
        : Reflect.construct(native, args, new.target === Pinned ? native : new.target);
    if (isObject(made)) onMade(made);
    return made;
  }
  replaceConstructor(native, Pinned);
  hide(Intl, name, Pinned);
}

/** Segments and their iterators hold the text in a form of their own. */
function holdSegments(hold: Hold): void {
  const { prototype } = Intl.Segmenter;
  const segments: object = Reflect.getPrototypeOf(new Intl.Segmenter('en').segment('')) ?? {};
  const sizes = new WeakMap<object, number>();
  const segment = methodOf(prototype, 'segment');
  const iterate = methodOf(segments, Symbol.iterator);
  const charge = (made: unknown, bytes: number): unknown => {
    if (!isObject(made)) return made;
    hold(made, bytes);
    sizes.set(made, bytes);
    return made;
  };
  const methods = {
    segment(this: unknown, text?: unknown): unknown {
      const source = String(text);
      return charge(Reflect.apply(segment, this, [source]), KIB + source.length * 4);
    },
    iterate(this: object): unknown {
      return charge(Reflect.apply(iterate, this, []), sizes.get(this) ?? KIB);
    },
  };
  hide(prototype, 'segment', Reflect.get(methods, 'segment'));
  hide(segments, Symbol.iterator, Reflect.get(methods, 'iterate'));
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
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(methods)))
    Reflect.defineProperty(prototype, key, { ...descriptor, enumerable: false });
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
