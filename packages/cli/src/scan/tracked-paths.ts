import { readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const MAX_INDEX_BYTES = 256 * 1024 * 1024;
/** Bytes of an entry before its object id, of an id by either hash, and of the flags behind it. */
const BEFORE_ID = 40;
const ID_BYTES = [20, 32] as const;
const REGULAR = 0o10;

/**
 * Regular files of a directory that git tracks, from the index of the repository around it: `/`-separated, relative to the
 * directory. Git is not run (CONTRACT §14 J). Empty where there is no repository or no index.
 * @param root absolute path of the directory
 * @returns `undefined` when there is an index, and it cannot be read
 */
export function readTracked(root: string): readonly string[] | undefined {
  const place = findIndex(root);
  if (place === undefined) return [];
  const bytes = readBounded(place.index);
  const paths = bytes === undefined ? undefined : ID_BYTES.map((size) => parseIndex(bytes, size)).find(Boolean);
  if (paths === undefined) return undefined;
  const above = relative(place.top, root).split(sep).join('/');
  if (above === '') return paths;
  return paths.flatMap((path) => (path.startsWith(`${above}/`) ? path.slice(above.length + 1) : []));
}

function findIndex(root: string): { readonly top: string; readonly index: string } | undefined {
  for (let top = root; ; top = dirname(top)) {
    const git = join(top, '.git');
    const stats = statSync(git, { throwIfNoEntry: false });
    const named =
      stats?.isFile() === true ? /^gitdir: ([^\n\0]+)/.exec(readBounded(git)?.toString('utf8') ?? '') : null;
    const directory = stats?.isDirectory() === true ? git : named === null ? undefined : resolve(top, named[1] ?? '');
    if (directory !== undefined) {
      const index = join(directory, 'index');
      return statSync(index, { throwIfNoEntry: false }) === undefined ? undefined : { top, index };
    }
    if (dirname(top) === top) return undefined;
  }
}

function readBounded(file: string): Buffer | undefined {
  try {
    const stats = statSync(file);
    return stats.isFile() && stats.size <= MAX_INDEX_BYTES ? readFileSync(file) : undefined;
  } catch {
    return undefined;
  }
}

/** Versions 2 to 4 of git's index; `undefined` for anything else, and for a split one. */
function parseIndex(bytes: Buffer, idBytes: number): string[] | undefined {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'DIRC') return undefined;
  const version = bytes.readUInt32BE(4);
  if (version < 2 || version > 4) return undefined;
  const paths: string[] = [];
  let at = 12;
  let previous = Buffer.alloc(0);
  for (let left = bytes.readUInt32BE(8); left > 0; left -= 1) {
    const start = at + BEFORE_ID + idBytes + 2;
    if (start + 2 > bytes.length) return undefined;
    const flags = bytes.readUInt16BE(start - 2);
    const from = start + ((flags & 0x4000) === 0 ? 0 : 2);
    const shared = version === 4 ? readShared(bytes, from, previous) : { prefix: Buffer.alloc(0), from };
    const end = bytes.indexOf(0, shared?.from ?? bytes.length);
    if (shared === undefined || end === -1) return undefined;
    previous = Buffer.concat([shared.prefix, bytes.subarray(shared.from, end)]);
    if (previous.length === 0 || Math.min(previous.length, 0xfff) !== (flags & 0xfff)) return undefined;
    if (bytes.readUInt32BE(at + 24) >> 12 === REGULAR) paths.push(previous.toString('utf8'));
    at = version === 4 ? end + 1 : at + (((end - at) >> 3) + 1) * 8;
  }
  return bytes.toString('latin1', at, at + 4) === 'link' ? undefined : paths;
}

/** Version 4 says how much of the path before it an entry takes away. */
function readShared(bytes: Buffer, at: number, previous: Buffer): { prefix: Buffer; from: number } | undefined {
  let from = at;
  let value = (bytes[from] ?? 0) & 0x7f;
  while (((bytes[from] ?? 0) & 0x80) !== 0) {
    from += 1;
    value = (value + 1) * 128 + ((bytes[from] ?? 0) & 0x7f);
    if (value > previous.length) return undefined;
  }
  if (value > previous.length) return undefined;
  return { prefix: Buffer.from(previous.subarray(0, previous.length - value)), from: from + 1 };
}
