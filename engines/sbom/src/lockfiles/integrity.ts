import type { PackageHash } from '../model.ts';

type Algorithm = PackageHash['algorithm'];

const ALGORITHMS: ReadonlyMap<string, { algorithm: Algorithm; bytes: number }> = new Map([
  ['md5', { algorithm: 'MD5', bytes: 16 }],
  ['sha1', { algorithm: 'SHA-1', bytes: 20 }],
  ['sha256', { algorithm: 'SHA-256', bytes: 32 }],
  ['sha384', { algorithm: 'SHA-384', bytes: 48 }],
  ['sha512', { algorithm: 'SHA-512', bytes: 64 }],
]);

/** No real integrity string lists more digests than this; a longer one is cut here. */
const MAX_DIGESTS = 16;
const MAX_LENGTH = 4096;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const SEXTETS: readonly number[] = sextets();

function sextets(): number[] {
  const table = Array.from({ length: 128 }, () => -1);
  for (let value = 0; value < ALPHABET.length; value++) table[ALPHABET.charCodeAt(value)] = value;
  table['-'.charCodeAt(0)] = 62;
  table['_'.charCodeAt(0)] = 63;
  return table;
}

/** Digits are collected here: appending them to a text one by one is several times slower, and lockfiles are full of them. */
const SCRATCH = new Uint8Array(256);
const ASCII = new TextDecoder();
const HEX_DIGITS: readonly number[] = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** Base64 (plain or URL alphabet, padding optional, at most 128 characters) to lower-case hex; `undefined` when a character does not belong. */
function hexFromBase64(text: string): string | undefined {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 61) end--;
  let length = 0;
  let bits = 0;
  let held = 0;
  for (let at = 0; at < end; at++) {
    const sextet = SEXTETS[text.charCodeAt(at)] ?? -1;
    if (sextet < 0) return undefined;
    bits = ((bits << 6) | sextet) & 0xffff;
    held += 6;
    while (held >= 4) {
      held -= 4;
      SCRATCH[length++] = HEX_DIGITS[(bits >> held) & 0xf] ?? 0;
    }
  }
  return ASCII.decode(SCRATCH.subarray(0, Math.floor((end * 6) / 8) * 2));
}

/**
 * The digests of a Subresource Integrity string (`sha512-<base64>`, several separated by spaces).
 * Unknown algorithms and digests of the wrong length are left out: a hash that cannot be right is worse than none.
 */
export function parseIntegrity(integrity: string): PackageHash[] {
  const hashes: PackageHash[] = [];
  if (integrity.length > MAX_LENGTH) return hashes;
  const parts = /\s/.test(integrity) ? integrity.trim().split(/\s+/, MAX_DIGESTS) : [integrity];
  for (const part of parts) {
    const dash = part.indexOf('-');
    const known = ALGORITHMS.get(part.slice(0, dash < 0 ? 0 : dash));
    // The longest digest has 88 characters of base64.
    if (known === undefined || part.length > 128) continue;
    const question = part.indexOf('?');
    const hex = hexFromBase64(part.slice(dash + 1, question < 0 ? undefined : question));
    if (hex !== undefined && hex.length === known.bytes * 2) hashes.push({ algorithm: known.algorithm, hex });
  }
  return hashes;
}

/** A SHA-1 written as 40 hex digits, as Yarn 1 appends it to a tarball's URL; `undefined` for anything else. */
export function parseSha1(hex: string): PackageHash | undefined {
  return /^[0-9a-fA-F]{40}$/.test(hex) ? { algorithm: 'SHA-1', hex: hex.toLowerCase() } : undefined;
}
