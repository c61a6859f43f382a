const BLOCK = 512;

/**
 * Files as a USTAR archive: sorted by name, no owner, no time, so that the same files give the same bytes. Names are
 * ASCII and at most 100 characters.
 */
export function writeTar(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const names = [...files.keys()].sort();
  const size = names.reduce((sum, name) => sum + BLOCK + padded(files.get(name)?.length ?? 0), 2 * BLOCK);
  const archive = new Uint8Array(size);
  let at = 0;
  for (const name of names) {
    const bytes = files.get(name) ?? new Uint8Array();
    archive.set(header(name, bytes.length), at);
    archive.set(bytes, at + BLOCK);
    at += BLOCK + padded(bytes.length);
  }
  return archive;
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function header(name: string, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const encoder = new TextEncoder();
  const field = (text: string, at: number): void => block.set(encoder.encode(text), at);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  field(name, 0);
  field(`${octal(0o644, 7)}\0`, 100);
  field(`${octal(0, 7)}\0`, 108);
  field(`${octal(0, 7)}\0`, 116);
  field(`${octal(size, 11)}\0`, 124);
  field(`${octal(0, 11)}\0`, 136);
  field('        ', 148);
  field('0', 156);
  field('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  field(`${octal(sum, 6)}\0 `, 148);
  return block;
}
