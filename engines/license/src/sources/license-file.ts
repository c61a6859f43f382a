import { type Detection, detectLicenses } from '../text/detection.ts';

/** What a license file turned out to be. */
export type FileReading =
  | { readonly kind: 'text'; readonly detection: Detection }
  | { readonly kind: 'skipped'; readonly code: FileSkipErrorCode; readonly reason: string };

export type FileSkipErrorCode = 'LICENSE_FILE_TOO_LARGE' | 'LICENSE_FILE_BINARY' | 'LICENSE_FILE_UNREADABLE';

/** Reads the bytes of a license file. Never throws for what they are. */
export function readLicenseFile(bytes: Uint8Array): FileReading {
  const text = decodeText(bytes);
  if (text === undefined) return { kind: 'skipped', code: 'LICENSE_FILE_BINARY', reason: 'it is no text' };
  return { kind: 'text', detection: detectLicenses(text) };
}

/** UTF-8, UTF-16 with its mark, else Latin-1, which old license files are written in. `undefined` for what is no text. */
export function decodeText(bytes: Uint8Array): string | undefined {
  const [first = 0, second = 0] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  let controls = 0;
  for (const byte of bytes) {
    if (byte === 0) return undefined;
    if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) controls++;
  }
  if (controls * 50 > bytes.length) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}
