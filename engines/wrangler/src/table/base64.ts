const STEP = 0x6000;

/** Base64 with padding, as RFC 4648 §4. */
export function toBase64(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; at += STEP) out += btoa(String.fromCharCode(...bytes.subarray(at, at + STEP)));
  return out;
}

/** @throws when the text is not Base64. */
export function fromBase64(text: string): Uint8Array {
  const plain = atob(text);
  const bytes = new Uint8Array(plain.length);
  for (let at = 0; at < plain.length; at += 1) bytes[at] = plain.charCodeAt(at);
  return bytes;
}
