import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPlainPath } from '../../../src/broker/proc-exec/exec-call.ts';
import { readBack } from '../../../src/broker/proc-exec/read-back.ts';

let outer: string;
let dir: string;
beforeEach(() => {
  outer = mkdtempSync(join(tmpdir(), 'mex-back-'));
  dir = join(outer, 'work');
  mkdirSync(dir);
  writeFileSync(join(outer, 'canary'), 'canary');
});
afterEach(() => rmSync(outer, { recursive: true, force: true }));

describe('files that a tool left', () => {
  it('are read, deep ones too', async () => {
    mkdirSync(join(dir, 'a', 'b'), { recursive: true });
    writeFileSync(join(dir, 'a', 'b', 'c'), 'deep');
    expect(await readBack(dir, ['a/b/c'], 100)).toEqual([
      { name: 'a/b/c', bytes: new Uint8Array(Buffer.from('deep')) },
    ]);
  });

  it.each([
    ['a link to a file of the host', () => symlinkSync(join(outer, 'canary'), join(dir, 'x')), 'not_a_file'],
    ['a link to a file beside it', () => symlinkSync('y', join(dir, 'x')), 'not_a_file'],
    ['a link that leads nowhere', () => symlinkSync('nowhere', join(dir, 'x')), 'not_a_file'],
    ['a directory', () => mkdirSync(join(dir, 'x')), 'not_a_file'],
    ['a pipe', () => execFileSync('mkfifo', [join(dir, 'x')]), 'not_a_file'],
    ['a second name of another file', () => linkSync(join(outer, 'canary'), join(dir, 'x')), 'not_a_file'],
    ['a sparse file of 1 TiB', () => sparse(join(dir, 'x')), 'too_large'],
    ['nothing', () => undefined, 'missing'],
  ])('%s is refused', async (_what, make, refused) => {
    make();
    expect(await readBack(dir, ['x'], 1_000)).toEqual([{ name: 'x', refused }]);
  });

  it('a directory on the way that is a link is not followed', async () => {
    symlinkSync(outer, join(dir, 'x'));
    expect(await readBack(dir, ['x/canary'], 1_000)).toEqual([{ name: 'x/canary', refused: 'not_a_file' }]);
  });

  it('a socket is refused', async () => {
    const server = createServer().listen(join(dir, 'x'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await readBack(dir, ['x'], 1_000)).toEqual([{ name: 'x', refused: 'not_a_file' }]);
    server.close();
  });

  it('all of a call together have one limit', async () => {
    for (const name of ['a', 'b']) writeFileSync(join(dir, name), 'x'.repeat(60));
    const answers = await readBack(dir, ['a', 'b'], 100);
    expect(answers.map((answer) => ('refused' in answer ? answer.refused : 'read'))).toEqual(['read', 'too_large']);
  });

  it.each([
    '',
    '/etc/passwd',
    '../x',
    'a/../x',
    './x',
    'a//x',
    'x/',
    'a\0b',
    '\ud800',
    'a/'.repeat(200) + 'x',
    'x'.repeat(256),
  ])('%j is no name of one', (name) => {
    expect(isPlainPath(name)).toBe(false);
  });
});

function sparse(path: string): void {
  writeFileSync(path, '');
  truncateSync(path, 1024 ** 4);
}
