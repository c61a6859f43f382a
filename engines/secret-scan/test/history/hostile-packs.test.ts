import { describe, expect, it } from 'vitest';
import { token } from '../tree.ts';
import { type Files, scanMade } from './made.ts';
import {
  bytes,
  commitOf,
  copyOf,
  delta,
  idOf,
  looseFile,
  type PackEntry,
  packedFiles,
  plain,
  repositoryOf,
  repositoryWith,
  treeOf,
  writeIndex,
  writePack,
} from './repository-writer.ts';

const SECRET = plain('blob', `key = '${token(1)}'\n`);

/** A commit with a file that holds a secret, and one more object under a name of its own. */
function around(...more: readonly PackEntry[]): { entries: PackEntry[]; tip: string } {
  const tree = treeOf([
    ...more.map(({ id }, at) => ['100644', `a${at}.txt`, id] as const),
    ['100644', 'secret.ts', SECRET.id],
  ]);
  const commit = commitOf(tree.id);
  return { entries: [commit, tree, SECRET, ...more], tip: commit.id };
}

async function scanAround(...more: readonly PackEntry[]) {
  const { entries, tip } = around(...more);
  return scanMade(packedFiles(entries, tip));
}

/** What is sound is scanned, and what is not is told. */
const onlyGap = (reason: string, count = 1) => ({ reasons: [[reason, count]], paths: ['secret.ts'] });

describe('[§14] packs that somebody made up', () => {
  it('a sound one has no gaps', async () => {
    expect(await scanAround(plain('blob', 'x'))).toMatchObject({ reasons: [], paths: ['secret.ts'] });
  });

  it('deltas by offset and by name, also of one another', async () => {
    const base = plain('blob', `${'a '.repeat(100)}${token(2)}`);
    const made = bytes(`${token(2)}\nb\n`);
    const first = {
      id: idOf('blob', made),
      type: 7,
      base: base.id,
      raw: delta(240, 43, [...copyOf(200, 40), 3, 10, 98, 10]),
    };
    const more = bytes('b\nb\n');
    const second = {
      id: idOf('blob', more),
      type: 7,
      base: first.id,
      raw: delta(43, 4, [...copyOf(41, 2), ...copyOf(41, 2)]),
    };
    const scan = await scanAround(second, base, first);
    expect(scan).toMatchObject({ reasons: [], paths: ['a1.txt', 'a2.txt', 'secret.ts'] });
  });

  it('a circle of deltas', async () => {
    const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
    const raw = delta(4, 4, copyOf(0, 4));
    expect(await scanAround({ id: a, type: 7, base: b, raw }, { id: b, type: 7, base: a, raw })).toMatchObject(
      onlyGap('malformed', 2),
    );
  });

  it('a delta of itself, of what lies outside, of nothing', async () => {
    const raw = delta(4, 4, copyOf(0, 4));
    const entries = [0, 1, 99_999].map((base, at) => ({ id: `${at}`.repeat(40), type: 6, base, raw }));
    expect(await scanAround(...entries)).toMatchObject(onlyGap('malformed', 3));
  });

  it('content that is not what its name says', async () => {
    expect(await scanAround({ ...plain('blob', 'x'), id: 'c'.repeat(40) })).toMatchObject(onlyGap('wrong-id'));
  });

  it.each([
    ['more than they hold', 6],
    ['less than they hold', 4],
    ['far more than they can hold', 2 ** 25],
    ['terabytes', 2 ** 42],
  ])('sizes that say %s', async (_, size) => {
    const [gap] = (await scanAround({ ...plain('blob', 'hello'), size })).reasons;
    expect(gap?.[0]).toBe(size > 2 ** 20 ? 'too-large' : 'malformed');
  });

  it.each([
    ['a base of another size', delta(9, 4, copyOf(0, 4))],
    ['more than the base has', delta(4, 4, copyOf(2, 4))],
    ['more than it says', delta(4, 4, [...copyOf(0, 4), ...copyOf(0, 4)])],
    ['less than it says', delta(4, 9, copyOf(0, 4))],
    ['an instruction that nobody defined', delta(4, 4, [0])],
    ['an instruction that is cut off', delta(4, 4, [0x91])],
    ['letters that are cut off', delta(4, 4, [9, 97])],
    ['no sizes', new Uint8Array([0x80, 0x80])],
    ['nothing', new Uint8Array()],
  ])('a delta with %s', async (_, raw) => {
    const base = plain('blob', 'base');
    expect(await scanAround(base, { id: 'd'.repeat(40), type: 7, base: base.id, raw })).toMatchObject(
      onlyGap('malformed'),
    );
  });

  it('a few bytes that unpack to gigabytes end at the bound, and the rest is told', async () => {
    const base = plain('blob', 'a'.repeat(1 << 16));
    const big = delta(1 << 16, 1 << 20, Array.from({ length: 16 }, () => copyOf(0, 1 << 16)).flat());
    const bombs = Array.from({ length: 200 }, (_, at) => ({
      id: at.toString(16).padStart(40, '0'),
      type: 7,
      base: base.id,
      raw: big,
    }));
    const { entries, tip } = around(base, ...bombs);
    const scan = await scanMade(packedFiles(entries, tip), { maxBytes: 1 << 23 });
    expect(scan.reasons.map(([reason]) => reason)).toEqual(['bound', 'wrong-id']);
    expect(scan.examples.find((text) => text.includes('files were not scanned'))).toMatch(
      / unpack to more than 8388608 bytes/,
    );
  });

  it('a pack, an index or an object that is cut off, or none at all', async () => {
    const { entries, tip } = around();
    const files = packedFiles(entries, tip);
    const { pack, index } = writePack(entries);
    const broken: Files[] = [
      { ...files, 'objects/pack/pack-1.pack': 'PACK' },
      { ...files, 'objects/pack/pack-1.pack': new Uint8Array(pack.subarray(0, 60)) },
      { ...files, 'objects/pack/pack-1.idx': new Uint8Array(index.subarray(0, 1_080)) },
      { ...files, 'objects/pack/pack-1.idx': '' },
      Object.fromEntries(Object.entries(files).filter(([path]) => !path.endsWith('.idx'))),
    ];
    for (const one of broken)
      expect((await scanMade(one)).reasons).toEqual([
        ['malformed', 1],
        ['missing', 1],
      ]);
    const [, loose] = looseFile(SECRET);
    const [, tree = SECRET, ...rest] = entries;
    const cut = Object.fromEntries([looseFile(commitOf(tree.id)), looseFile(tree), ...rest.map(looseFile)]);
    cut[looseFile(SECRET)[0]] = loose.subarray(0, 20);
    expect((await scanMade({ HEAD: `${tip}\n`, ...cut })).reasons).toEqual([['malformed', 1]]);
  });

  it('an index of version 1, out of order, or with two names for one place', async () => {
    const { entries, tip } = around();
    const files = packedFiles(entries, tip);
    const { offsets } = writePack(entries);
    const ids = entries.map(({ id }) => id);
    const write = (index: Buffer) => scanMade({ ...files, 'objects/pack/pack-1.idx': new Uint8Array(index) });
    const old = Buffer.from(writeIndex(ids, offsets));
    old.writeUInt32BE(1, 4);
    expect((await write(old)).reasons[0]).toEqual(['format', 1]);
    const odd = Buffer.from(writeIndex(ids, offsets));
    odd.copy(odd, 1_032, 1_052, 1_072);
    expect((await write(odd)).reasons[0]).toEqual(['malformed', 1]);
    const twice = writeIndex([...ids, 'e'.repeat(40)], [...offsets, offsets[2] ?? 0]);
    expect(await write(twice)).toMatchObject({ reasons: [['malformed', 1]], paths: [] });
    const outside = writeIndex(ids, [...offsets.slice(0, -1), 0x8000_0000]);
    expect((await write(outside)).reasons[0]).toEqual(['malformed', 1]);
  });
});

