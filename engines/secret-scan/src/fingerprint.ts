import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** What a fingerprint is made of. */
export interface FingerprintSource {
  readonly rule: string;
  readonly path: string;
  readonly value: string;
  /** The line around the value, with every secret in it masked. */
  readonly maskedLine: string;
  /** The value was drawn at random and is too long to be guessed. */
  readonly strong: boolean;
}

/** Hexadecimal digits of a fingerprint: 128 bits. */
const DIGITS = 32;

/**
 * Names a finding across scans, also when lines move. The digest of a value joins in only when the value cannot be guessed;
 * of a password a plain digest would give away the password to whoever tries a list. Those are told by the line around
 * them instead.
 */
export function fingerprintOf({ rule, path, value, maskedLine, strong }: FingerprintSource): string {
  const parts = ['mex.secret_fingerprint@1', rule, path, strong ? 'value' : 'line', strong ? value : maskedLine.trim()];
  return bytesToHex(sha256(utf8ToBytes(parts.map((part) => `${part.length}:${part.toWellFormed()}`).join('\n')))).slice(
    0,
    DIGITS,
  );
}

/** Tells in memory whether two values are the same. A password can be guessed from it, so it is never shown or kept. */
export function valueMark(value: string): string {
  return bytesToHex(sha256(utf8ToBytes(value.toWellFormed())));
}

/** Bits of a value by the frequencies of its characters: an upper bound that words and repetitions keep low. */
function bitsOf(value: string): number {
  const counts = new Map<string, number>();
  for (const char of value) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= count * Math.log2(count / value.length);
  return bits;
}

/** Rules whose values people make up. */
const MADE_UP = /password|url-|command-line-user|http-basic/;
/** A random value below this may be found by trying. */
const LEAST_BITS = 72;

/** Whether a value is one that a service drew at random and that nobody can find by trying. */
export function isStrong(rule: string, confidence: string, value: string): boolean {
  return confidence !== 'low' && !MADE_UP.test(rule) && value.length >= 20 && bitsOf(value) >= LEAST_BITS;
}
