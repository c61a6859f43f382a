import { utf8Bytes } from '../mask/encodings.ts';

/** Absent in some sandboxes. */
const encoder = typeof TextEncoder === 'undefined' ? undefined : new TextEncoder();

/** UTF-8 of a text. Half a surrogate pair becomes U+FFFD. */
export function bytesOfText(text: string): Uint8Array {
  return encoder === undefined ? Uint8Array.from(utf8Bytes(text)) : encoder.encode(text);
}

/** The same stretch in UTF-16 code units instead of bytes of UTF-8. */
export function placeInText<T extends { readonly start: number; readonly end: number }>(place: T, text: string): T {
  const toUnits = unitsOf(text);
  return { ...place, start: toUnits(place.start), end: toUnits(place.end) };
}

/** Turns byte offsets into offsets of code units; cheapest when asked in ascending order. */
export function unitsOf(text: string): (bytes: number) => number {
  let unit = 0;
  let byte = 0;
  return (target) => {
    if (target < byte) [unit, byte] = [0, 0];
    while (byte < target && unit < text.length) {
      const code = text.codePointAt(unit) ?? 0;
      byte += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      unit += code < 0x10000 ? 1 : 2;
    }
    return unit;
  };
}
