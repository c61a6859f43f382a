import { gzipSync } from 'node:zlib';

const BLOCK = 512;

/** One entry of an archive, right or wrong. */
export interface TarEntry {
  readonly path: string;
  readonly content?: string | Uint8Array;
  /** Type flag; default a regular file. */
  readonly type?: string;
  /** What the header says of the size, where it lies. */
  readonly size?: string;
  readonly checksum?: string;
  readonly magic?: string;
}

/** The bytes of a tar archive, POSIX ustar, before compression. */
export function makeTar(entries: readonly TarEntry[], end: Uint8Array = Buffer.alloc(2 * BLOCK)): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), end]);
}

export function makeTarball(entries: readonly TarEntry[], end?: Uint8Array): Buffer {
  return gzipSync(makeTar(entries, end));
}

/** POSIX attributes, as npm writes them for long names. */
export function attributes(...pairs: readonly (readonly [string, string])[]): string {
  return pairs
    .map(([name, value]) => {
      const rest = ` ${name}=${value}\n`;
      let length = rest.length + 1;
      while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length;
      return `${length}${rest}`;
    })
    .join('');
}

function entryBlocks({ path, content = '', type = '0', size, checksum, magic = 'ustar\0' }: TarEntry): Buffer[] {
  const body = Buffer.from(content);
  const header = Buffer.alloc(BLOCK);
  header.write(path.slice(0, 100), 0);
  header.write('0000644\0', 100);
  header.write(size ?? `${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(magic, 257);
  header.write('00', 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)];
}
