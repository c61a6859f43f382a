/** How one ecosystem orders its versions. */
export interface VersionOrder {
  /** Whether the text is a version this order can place. */
  accepts(text: string): boolean;
  /**
   * Negative, zero or positive. Zero means the same version, which may be spelt differently (`1.0` and `1.0.0` on PyPI).
   * @throws RangeError when `accepts` says no to either.
   */
  compare(a: string, b: string): number;
}

/** Parsed versions an order remembers: advisories repeat the same few, and parsing costs more than comparing. */
const MAX_REMEMBERED = 4_096;
/** UTF-16 units; real versions have a few dozen. Longer ones are no versions. */
const MAX_VERSION_CHARS = 256;

/**
 * Makes an order from a parser and a comparison of what it parses.
 * `parse` returns `undefined` for what is no version; it is never given more than 256 units.
 */
export function createVersionOrder<V>(
  parse: (text: string) => V | undefined,
  compare: (a: V, b: V) => number,
): VersionOrder {
  const remembered = new Map<string, { readonly value: V | undefined }>();
  const read = (text: string): V | undefined => {
    const known = remembered.get(text);
    if (known !== undefined) return known.value;
    const value = text.length > MAX_VERSION_CHARS ? undefined : parse(text);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(text, { value });
    return value;
  };
  const need = (text: string): V => {
    const value = read(text);
    if (value === undefined)
      throw new RangeError(`Not a version of this ecosystem: ${JSON.stringify(text.slice(0, 80))}`);
    return value;
  };
  return {
    accepts: (text) => read(text) !== undefined,
    compare: (a, b) => (a === b && read(a) !== undefined ? 0 : compare(need(a), need(b))),
  };
}

/** Compares two runs of decimal digits by value, of any length: a time stamp in a version is beyond what a double holds. */
export function compareDigits(a: string, b: string): number {
  const left = trimZeros(a);
  const right = trimZeros(b);
  return left.length - right.length || compareText(left, right);
}

function trimZeros(digits: string): string {
  let at = 0;
  while (at < digits.length - 1 && digits.charCodeAt(at) === 0x30) at++;
  return at === 0 ? digits : digits.slice(at);
}

/** Code-unit order. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Compares lists of digit runs; what is missing counts as zero. */
export function compareNumbers(a: readonly string[], b: readonly string[]): number {
  const length = Math.max(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = compareDigits(a[index] ?? '0', b[index] ?? '0');
    if (order !== 0) return order;
  }
  return 0;
}
