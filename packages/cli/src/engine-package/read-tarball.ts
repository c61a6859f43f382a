import { gunzipSync } from 'node:zlib';
import { decodeTarText, parseTarHeader, TAR_BLOCK, TarFault } from './tar-header.ts';

/** Most bytes of a package after decompression. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;
const MAX_ENTRIES = 10_000;
const MAX_ATTRIBUTE_BYTES = 64 * 1024;
const MAX_PATH_CHARS = 1_024;

export type TarballFiles = ReadonlyMap<string, Uint8Array>;

/**
 * The regular files of an npm package archive (`npm pack`), by path below its one root folder. Everything is looked at
 * before anything is given back: a path that leads out, a link, a device, a name twice or more than
 * {@link MAX_UNPACKED_BYTES} refuse the whole archive.
 * @throws TarFault with what is wrong, as a clause
 */
export function readTarball(compressed: Uint8Array, maxBytes = MAX_UNPACKED_BYTES): TarballFiles {
  const files = new Map<string, Uint8Array>();
  let root: string | undefined;
  for (const { path, content } of entriesOf(unzip(compressed, maxBytes))) {
    const [first = '', ...rest] = safeSegments(path);
    root ??= first;
    if (first !== root || rest.length === 0) throw new TarFault('its files are not below one folder');
    addFile(files, rest.join('/'), content);
  }
  verifyTree(files);
  return files;
}

/** A few bytes can stand for any number of them, so the bound is the decompressor's. */
function unzip(compressed: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return gunzipSync(compressed, { maxOutputLength: maxBytes });
  } catch (error) {
    const isBomb = error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw new TarFault(isBomb ? `it unpacks to more than ${maxBytes} bytes` : 'it is no gzip file');
  }
}

function* entriesOf(archive: Uint8Array): Iterable<{ readonly path: string; readonly content: Uint8Array }> {
  let longPath: string | undefined;
  let count = 0;
  for (let at = 0; ; ) {
    const block = archive.subarray(at, at + TAR_BLOCK);
    if (block.length < TAR_BLOCK) throw new TarFault('it ends in the middle');
    if (block.every((byte) => byte === 0)) return verifyEnd(archive.subarray(at));
    const { path, size, type } = parseTarHeader(block);
    const content = archive.subarray(at + TAR_BLOCK, at + TAR_BLOCK + size);
    if (content.length < size) throw new TarFault('it ends in the middle');
    if (++count > MAX_ENTRIES) throw new TarFault(`it has more than ${MAX_ENTRIES} entries`);
    at += TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
    if (type === 'x' || type === 'g') {
      longPath = readAttributes(content, type) ?? (type === 'g' ? longPath : undefined);
      continue;
    }
    if (type === '0') yield { path: longPath ?? path, content };
    // Folders come into being with their files.
    else if (type !== '5') throw new TarFault(`it has ${NAMES[type] ?? `an entry of type ${JSON.stringify(type)}`}`);
    longPath = undefined;
  }
}

const NAMES: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '6': 'a pipe',
};

function verifyEnd(rest: Uint8Array): void {
  if (rest.some((byte) => byte !== 0)) throw new TarFault('something follows its end');
}

/** POSIX attributes, `<length> <name>=<value>\n`. Only a longer name of the next file is used, and none that changes its size. */
function readAttributes(content: Uint8Array, type: string): string | undefined {
  if (content.length > MAX_ATTRIBUTE_BYTES) throw new TarFault('it has very long attributes');
  let path: string | undefined;
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const length = Number(decodeTarText(content.subarray(at, space)));
    if (space === -1 || !Number.isSafeInteger(length) || length <= space - at || at + length > content.length)
      throw new TarFault('its attributes are damaged');
    const [name, value] = splitOnce(decodeTarText(content.subarray(space + 1, at + length - 1)));
    if (name === 'size' || name === 'linkpath' || name.startsWith('GNU.sparse'))
      throw new TarFault(`it uses the attribute ${name}`);
    if (name === 'path') {
      if (type === 'g') throw new TarFault('it names all its files alike');
      path = value;
    }
    at += length;
  }
  return path;
}

function splitOnce(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** The parts of a path that can lead nowhere but down, on any system. */
function safeSegments(path: string): string[] {
  const isSafe = path.length <= MAX_PATH_CHARS && path === path.normalize('NFC') && !/[\p{C}\\:*?"<>|]/u.test(path);
  const segments = path.split('/');
  const isDown = segments.every((part) => part !== '' && part !== '.' && part !== '..' && !/[. ]$/.test(part));
  if (!isSafe || !isDown)
    throw new TarFault(`it has a file that cannot be put below a folder: ${JSON.stringify(path.slice(0, 100))}`);
  return segments;
}

function addFile(files: Map<string, Uint8Array>, path: string, content: Uint8Array): void {
  if (files.has(path)) throw new TarFault(`it has ${JSON.stringify(path.slice(0, 100))} twice`);
  files.set(path, content);
}

/** On a file system without case, and with a file where another needs a folder, one would be written over another. */
function verifyTree(files: TarballFiles): void {
  const folded = new Set([...files.keys()].map((path) => path.toLowerCase()));
  if (folded.size < files.size) throw new TarFault('two of its names differ in case only');
  for (const path of folded)
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1))
      if (folded.has(path.slice(0, at))) throw new TarFault('a file of it is a folder, too');
}
