import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTarball } from '../../src/engine-package/read-tarball.ts';
import { TarFault } from '../../src/engine-package/tar-header.ts';
import { attributes, makeTar, makeTarball, type TarEntry } from './make-tarball.ts';

const text = (files: ReturnType<typeof readTarball>) =>
  Object.fromEntries([...files].map(([path, content]) => [path, Buffer.from(content).toString()]));
const why = (archive: Uint8Array, maxBytes?: number): string => {
  try {
    readTarball(archive, maxBytes);
    return 'accepted';
  } catch (error) {
    if (error instanceof TarFault) return error.message;
    throw error;
  }
};

it('reads the files of a package below its one folder', () => {
  const archive = makeTarball([
    { path: 'package/', type: '5' },
    { path: 'package/package.json', content: '{}' },
    { path: 'package/dist/manifest.json', content: 'x'.repeat(513) },
    { path: 'package/empty' },
  ]);
  expect(text(readTarball(archive))).toEqual({
    'package.json': '{}',
    'dist/manifest.json': 'x'.repeat(513),
    empty: '',
  });
});

it('reads a long name from the attributes before it, for that file only', () => {
  const long = `package/${'a'.repeat(200)}/b.json`;
  const archive = makeTarball([
    { path: 'pax_global_header', type: 'g', content: attributes(['comment', 'f00']) },
    { path: 'PaxHeader/b.json', type: 'x', content: attributes(['mtime', '1.5'], ['path', long]) },
    { path: 'package/short', content: '1' },
    { path: 'package/c.json', content: '2' },
  ]);
  expect(text(readTarball(archive))).toEqual({ [long.slice('package/'.length)]: '1', 'c.json': '2' });
});

const one = (entry: Partial<TarEntry>): readonly TarEntry[] => [{ path: 'package/a', content: 'a', ...entry }];

describe('[§14 B] refuses the whole archive', () => {
  it.each<[string, readonly TarEntry[], RegExp]>([
    ['a path that leads out', one({ path: 'package/../../etc/passwd' }), /cannot be put below/],
    ['an absolute path', one({ path: '/etc/passwd' }), /cannot be put below/],
    ['a drive', one({ path: 'package/c:evil' }), /cannot be put below/],
    ['a path of Windows', one({ path: 'package\\..\\evil' }), /cannot be put below/],
    ['a current directory', one({ path: './package/a' }), /cannot be put below/],
    ['a double slash', one({ path: 'package//a' }), /cannot be put below/],
    ['a name that ends in a dot', one({ path: 'package/a.' }), /cannot be put below/],
    ['a control character', one({ path: 'package/a\u001b[2J' }), /cannot be put below/],
    ['a name that is not composed', one({ path: 'package/e\u0301' }), /cannot be put below/],
    [
      'a path out by way of attributes',
      [{ path: 'x', type: 'x', content: attributes(['path', '../evil']) }, ...one({})],
      /cannot be put below/,
    ],
    [
      'a name for all files',
      [{ path: 'g', type: 'g', content: attributes(['path', 'package/x']) }, ...one({})],
      /alike/,
    ],
    [
      'a size in the attributes',
      [{ path: 'x', type: 'x', content: attributes(['size', '0']) }, ...one({})],
      /attribute size/,
    ],
    ['attributes that are damaged', [{ path: 'x', type: 'x', content: '999 path=a\n' }, ...one({})], /damaged/],
    ['a symbolic link', one({ type: '2', content: '' }), /symbolic link/],
    ['a hard link', one({ type: '1', content: '' }), /hard link/],
    ['a device', one({ type: '3', content: '' }), /device/],
    ['a pipe', one({ type: '6', content: '' }), /pipe/],
    ['a long name of GNU tar', one({ type: 'L' }), /type "L"/],
    ['a name twice', [...one({}), ...one({})], /twice/],
    ['names that differ in case', [...one({}), ...one({ path: 'package/A' })], /case/],
    ['a file that is a folder', [...one({}), ...one({ path: 'package/a/b' })], /folder/],
    ['two roots', [...one({}), ...one({ path: 'other/b' })], /one folder/],
    ['a file beside the root', one({ path: 'a' }), /one folder/],
    ['a wrong sum', one({ checksum: '000000\0 ' }), /damaged/],
    ['a size that is no number', one({ size: 'a lot\0' }), /is none/],
    ['a size beyond the end', one({ size: '77777777777\0' }), /ends in the middle/],
    ['another form', one({ magic: 'GNUtar' }), /POSIX/],
  ])('%s', (_name, entries, words) => {
    expect(why(makeTarball(entries))).toMatch(words);
  });

  it('what is no gzip, what ends in the middle, what goes on after the end', () => {
    expect(why(Buffer.from('PK'))).toMatch(/no gzip/);
    expect(why(makeTarball(one({}), new Uint8Array(0)))).toMatch(/middle/);
    expect(why(gzipSync(makeTar(one({})).subarray(0, 700)))).toMatch(/middle/);
    expect(why(makeTarball(one({}), Buffer.concat([Buffer.alloc(1024), Buffer.from('more')])))).toMatch(/follows/);
  });

  it('more than it may hold, without unpacking it', () => {
    const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(20_000);
    expect(why(bomb, 1024 * 1024)).toMatch(/more than 1048576 bytes/);
  });

  it('or reads it: any changed byte of an archive gives files or a fault, never anything else', () => {
    const archive = makeTar([...one({}), { path: 'package/dist/b', content: 'b'.repeat(600) }]);
    fc.assert(
      fc.property(fc.nat(archive.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(archive);
        changed[at] = byte;
        expect(why(gzipSync(changed, { level: 1 }))).toBeTypeOf('string');
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});