describe('[§14] objects that somebody made up', () => {
  it('what is said to be a tree and is a file, and the other way round, hides nothing', async () => {
    const inner = treeOf([['100644', 'secret.ts', SECRET.id]]);
    const tree = treeOf([
      ['40000', 'a', SECRET.id],
      ['100644', 'b', inner.id],
      ['40000', 'c', inner.id],
    ]);
    const commit = commitOf(tree.id);
    expect(await scanMade(packedFiles([commit, tree, inner, SECRET], commit.id))).toMatchObject({
      reasons: [['malformed', 2]],
      paths: ['c/secret.ts'],
    });
  });

  it('trees and commits that are cut off or name what is not there', async () => {
    const cut = plain('tree', bytes('100644 a\0short'));
    const odd = plain('tree', Buffer.concat([bytes('777 a\0'), Buffer.from(SECRET.id, 'hex')]));
    const gone = treeOf([['100644', 'gone.ts', 'f'.repeat(40)]]);
    const sound = treeOf([['100644', 'secret.ts', SECRET.id]]);
    const none = plain('commit', 'author nobody\n\nx');
    const commits = [cut, odd, gone, sound].map(({ id }) => commitOf(id));
    const tip = commitOf('9'.repeat(40), [...commits.map(({ id }) => id), none.id, '8'.repeat(40)]);
    const scan = await scanMade(packedFiles([tip, ...commits, none, cut, odd, gone, sound, SECRET], tip.id));
    expect(scan).toMatchObject({
      reasons: [
        ['malformed', 3],
        ['missing', 3],
      ],
      paths: ['secret.ts'],
    });
    expect(scan.examples).toContain('gone.ts: it is not in the repository');
  });

  it('tags of tags, of a file, and one that says no type', async () => {
    const tagOf = (id: string, type: string) => plain('tag', `object ${id}\ntype ${type}\ntag t\n\n${token(7)}\n`);
    const first = tagOf(SECRET.id, 'blob');
    const second = tagOf(first.id, 'tag');
    const odd = plain('tag', `object ${SECRET.id}\n`);
    const files = Object.fromEntries([SECRET, first, second, odd].map(looseFile));
    const refs = {
      HEAD: 'ref: refs/heads/none\n',
      'refs/tags/v1': `${second.id}\n`,
      'packed-refs': `# x\n${odd.id} refs/tags/v2\n^${SECRET.id}\n`,
    };
    expect(await scanMade({ ...files, ...refs })).toMatchObject({
      reasons: [['malformed', 1]],
      paths: ['refs/tags/v1', '.git/tag message'],
    });
  });

  it('refs that name nothing, refs in a table, no HEAD, no refs', async () => {
    const [path, content] = looseFile(SECRET);
    const reasons = async (files: Files) => (await scanMade({ ...files, [path]: content })).reasons;
    expect(await reasons({ HEAD: 'ref: refs/heads/main\n', 'refs/heads/main': 'nonsense\n' })).toEqual([
      ['malformed', 1],
    ]);
    expect(await reasons({ HEAD: 'ref: refs/heads/.invalid\n' })).toEqual([['format', 1]]);
    expect(await reasons({})).toEqual([['format', 1]]);
    expect(await reasons({ HEAD: 'ref: refs/heads/main\n' })).toEqual([['missing', 1]]);
    expect((await scanMade({ HEAD: 'ref: refs/heads/main\n' })).reasons).toEqual([]);
  });
});

