import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { META, openTestStore, someBytes, tempDirectory } from './temp-store.ts';

const ESCAPE = { code: 'POLICY_PATH_ESCAPE', kind: 'policy' };
const EXISTS = { code: 'ARTIFACT_EXISTS' };

describe('a file', () => {
  it.each([0, 5, 200_000, 17 * 1024 * 1024])(
    '[§5] of %i bytes is copied out whole, with the facts to record',
    async (length) => {
      const store = openTestStore();
      const dir = tempDirectory();
      const handle = await store.put(someBytes(length), META);
      const done = await store.materialize(handle, join(dir, 'out.bin'));
      const { artifact_id, sha256 } = handle;
      expect(done).toEqual({ artifact_id, sha256, size_bytes: length, path: join(dir, 'out.bin'), files: 1 });
      expect(Buffer.compare(readFileSync(join(dir, 'out.bin')), someBytes(length))).toBe(0);
      expect(readdirSync(dir)).toEqual(['out.bin']);
    },
  );

  it('makes the directories below a root', async () => {
    const store = openTestStore();
    const root = tempDirectory();
    const handle = await store.put(someBytes(5), META);
    const { path } = await store.materialize(handle, 'reports/today/sbom.json', { root });
    expect(path).toBe(join(root, 'reports/today/sbom.json'));
    expect(readFileSync(path)).toHaveLength(5);
  });

  it('never overwrites unless asked, and never a directory', async () => {
    const store = openTestStore();
    const dir = tempDirectory();
    const handle = await store.put(someBytes(5), META);
    writeFileSync(join(dir, 'there'), 'precious');
    mkdirSync(join(dir, 'directory'));
    await expect(store.materialize(handle, join(dir, 'there'))).rejects.toMatchObject(EXISTS);
    expect(readFileSync(join(dir, 'there'), 'utf8')).toBe('precious');
    await expect(store.materialize(handle, join(dir, 'directory'), { overwrite: true })).rejects.toMatchObject(EXISTS);
    await store.materialize(handle, join(dir, 'there'), { overwrite: true });
    expect(readFileSync(join(dir, 'there'))).toHaveLength(5);
    expect(readdirSync(dir).toSorted()).toEqual(['directory', 'there']);
  });

  it.each(['../x', '/etc/mex-escape', 'a/../../x', '.', '', 'a\0b'])(
    '[§14 B] does not leave its root for %j',
    async (target) => {
      const store = openTestStore();
      const handle = await store.put(someBytes(5), META);
      await expect(store.materialize(handle, target, { root: tempDirectory() })).rejects.toMatchObject(ESCAPE);
    },
  );

  it('[§5] writes through no link: not the last component, not one on the way', async () => {
    const store = openTestStore();
    const [root, outside] = [tempDirectory(), tempDirectory()];
    const handle = await store.put(someBytes(5), META);
    symlinkSync(outside, join(root, 'dir'));
    symlinkSync(join(outside, 'target'), join(root, 'file'));
    writeFileSync(join(root, 'plain'), '');
    for (const target of ['dir/x', 'dir/deep/x', 'file', 'plain/x']) {
      for (const overwrite of [false, true]) {
        await expect(store.materialize(handle, target, { root, overwrite })).rejects.toMatchObject(ESCAPE);
      }
    }
    expect(readdirSync(outside)).toEqual([]);
  });

  it('a corrupt object leaves nothing at the target', async () => {
    const store = openTestStore();
    const dir = tempDirectory();
    const handle = await store.put(someBytes(100_000), META);
    writeFileSync(join(store.dir, 'objects', handle.sha256.slice(0, 2), handle.sha256), 'bad');
    await expect(store.materialize(handle, join(dir, 'out'))).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('a root that is not there is refused with what to do', async () => {
    const store = openTestStore();
    const handle = await store.put(someBytes(5), META);
    const refused = store.materialize(handle, join(tempDirectory(), 'absent', 'x'));
    await expect(refused).rejects.toMatchObject({
      code: 'ARTIFACT_INVALID',
      remedy: expect.stringContaining('Create'),
    });
  });

  it('[§14 B] while another thread swaps the directory for a link, nothing is written outside', async () => {
    const store = openTestStore();
    const [root, outside] = [tempDirectory(), tempDirectory()];
    mkdirSync(join(root, 'd'));
    const handle = await store.put(someBytes(50), META);
    const swapper = new Worker(
      `const { renameSync, symlinkSync, unlinkSync } = require('node:fs');
       const { parentPort, workerData: { d, kept, outside } } = require('node:worker_threads');
       parentPort.postMessage('started');
       const until = Date.now() + 400;
       while (Date.now() < until) {
         try { renameSync(d, kept); symlinkSync(outside, d); unlinkSync(d); renameSync(kept, d); }
         catch { /* materialise made the directory itself while it was away */ break; }
       }`,
      { eval: true, workerData: { d: join(root, 'd'), kept: join(root, 'kept'), outside } },
    );
    let running = true;
    const ended = new Promise((resolve) => swapper.once('exit', resolve)).then(() => {
      running = false;
    });
    await new Promise((resolve) => swapper.once('message', resolve));
    let attempts = 0;
    while (running || attempts === 0) {
      await store.materialize(handle, `d/out-${(attempts += 1)}`, { root }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(POLICY_PATH_ESCAPE|ARTIFACT_)/) });
      });
    }
    await ended;
    expect(attempts).toBeGreaterThan(0);
    expect(readdirSync(outside)).toEqual([]);
  });
});

