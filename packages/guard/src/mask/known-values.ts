import { MexError } from '@mex/envelope';
import { base64Cores, toHex, utf8Bytes } from './encodings.ts';

/** Codes this package throws. */
export type GuardErrorCode = 'GUARD_SECRET_TOO_SHORT';

/** A shorter value stands in ordinary text by chance and cannot be looked for. */
export const SHORTEST_KNOWN_VALUE = 6;
/** Parts of an encoding shorter than this are not looked for. */
const SHORTEST_FORM = 8;

function urlEncoded(value: string): string[] {
  const encoded = encodeURIComponent(value.toWellFormed());
  const everything = utf8Bytes(value)
    .map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
    .join('');
  return [
    encoded,
    encoded.replaceAll('%20', '+'),
    encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    encoded.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
    everything,
    everything.toUpperCase(),
  ];
}

/** A value and everything it is looked for as: base64 at any offset, base64url, hex, URL and JSON escapes, reversed. */
function formsOf(value: string): string[] {
  const bytes = utf8Bytes(value);
  const hex = toHex(bytes);
  const cores = base64Cores(bytes);
  const derived = [
    ...cores,
    ...cores.map((core) => core.replaceAll('+', '-').replaceAll('/', '_')),
    hex,
    hex.toUpperCase(),
    ...urlEncoded(value),
    JSON.stringify(value).slice(1, -1),
    Array.from(value).reverse().join(''),
  ];
  return [...new Set([value, ...derived.filter((form) => form.length >= Math.min(SHORTEST_FORM, value.length))])];
}

/** Refuses a value whose leaking cannot be told from chance; `position` counts from 0. */
export function verifyLongEnough(value: string, position: number): void {
  if (value.length >= SHORTEST_KNOWN_VALUE) return;
  throw new MexError<GuardErrorCode>({
    code: 'GUARD_SECRET_TOO_SHORT',
    kind: 'policy',
    message: `Secret number ${position + 1} has fewer than ${SHORTEST_KNOWN_VALUE} characters, so its leaking cannot be told from chance.`,
    remedy: `Store a secret of at least ${SHORTEST_KNOWN_VALUE} characters.`,
  });
}

/** Every form of every value, longest first so that a value inside another does not leave its rest behind. */
export function formsOfAll(values: readonly string[]): string[] {
  return [...new Set(values.flatMap(formsOf))].sort((a, b) => b.length - a.length);
}
