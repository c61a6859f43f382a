import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { ArtifactStore, Pin } from '@mex/artifacts';
import { describe, expect, it } from 'vitest';
import { openTestStore, someBytes, tempDirectory } from './temp-store.ts';

const DRIFT = { code: 'ARTIFACT_DRIFT', kind: 'integrity' };

function makeTree(files: Record<string, string | Uint8Array>): string {
  const root = join(tempDirectory(), 'tree');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

const pathsOf = (pin: Pin): string[] => pin.index.entries.map(({ path }) => path);

async function pinnedRead(store: ArtifactStore, pin: Pin, path: string): Promise<string> {
  return Buffer.from(await (await store.openPinned(pin.handle)).read(path)).toString();
}

describe('pinning', () => {
  it('[§5] makes a directory an input without copying it; the root is no part of the artifact', async () => {
    const store = openTestStore();
    const root = makeTree({ 'package.json': '{}', 'src/a.ts': 'a', 'src/deep/b.ts': 'b', empty: '' });
    const pin = await store.pinDirectory(root);
    expect(pathsOf(pin)).toEqual(['empty', 'package.json', 'src/a.ts', 'src/deep/b.ts']);
    expect(pin.handle).toMatchObject({ kind: 'bundle' });
    expect(pin.skipped).toEqual([]);
    expect(await store.verify({ all: true })).toMatchObject({ ok: true, objects: 1 });
    expect(Buffer.from(await store.get(pin.handle)).includes(root)).toBe(false);
    expect(JSON.stringify(await store.manifest(pin.handle.artifact_id))).not.toContain(root);
    const opened = await store.openPinned(pin.handle);
    expect(opened.size('src/a.ts')).toBe(1);
    expect(Buffer.from(await opened.read('src/a.ts')).toString()).toBe('a');
    expect(await opened.read('empty')).toHaveLength(0);
  });

  it('has the same digest as the same files stored as a bundle', async () => {
    const store = openTestStore();
    const root = makeTree({ b: '2', 'a/x': '1' });
    const files = [
      { path: 'b', bytes: Buffer.from('2') },
      { path: 'a/x', bytes: Buffer.from('1') },
    ];
    const bundle = await store.putBundle(files, { created_by: {} });
    expect((await store.pinDirectory(root)).handle.sha256).toBe(bundle.handle.sha256);
  });

  it('pinFiles pins only what is named, in any order, and lists what it could not', async () => {
    const store = openTestStore();
    const root = makeTree({ 'package-lock.json': '{}', 'sub/yarn.lock': 'y', 'src/a.ts': 'a' });
    symlinkSync('src', join(root, 'link'));
    const names = [
      'sub/yarn.lock',
      'package-lock.json',
      'absent',
      'src',
      'link/a.ts',
      'package-lock.json',
      'src/a.ts/b',
    ];
    const pin = await store.pinFiles(root, names);
    expect(pathsOf(pin)).toEqual(['package-lock.json', 'sub/yarn.lock']);
    expect(pin.skipped).toEqual([
      { path: 'absent', reason: 'missing' },
      { path: 'src', reason: 'special' },
      { path: 'link/a.ts', reason: 'symlink' },
      { path: 'src/a.ts/b', reason: 'symlink' },
    ]);
    expect(await pinnedRead(store, pin, 'sub/yarn.lock')).toBe('y');
  });

  it.each(['../x', '/etc/passwd', 'a/../../x', 'a//b', 'a\\b', ''])(
    '[§14 B] pinFiles refuses the path %j',
    async (path) => {
      const store = openTestStore();
      await expect(store.pinFiles(makeTree({ a: '' }), [path])).rejects.toMatchObject({ code: 'POLICY_PATH_ESCAPE' });
    },
  );

  it('never follows links, and names links, pipes and dangling links', async () => {
    const store = openTestStore();
    const root = makeTree({ 'd/file': 'x' });
    symlinkSync('/etc', join(root, 'out'));
    symlinkSync('..', join(root, 'd', 'loop'));
    symlinkSync('nowhere', join(root, 'dangling'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    const pin = await store.pinDirectory(root);
    expect(pathsOf(pin)).toEqual(['d/file']);
    expect(pin.skipped.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'd/loop', reason: 'symlink' },
      { path: 'dangling', reason: 'symlink' },
      { path: 'out', reason: 'symlink' },
      { path: 'pipe', reason: 'special' },
    ]);
  });

  it('a name that is no UTF-8 or no portable path is skipped by name; others still get pinned', async () => {
    const store = openTestStore();
    const root = makeTree({ good: 'x' });
    writeFileSync(Buffer.concat([Buffer.from(`${root}/bad`), Buffer.of(0xff, 0xfe)]), 'x');
    writeFileSync(join(root, 'back\\slash'), 'x');
    const pin = await store.pinDirectory(root);
    expect(pathsOf(pin)).toEqual(['good']);
    expect(pin.skipped.map(({ reason }) => reason)).toEqual(['name', 'name']);
  });

  it('[§5] an unnormalised name is NFC in the index and still found on disk; of two that are one, NFC wins', async () => {
    const store = openTestStore();
    const root = makeTree({ 'cafe\u0301/cre\u0300me': 'nfd', twin_e\u0301: 'nfd twin', twin_\u00e9: 'nfc twin' });
    const pin = await store.pinDirectory(root);
    expect(pathsOf(pin)).toEqual(['caf\u00e9/cr\u00e8me', 'twin_\u00e9']);
    expect(pin.skipped).toEqual([{ path: 'twin_e\u0301', reason: 'duplicate-name' }]);
    expect(await pinnedRead(store, pin, 'caf\u00e9/cr\u00e8me')).toBe('nfd');
    expect(await pinnedRead(store, pin, 'twin_\u00e9')).toBe('nfc twin');
  });

  it('ignores by name or by judge, and stops at its limits', async () => {
    const store = openTestStore();
    const root = makeTree({ 'node_modules/m/i.js': 'x', '.git/HEAD': 'x', 'a/keep': 'xx', 'a/drop.log': 'x' });
    expect(pathsOf(await store.pinDirectory(root, { ignore: ['node_modules', '.git'] }))).toEqual([
      'a/drop.log',
      'a/keep',
    ]);
    const ignore = (path: string, isDirectory: boolean): boolean =>
      isDirectory ? path !== 'a' : path.endsWith('.log');
    expect(pathsOf(await store.pinDirectory(root, { ignore }))).toEqual(['a/keep']);
    const tooLarge = { code: 'ARTIFACT_TOO_LARGE' };
    await expect(store.pinDirectory(root, { maxEntries: 3 })).rejects.toMatchObject(tooLarge);
    await expect(store.pinDirectory(root, { maxBytes: 4 })).rejects.toMatchObject(tooLarge);
    await expect(store.pinDirectory(join(root, 'a', 'keep'))).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });
    await expect(store.pinDirectory(join(root, 'absent'))).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });
  });

  it('reports names that differ only in case', async () => {
    const store = openTestStore();
    const pin = await store.pinDirectory(makeTree({ README: '1', readme: '2' }));
    expect(pin.caseClashes).toEqual([['README', 'readme']]);
  });
});

