/**
 * Whole numbers as printable ASCII, so that they can stand in a bundle as one string literal: 45 values a character,
 * least significant first, characters of the upper half say that more follow. Quotes, `\`, `$` and the backquote are left
 * out: nothing needs escaping.
 */
const ALPHABET = ' !#%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~';
const BASE = 45;

const VALUES = new Uint8Array(128);
for (let index = 0; index < ALPHABET.length; index++) VALUES[ALPHABET.charCodeAt(index)] = index;

/** @param numbers whole, from 0 to 2^31 - 1. */
export function packNumbers(numbers: Iterable<number>): string {
  let text = '';
  for (const number of numbers) {
    let rest = number;
    for (; rest >= BASE; rest = Math.floor(rest / BASE)) text += ALPHABET.charAt(BASE + (rest % BASE));
    text += ALPHABET.charAt(rest);
  }
  return text;
}

/** What {@link packNumbers} packed. Other text gives other numbers; it never throws. */
export function unpackNumbers(text: string): Int32Array {
  const numbers = new Int32Array(text.length);
  let count = 0;
  let value = 0;
  let scale = 1;
  for (let at = 0; at < text.length; at++) {
    const digit = VALUES[text.charCodeAt(at)] ?? 0;
    if (digit >= BASE) {
      value += (digit - BASE) * scale;
      scale *= BASE;
      continue;
    }
    numbers[count++] = value + digit * scale;
    value = 0;
    scale = 1;
  }
  return numbers.subarray(0, count);
}
