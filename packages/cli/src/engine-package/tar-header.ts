/** One block of a tar archive, in bytes. */
export const TAR_BLOCK = 512;

/** What a tar archive does that no package needs, or that would lead out of where it is unpacked. The text is a clause. */
export class TarFault extends Error {}

/** The header of one entry. */
export interface TarHeader {
  readonly path: string;
  readonly size: number;
  /** Type flag: `0` file, `5` directory, `x` and `g` POSIX attributes. */
  readonly type: string;
}

/**
 * Reads one header block (POSIX ustar, as package managers write it).
 * @throws TarFault
 */
export function parseTarHeader(block: Uint8Array): TarHeader {
  verifyChecksum(block);
  if (textAt(block, 257, 5) !== 'ustar') throw new TarFault('it is not in POSIX ustar form');
  const prefix = textAt(block, 345, 155);
  const name = textAt(block, 0, 100);
  const type = String.fromCharCode(block[156] ?? 0).replace('\0', '0');
  return { path: prefix === '' ? name : `${prefix}/${name}`, size: octalAt(block, 124, 12), type };
}

/** The sum over all bytes of the header, those of the sum itself read as spaces. */
function verifyChecksum(block: Uint8Array): void {
  let sum = 0;
  for (let at = 0; at < TAR_BLOCK; at++) sum += at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0);
  if (sum !== octalAt(block, 148, 8)) throw new TarFault('a header of it is damaged');
}

function octalAt(block: Uint8Array, at: number, length: number): number {
  const text = textAt(block, at, length).trim();
  if (!/^[0-7]{1,11}$/.test(text)) throw new TarFault('a number in a header of it is none');
  return Number.parseInt(text, 8);
}

function textAt(block: Uint8Array, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return decodeTarText(end === -1 ? field : field.subarray(0, end));
}

/** @throws TarFault when it is no UTF-8 */
export function decodeTarText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new TarFault('a name in it is no UTF-8');
  }
}
