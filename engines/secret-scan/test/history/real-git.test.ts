import { afterAll, describe, expect, it } from 'vitest';
import { GapList } from '../../src/history/gaps.ts';
import { Inflater } from '../../src/history/inflater.ts';
import { ObjectCache } from '../../src/history/object-cache.ts';
import { ObjectDatabase } from '../../src/history/object-database.ts';
import { readRepository } from '../../src/history/read-repository.ts';
import { WorkMeter } from '../../src/history/work-meter.ts';
import { draw, token } from '../tree.ts';
import { data, git, hasGit, makeRepository, openRepository, Scratch, scanFiles, type TestCommit, told } from './git.ts';

const scratch = new Scratch();
afterAll(() => scratch.clear());

const line = (seed: number): string => `const key = '${token(seed)}';\n`;
/** Lines that are nearly the same in every version, so that git makes deltas of them. */
const long = (version: number): string =>
  Array.from({ length: 300 }, (_, at) => `${at === version ? 'changed' : 'line'} ${draw(12, 'abcdefgh', at)}\n`).join(
    '',
  );

/** A file that was deleted, a merge, a file with several versions, a tag, and what is only in a branch. */
const COMMITS: readonly TestCommit[] = [
  { files: { 'a.txt': long(1), 'old/secret.ts': `x\n${line(1)}` } },
  { files: { 'a.txt': long(2) } },
  { branch: 'side', files: { 'a.txt': long(3), 'side.ts': line(2) }, parents: [2] },
  { files: { 'a.txt': long(4), 'deep/er/b.txt': long(5) }, parents: [2] },
  { files: { 'a.txt': long(6), 'deep/er/b.txt': long(5) }, parents: [4, 3], message: `merged\n\n${token(3)}` },
];
const TAG = `tag v1\nfrom :5\ntagger a <a@test.example> 1700000000 +0000\n${data('a tag')}\n`;

const skipped = hasGit ? describe : describe.skip;

skipped('repositories that git made (skipped by name where there is no git)', () => {
  it.each([
    ['loose', []],
    ['packed, deltas by offset', [['repack', '-adfq', '--depth=40', '--window=40']]],
    ['packed, deltas by name', [['-c', 'repack.useDeltaBaseOffset=false', 'repack', '-adfq', '--depth=40']]],
    ['packed refs', [['pack-refs', '--all']]],
  ])('[§13] every object is read as git reads it: %s', async (name, commands) => {
    const directory = makeRepository(scratch.directory(), COMMITS, TAG);
    for (const command of commands) git(directory, command);
    if (name.startsWith('packed, deltas'))
      expect(git(directory, ['verify-pack', '-v', ...packsOf(directory)]).toString()).toMatch(
        / blob .* 1 [0-9a-f]{40}$/m,
      );
    const read = await readRepository(openRepository(directory), new GapList());
    if (read === undefined) throw new Error('no repository');
    const tools = { inflater: new Inflater(), cache: new ObjectCache(), meter: new WorkMeter(1 << 30) };
    const database = new ObjectDatabase(read.database, tools);
    const all = parseBatch(git(directory, ['cat-file', '--batch-all-objects', '--batch']));
    expect(all.length).toBeGreaterThan(15);
    expect(database.count).toBe(all.length);
    for (const { id, type, content } of all) {
      const object = database.read(database.findHex(id), 1 << 20);
      expect([object.type, Buffer.compare(object.content, content)], id).toEqual([type, 0]);
    }
    const scan = await scanFiles(openRepository(directory));
    expect(scan).toMatchObject({ commits: 5, blobs: 8, gaps: [] });
    expect(told(scan)).toEqual([
      'old/secret.ts:2 github-token 1',
      'side.ts:1 github-token 1',
      '.git/commit message:3 github-token 1',
    ]);
  });

  it('a secret is told with the commit in which it came in, whatever the packing', async () => {
    const directory = makeRepository(scratch.directory(), [
      { files: { 'a.ts': 'x\n' } },
      { files: { 'a.ts': line(5) } },
      { files: { 'a.ts': `// more\n${line(5)}` } },
    ]);
    const [, second] = git(directory, ['rev-list', 'main']).toString().split('\n');
    const { found } = await scanFiles(openRepository(directory));
    expect(found.list(new Set())).toMatchObject([
      { path: 'a.ts', line: 1, origin: { at: 'history', commit: second, inTree: false, versions: 2 } },
    ]);
  });

  it('[§14] a shallow clone is a gap', async () => {
    const directory = makeRepository(scratch.directory(), COMMITS);
    const clone = scratch.directory();
    git('.', ['clone', '-q', '--bare', '--depth=1', `file://${directory}`, clone]);
    const { commits, gaps } = await scanFiles(openRepository(clone));
    expect([commits, gaps.map(({ reason, count }) => [reason, count])]).toEqual([1, [['shallow', 1]]]);
  });

  it('[§14] objects that are borrowed from another repository are missing', async () => {
    const directory = makeRepository(scratch.directory(), COMMITS);
    const clone = scratch.directory();
    git('.', ['clone', '-q', '--bare', '--shared', directory, clone]);
    const { commits, gaps } = await scanFiles(openRepository(clone));
    expect([commits, gaps.map(({ reason }) => reason)]).toEqual([0, ['missing']]);
  });

  it('[§14] objects named by SHA-256 are a gap', async () => {
    const directory = scratch.directory();
    git('.', ['init', '-q', '--bare', '--object-format=sha256', directory]);
    const tree = git(directory, ['mktree']).toString().trim();
    const commit = git(directory, ['commit-tree', '-m', 'x', tree]).toString().trim();
    git(directory, ['update-ref', 'refs/heads/main', commit]);
    const { commits, gaps } = await scanFiles(openRepository(directory));
    expect([commits, gaps.map(({ reason }) => reason)]).toEqual([0, ['format']]);
  });
});

function packsOf(directory: string): string[] {
  return openRepository(directory)
    .files.map(({ path }) => path)
    .filter((path) => path.endsWith('.idx'));
}

interface Listed {
  readonly id: string;
  readonly type: string;
  readonly content: Uint8Array;
}

/** What `git cat-file --batch` says: a line with name, type and size, the content, a line end. */
function parseBatch(output: Buffer): Listed[] {
  const all: Listed[] = [];
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(10, at);
    const [id = '', type = '', size = ''] = output.subarray(at, end).toString().split(' ');
    const content = output.subarray(end + 1, end + 1 + Number(size));
    all.push({ id, type, content });
    at = end + 1 + content.length + 1;
  }
  return all;
}
