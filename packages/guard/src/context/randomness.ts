import { distinctCount } from './placeholder.ts';

/** Bits per character, from the characters' own frequencies. */
export function shannonEntropy(value: string): number {
  const counts = new Map<string, number>();
  for (const char of value) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
export const isUuid = (value: string): boolean => UUID.test(value);
export const isHex = (value: string): boolean => /^[0-9a-f]+$/i.test(value);

function countOf(value: string, pattern: RegExp): number {
  return value.match(pattern)?.length ?? 0;
}

/**
 * Letters only: random when the cases alternate like no camel-cased name does, or when it cannot be spoken.
 * The parts of a name between its humps are words: of three letters and more, with a vowel.
 */
function isRandomLetters(value: string): boolean {
  if (value.length < 18 || distinctCount(value) < 10) return false;
  const humps = value.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? [];
  const odd = humps.filter((hump) => hump.length < 3 || !/[aeiouy]/i.test(hump));
  if (humps.length >= 5 && odd.length >= humps.length * 0.4) return true;
  return countOf(value, /[aeiouy]/gi) < value.length * 0.22 || humps.some((hump) => /[^aeiouy]{6}/i.test(hump));
}

/** A run of letters and digits that no word or version number explains. */
function isRandomSegment(segment: string, least: number): boolean {
  if (segment.length < least) return false;
  const digits = countOf(segment, /\d/g);
  const letters = countOf(segment, /[A-Za-z]/g);
  if (letters === 0) return digits >= 15 && distinctCount(segment) >= 4;
  if (digits === 0 || (digits === 1 && letters > 15)) return isRandomLetters(segment.replace(/\d/, ''));
  if (distinctCount(segment) < Math.min(8, least / 2)) return false;
  const turns = countOf(segment, /[A-Za-z](?=\d)|\d(?=[A-Za-z])/g);
  return digits >= 2 && (turns >= 2 || digits >= 4 || segment.length >= 20);
}

/** Every character once: the alphabet of an encoding. */
function isAlphabet(value: string): boolean {
  return value.length >= 60 && distinctCount(value) === value.length;
}

/**
 * Whether a value looks drawn at random rather than written.
 * @param least shortest run of letters and digits that counts as evidence, in characters
 */
export function looksRandom(value: string, least = 12): boolean {
  if (isUuid(value)) return distinctCount(value) > 4;
  if (value.length < least || isAlphabet(value)) return false;
  for (const segment of value.split(/[^A-Za-z0-9]+/)) if (isRandomSegment(segment, least)) return true;
  if (value.length >= 20 && countOf(value, /[!@#$%^&*~]/g) >= 3) {
    return countOf(value, /\d/g) >= 4 && countOf(value, /[A-Za-z]/g) >= 6 && !/[\s(){}<>]/.test(value);
  }
  // Groups of letters and digits like a UUID's, but of another length or alphabet.
  if (value.length >= 28 && /^[0-9a-z]{1,12}(?:-[0-9a-z]{2,14}){3,8}$/i.test(value) && countOf(value, /\d/g) >= 7)
    return true;
  const solid = value.replace(/[^A-Za-z0-9]+/g, '');
  // Base64 and the like are cut by their own punctuation: judge them whole, but not paths and sentences.
  return (
    value.length >= 20 &&
    solid.length >= value.length * 0.8 &&
    shannonEntropy(value) >= 3.6 &&
    countOf(solid, /\d/g) >= 2 &&
    countOf(solid, /[a-z]/gi) > 3 &&
    countOf(value, /[a-zA-Z]\d|\d[a-zA-Z]|[a-z][A-Z]/g) >= value.length / 5
  );
}
