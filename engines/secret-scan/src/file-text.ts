/** What a file turned out to be. */
export type FileText = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'binary' };

/** A file without a zero among so many bytes is text, as it is for git; with one it is looked at. */
const LOOKED_AT = 8_000;

const utf8 = new TextDecoder('utf-8');
const utf16le = new TextDecoder('utf-16le');

function startsWith(bytes: Uint8Array, ...mark: readonly number[]): boolean {
  return mark.every((byte, at) => bytes[at] === byte);
}

/** Both bytes of each pair change places. */
function swapped(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length & ~1);
  for (let at = 0; at < out.length; at += 2) {
    out[at] = bytes[at + 1] ?? 0;
    out[at + 1] = bytes[at] ?? 0;
  }
  return out;
}

/** Four bytes a character; what is beyond the first plane is no part of a secret. */
function readUtf32(bytes: Uint8Array, littleEnd: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const units = new Uint16Array(bytes.length >> 2);
  for (let at = 0; at < units.length; at++) units[at] = Math.min(0xfffd, view.getUint32(at * 4, littleEnd));
  return utf16le.decode(new Uint8Array(units.buffer));
}

/** Of so many bytes, a binary file has more that are no text. */
const STRANGE_SHARE = 0.02;
/** Of so many pairs, UTF-16 without a mark has a zero in the same half of all but a few: Latin text is what secrets stand in. */
const PAIR_SHARE = 0.9;

/** What a file with zeroes is, by its beginning. A zero here and there in a text must not hide the rest of it. */
function kindOfZeroes(head: Uint8Array): 'utf16le' | 'utf16be' | 'text' | 'binary' {
  const zeroes = [0, 0];
  let strange = 0;
  for (const [at, byte] of head.entries()) {
    if (byte === 0) zeroes[at & 1] = (zeroes[at & 1] ?? 0) + 1;
    else if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27) || byte > 126) strange++;
  }
  const [even = 0, odd = 0] = zeroes;
  const pairs = head.length / 2;
  if (strange > head.length * STRANGE_SHARE) return 'binary';
  if (odd >= pairs * PAIR_SHARE && even <= pairs * STRANGE_SHARE) return 'utf16le';
  if (even >= pairs * PAIR_SHARE && odd <= pairs * STRANGE_SHARE) return 'utf16be';
  return even + odd <= Math.max(1, head.length * STRANGE_SHARE) && head.length > 2 * LEAST_TEXT ? 'text' : 'binary';
}

/** With less than this nobody can tell. */
const LEAST_TEXT = 8;

/**
 * Reads a file as text: UTF-8, UTF-16 with or without its mark, or UTF-32 with it. Bytes that are no UTF-8 become U+FFFD:
 * secrets are ASCII, and a stray byte must not hide the rest of a file.
 */
export function readText(bytes: Uint8Array): FileText {
  if (startsWith(bytes, 0xff, 0xfe, 0, 0)) return { kind: 'text', text: readUtf32(bytes, true) };
  if (startsWith(bytes, 0, 0, 0xfe, 0xff)) return { kind: 'text', text: readUtf32(bytes, false) };
  if (startsWith(bytes, 0xff, 0xfe)) return { kind: 'text', text: utf16le.decode(bytes) };
  if (startsWith(bytes, 0xfe, 0xff)) return { kind: 'text', text: utf16le.decode(swapped(bytes)) };
  const head = bytes.subarray(0, LOOKED_AT);
  if (!head.includes(0)) return { kind: 'text', text: utf8.decode(bytes) };
  const kind = kindOfZeroes(head);
  if (kind === 'utf16le') return { kind: 'text', text: utf16le.decode(bytes) };
  if (kind === 'utf16be') return { kind: 'text', text: utf16le.decode(swapped(bytes)) };
  return kind === 'text' ? { kind: 'text', text: utf8.decode(bytes) } : { kind: 'binary' };
}
