import { wranglerError } from '../errors.ts';

const PIECE_BYTES = 1024 * 1024;

/** What a text can be written in. A byte order mark says so itself and comes first. */
export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface TextStart {
  readonly encoding: Encoding;
  readonly hasMark: boolean;
}

export function detectEncoding(bytes: Uint8Array, named: Encoding | undefined): TextStart {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: 'utf-8', hasMark: true };
  if (first === 0xff && second === 0xfe) return { encoding: 'utf-16le', hasMark: true };
  if (first === 0xfe && second === 0xff) return { encoding: 'utf-16be', hasMark: true };
  return { encoding: named ?? 'utf-8', hasMark: false };
}

/** Decodes bytes piece by piece, without the byte order mark. @throws EngineError `WRANGLER_NOT_TEXT` */
export function* textPieces(bytes: Uint8Array, { encoding }: TextStart): Generator<{ text: string; isLast: boolean }> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  for (let at = 0; at < bytes.length || at === 0; at += PIECE_BYTES) {
    const isLast = at + PIECE_BYTES >= bytes.length;
    yield { text: decode(decoder, bytes, at, isLast), isLast };
  }
}

function decode(decoder: TextDecoder, bytes: Uint8Array, at: number, isLast: boolean): string {
  try {
    return decoder.decode(bytes.subarray(at, at + PIECE_BYTES), { stream: !isLast });
  } catch (cause) {
    const place = `somewhere from byte ${at} on`;
    const remedy = 'Name the encoding in params.encoding, or hand in UTF-8.';
    throw wranglerError('WRANGLER_NOT_TEXT', `The text is not ${decoder.encoding}, ${place}. ${remedy}`, cause);
  }
}