describe('reading a pinned directory', () => {
  // Tests may run as root, whom permission bits do not bind: unreadable is played by links, pipes and directories.
  const changes: [string, (root: string) => void][] = [
    ['other content of the same size', (root) => writeFileSync(join(root, 'd/f'), 'y')],
    ['other size', (root) => writeFileSync(join(root, 'd/f'), 'xx')],
    ['removed', (root) => rmSync(join(root, 'd/f'))],
    ['directory removed', (root) => rmSync(join(root, 'd'), { recursive: true })],
    ['root removed', (root) => rmSync(root, { recursive: true })],
    [
      'a directory in its place',
      (root) => {
        rmSync(join(root, 'd/f'));
        mkdirSync(join(root, 'd/f'));
      },
    ],
    [
      'a pipe in its place (must not hang)',
      (root) => {
        rmSync(join(root, 'd/f'));
        execFileSync('mkfifo', [join(root, 'd/f')]);
      },
    ],
    [
      'a link to the same content in its place',
      (root) => {
        renameSync(join(root, 'd/f'), join(root, 'g'));
        symlinkSync('../g', join(root, 'd/f'));
      },
    ],
    [
      'its directory moved out and linked in',
      (root) => {
        renameSync(join(root, 'd'), join(root, '..', 'outside'));
        symlinkSync('../outside', join(root, 'd'));
      },
    ],
  ];

  it.each(changes)('[§5] drift is an integrity error that names the file: %s', async (_, change) => {
    const store = openTestStore();
    const root = makeTree({ 'd/f': 'x', other: 'o' });
    const pin = await store.pinDirectory(root);
    const opened = await store.openPinned(pin.handle);
    change(root);
    await expect(opened.read('d/f')).rejects.toMatchObject({ ...DRIFT, message: expect.stringContaining('"d/f"') });
  });

  it('an untouched file is still read when another drifted', async () => {
    const store = openTestStore();
    const root = makeTree({ a: 'a', b: 'b' });
    const pin = await store.pinDirectory(root);
    writeFileSync(join(root, 'a'), 'A');
    expect(await pinnedRead(store, pin, 'b')).toBe('b');
  });

  it('a file that grew to something huge is refused before it is read', async () => {
    const store = openTestStore();
    const root = makeTree({ a: 'a' });
    const pin = await store.pinDirectory(root);
    execFileSync('truncate', ['-s', '8G', join(root, 'a')]);
    await expect(pinnedRead(store, pin, 'a')).rejects.toMatchObject(DRIFT);
  });

  it('only listed paths can be read', async () => {
    const store = openTestStore();
    const root = makeTree({ a: 'a' });
    writeFileSync(join(root, '..', 'secret'), 's');
    const opened = await store.openPinned((await store.pinDirectory(root)).handle);
    for (const path of ['../secret', '/etc/passwd', '', './a', 'A', '__proto__']) {
      await expect(opened.read(path)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
      expect(() => opened.size(path)).toThrow(expect.objectContaining({ code: 'ARTIFACT_NOT_FOUND' }));
    }
  });

  it('openBundle reads it too; a stored bundle is no pinned directory', async () => {
    const store = openTestStore();
    const pin = await store.pinDirectory(makeTree({ a: 'a' }));
    expect(Buffer.from(await (await store.openBundle(pin.handle)).read('a')).toString()).toBe('a');
    const bundle = await store.putBundle([{ path: 'a', bytes: Buffer.from('a') }], { created_by: {} });
    await expect(store.openPinned(bundle.handle)).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });
  });

  it('[§5][§14 B] while another thread swaps the directory for a link to outside, no outside byte is read', async () => {
    const store = openTestStore();
    const large = someBytes(300_000, 1);
    const root = makeTree({ 'd/f': 'inside', 'd/large': large });
    const outside = makeTree({ f: 'outside', large: someBytes(300_000, 2) });
    const pin = await store.pinDirectory(root);
    const swapper = new Worker(
      `const { renameSync, symlinkSync, unlinkSync } = require('node:fs');
       const { parentPort, workerData: { d, kept, outside } } = require('node:worker_threads');
       parentPort.postMessage('started');
       const until = Date.now() + 400;
       while (Date.now() < until) {
         renameSync(d, kept); symlinkSync(outside, d); unlinkSync(d); renameSync(kept, d);
       }`,
      { eval: true, workerData: { d: join(root, 'd'), kept: join(root, 'kept'), outside } },
    );
    const ended = new Promise((resolve) => swapper.once('exit', resolve));
    await new Promise((resolve) => swapper.once('message', resolve));
    const opened = await store.openPinned(pin.handle);
    let running = true;
    void ended.then(() => {
      running = false;
    });
    let good = 0;
    let drifted = 0;
    while (running) {
      try {
        expect(Buffer.from(await opened.read('d/f')).toString()).toBe('inside');
        expect(Buffer.compare(await opened.read('d/large'), large)).toBe(0);
        good += 1;
      } catch (error) {
        expect(error).toMatchObject(DRIFT);
        drifted += 1;
      }
      await sleep(0);
    }
    await ended;
    expect(good + drifted).toBeGreaterThan(10);
    expect(readFileSync(join(root, 'd/f'), 'utf8')).toBe('inside');
    expect(() => unlinkSync(join(root, 'kept'))).toThrow();
  });
});