describe('a bundle', () => {
  const files = [
    { path: 'a.txt', bytes: Buffer.from('a') },
    { path: 'deep/er/b.txt', bytes: Buffer.from('b') },
    { path: 'deep/c.txt', bytes: Buffer.from('c') },
  ];

  it('[§5] becomes a directory, whole or not at all', async () => {
    const store = openTestStore();
    const dir = tempDirectory();
    const { handle } = await store.putBundle(files, { created_by: {} });
    mkdirSync(join(dir, 'empty'));
    for (const name of ['new', 'empty']) {
      expect(await store.materialize(handle, join(dir, name))).toMatchObject({ files: 3, path: join(dir, name) });
      expect(readFileSync(join(dir, name, 'deep/er/b.txt'), 'utf8')).toBe('b');
    }
    expect(readdirSync(dir).toSorted()).toEqual(['empty', 'new']);
  });

  it.each([false, true])("never replaces somebody's files (overwrite %s)", async (overwrite) => {
    const store = openTestStore();
    const [dir, outside] = [tempDirectory(), tempDirectory()];
    const { handle } = await store.putBundle(files, { created_by: {} });
    mkdirSync(join(dir, 'full'));
    writeFileSync(join(dir, 'full', 'mine'), 'precious');
    writeFileSync(join(dir, 'file'), 'precious');
    symlinkSync(outside, join(dir, 'link'));
    await expect(store.materialize(handle, join(dir, 'full'), { overwrite })).rejects.toMatchObject(EXISTS);
    await expect(store.materialize(handle, join(dir, 'file'), { overwrite })).rejects.toMatchObject(ESCAPE);
    await expect(store.materialize(handle, join(dir, 'link'), { overwrite })).rejects.toMatchObject(ESCAPE);
    expect(readFileSync(join(dir, 'full', 'mine'), 'utf8')).toBe('precious');
    expect(lstatSync(join(dir, 'link')).isSymbolicLink()).toBe(true);
    expect(readdirSync(outside)).toEqual([]);
    expect(readdirSync(dir)).toHaveLength(3);
  });

  it('a pinned directory is copied out as it was pinned, or not at all', async () => {
    const store = openTestStore();
    const [source, dir] = [tempDirectory(), tempDirectory()];
    for (const name of ['a', 'b']) writeFileSync(join(source, name), name);
    const { handle } = await store.pinDirectory(source);
    await store.materialize(handle, join(dir, 'copy'));
    expect(readFileSync(join(dir, 'copy', 'b'), 'utf8')).toBe('b');
    writeFileSync(join(source, 'b'), 'B');
    await expect(store.materialize(handle, join(dir, 'again'))).rejects.toMatchObject({ code: 'ARTIFACT_DRIFT' });
    expect(readdirSync(dir)).toEqual(['copy']);
  });
});
