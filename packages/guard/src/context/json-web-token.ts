const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Decodes the first `most` characters of base64 or base64url; stops at anything else. */
export function decodeBase64Start(text: string, most: number): string {
  let bits = 0;
  let held = 0;
  let out = '';
  const end = Math.min(text.length, most);
  for (let i = 0; i < end; i++) {
    const char = text.charAt(i);
    const value = ALPHABET.indexOf(char === '-' ? '+' : char === '_' ? '/' : char);
    if (value < 0) break;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += String.fromCharCode((bits >> held) & 0xff);
    }
  }
  return out;
}

/** The header of a JWT is a JSON object. */
export function isJsonWebToken(value: string): boolean {
  return /^\{\s{0,4}"[\w#-]{1,16}"\s{0,4}:/.test(decodeBase64Start(value, 120));
}

/** A JWT that was encoded once more. */
export function isWrappedJsonWebToken(value: string): boolean {
  return isJsonWebToken(decodeBase64Start(value, 200));
}