describe('[§14] bounds', () => {
  const chain = (length: number): { files: Files; tip: string } => {
    const entries: PackEntry[] = [];
    let parents: string[] = [];
    for (let at = 0; at < length; at++) {
      const blob = plain('blob', `${at}\n`);
      const tree = treeOf([['100644', `${at}.txt`, blob.id]]);
      const commit = commitOf(tree.id, parents);
      entries.push(blob, tree, commit);
      parents = [commit.id];
    }
    return { files: packedFiles(entries, parents[0] ?? ''), tip: parents[0] ?? '' };
  };

  it('commits and files beyond the bound are told; those before it are scanned', async () => {
    const { files } = chain(20);
    expect(await scanMade(files, { maxCommits: 5 })).toMatchObject({ reasons: [['bound', 1]], commits: 5, blobs: 5 });
    expect(await scanMade(files, { maxBlobs: 7 })).toMatchObject({ reasons: [['bound', 1]], commits: 20, blobs: 7 });
    expect(await scanMade(files)).toMatchObject({ reasons: [], commits: 20, blobs: 20 });
  });

  it('a large text is a gap, a large binary is none', async () => {
    const files = [plain('blob', 'a'.repeat(3_000)), plain('blob', `${'\0\u0001'.repeat(1_500)}`)];
    const { entries, tip } = around(...files);
    expect(await scanMade(packedFiles(entries, tip), { maxFileBytes: 1_000 })).toMatchObject({
      reasons: [['too-large', 1]],
      binary: 1,
      blobs: 1,
    });
    const loose = { HEAD: `${tip}\n`, ...Object.fromEntries(entries.map(looseFile)) };
    expect(await scanMade(loose, { maxFileBytes: 1_000 })).toMatchObject({ reasons: [['too-large', 1]], binary: 1 });
  });

  it('so many secrets are described, and the rest is counted, each once', async () => {
    const lines = [1, 2, 3, 4].map((seed) => `key = '${token(seed)}'\n`);
    const { files } = repositoryWith({ a: lines.join('') }, { a: `${lines.join('')}more` });
    expect(await scanMade(files, { room: 3 })).toMatchObject({ paths: ['a', 'a', 'a'], beyond: 1 });
  });

  it('a repository of more bytes than are read is not read', async () => {
    const { read, files } = repositoryOf(chain(1).files);
    const large = files.map(({ path, size }) => ({ path, size: path.startsWith('objects/') ? 2 ** 28 : size }));
    const scan = await scanMade({ files: large, read });
    expect(scan).toMatchObject({ reasons: [['bound', 1]], commits: 0 });
    const listed = [...files, { path: 'packed-refs', size: 40 * 1024 * 1024 }];
    expect(await scanMade({ files: listed, read })).toMatchObject({ reasons: [['bound', 1]], commits: 1 });
  });

  it('a file that the host cannot hand over is a gap', async () => {
    const { read, files } = repositoryOf(chain(2).files);
    const scan = await scanMade({
      files,
      read: (path) => (path.endsWith('.idx') ? Promise.reject(new Error('EACCES')) : read(path)),
    });
    expect(scan.reasons).toEqual([
      ['malformed', 1],
      ['missing', 1],
      ['unreadable', 1],
    ]);
  });
});
