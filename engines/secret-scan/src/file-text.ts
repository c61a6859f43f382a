/** What a file turned out to be. */
export type FileText = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'binary' };

/** A zero byte among so many tells a binary file, as it does for git. */
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

/**
 * Reads a file as text: UTF-8, or UTF-16 with its mark. Bytes that are no UTF-8 become U+FFFD: secrets are ASCII, and a
 * stray byte must not hide the rest of a file.
 */
export function readText(bytes: Uint8Array): FileText {
  if (startsWith(bytes, 0xff, 0xfe)) return { kind: 'text', text: utf16le.decode(bytes) };
  if (startsWith(bytes, 0xfe, 0xff)) return { kind: 'text', text: utf16le.decode(swapped(bytes)) };
  if (bytes.subarray(0, LOOKED_AT).includes(0)) return { kind: 'binary' };
  return { kind: 'text', text: utf8.decode(bytes) };
}
