import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openArtifactStore } from '@mex/artifacts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { META, openTestStore, someBytes, tempDirectory } from './temp-store.ts';

const LARGE = 70_000;
const always = () => true;

/** Files as a collection finds them: not of this minute. */
function age(dir: string): void {
  for (const path of filesOf(dir)) utimesSync(path, new Date(0), new Date(0));
}

function filesOf(dir: string): string[] {
  return readdirSync(join(dir, 'objects'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.length > 60)
    .map((name) => join(dir, 'objects', name));
}

describe('remove', () => {
  it('[§5] takes manifest, content and file away, and nothing else', async () => {
    const store = openTestStore();
    const [small, large, stays] = await Promise.all([
      store.put(someBytes(10, 1), META),
      store.put(someBytes(LARGE, 2), META),
      store.put(someBytes(LARGE, 3), META),
    ]);
    age(store.dir);
    const done = await store.remove([small.artifact_id, large.artifact_id], always);
    expect(done).toEqual({ removed: [small.artifact_id, large.artifact_id], spared: [], bytesFreed: LARGE + 10 });
    await expect(store.get(small)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    await expect(store.manifest(large.artifact_id)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    expect((await store.get(stays)).length).toBe(LARGE);
    expect(filesOf(store.dir)).toHaveLength(1);
    expect(await store.verify({ all: true })).toMatchObject({ ok: true, objects: 1, orphaned: [] });
  });

  it('[§5] content that another artifact or a bundle needs stays', async () => {
    const store = openTestStore();
    const [a, b, member] = await Promise.all([
      store.put(someBytes(20, 1), META),
      store.put(someBytes(20, 1), META),
      store.put(someBytes(LARGE, 2), META),
    ]);
    const { handle: bundle } = await store.putBundle(
      [
        { path: 'a', handle: member },
        { path: 'b', bytes: someBytes(30, 3) },
      ],
      { created_by: {} },
    );
    age(store.dir);
    expect(await store.remove([a.artifact_id, member.artifact_id], always)).toMatchObject({ bytesFreed: 0 });
    expect((await store.get(b)).length).toBe(20);
    const reader = await store.openBundle(bundle);
    expect((await reader.read('a')).length).toBe(LARGE);
    const { bytesFreed } = await store.remove([bundle.artifact_id], always);
    expect(bytesFreed).toBe(LARGE + 30 + bundle.size_bytes);
    expect(await store.verify({ all: true })).toMatchObject({ ok: true, objects: 1, orphaned: [] });
  });

  it('[§5] what is pinned, gone, unreadable or refused at the last moment is spared and named', async () => {
    const store = openTestStore();
    const [pinned, gone, refused, unreadable] = await Promise.all(
      [1, 2, 3, 4].map((n) => store.put(someBytes(9, n), META)),
    );
    if (!pinned || !gone || !refused || !unreadable) throw new Error('not stored');
    await store.pin(pinned.artifact_id);
    await store.remove([gone.artifact_id], always);
    const db = new DatabaseSync(join(store.dir, 'objects.db'));
    db.prepare("UPDATE manifests SET json = '{}' WHERE artifact_id = ?").run(unreadable.artifact_id);
    db.close();
    const ids = [pinned, gone, refused, unreadable].map(({ artifact_id }) => artifact_id);
    const done = await store.remove(ids, ({ artifact_id }) => artifact_id !== refused.artifact_id);
    expect(done.removed).toEqual([]);
    expect(done.spared.map(({ reason }) => reason)).toEqual(['pinned', 'gone', 'refused', 'unreadable']);
  });

  it('a question that throws removes nothing of its batch', async () => {
    const store = openTestStore();
    const handles = await Promise.all([1, 2, 3].map((n) => store.put(someBytes(9, n), META)));
    let asked = 0;
    const removing = store.remove(
      handles.map(({ artifact_id }) => artifact_id),
      () => {
        asked++;
        if (asked === 3) throw new Error('no answer');
        return true;
      },
    );
    await expect(removing).rejects.toThrow('no answer');
    expect((await store.list()).artifacts).toHaveLength(3);
  });

  it('a pinned directory is forgotten, its files are left where they lie', async () => {
    const store = openTestStore();
    const tree = tempDirectory();
    const { handle } = await store.pinDirectory(tree);
    await store.remove([handle.artifact_id], always);
    await expect(store.openPinned(handle)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    expect(existsSync(tree)).toBe(true);
  });

  it('a bundle whose file was collected while it was stored is refused', async () => {
    const store = openTestStore();
    const file = await store.put(someBytes(50, 1), META);
    const storing = store.putBundle([{ path: 'a', handle: file }], { created_by: {} });
    // Between the two transactions of a bundle.
    const db = new DatabaseSync(join(store.dir, 'objects.db'));
    await new Promise(setImmediate);
    db.exec('DELETE FROM manifests; DELETE FROM objects');
    db.close();
    await expect(storing).rejects.toMatchObject({
      code: expect.stringMatching(/^ARTIFACT_(?:STORE_FAILED|NOT_FOUND)$/),
    });
  });

  it('for every store and choice: what is left verifies and can be read', async () => {
    const artifacts = fc.array(fc.record({ content: fc.nat(4), goes: fc.boolean(), bundled: fc.boolean() }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(artifacts, async (made) => {
        const store = openTestStore();
        const handles = [];
        for (const { content, bundled } of made) {
          const bytes = someBytes(content * 20_000, content);
          const { handle } = bundled
            ? await store.putBundle([{ path: 'a', bytes }], { created_by: {} })
            : { handle: await store.put(bytes, META) };
          handles.push(handle);
        }
        age(store.dir);
        const before = await store.verify({ all: true });
        const { removed, bytesFreed } = await store.remove(
          handles.filter((_, at) => made[at]?.goes).map(({ artifact_id }) => artifact_id),
          always,
        );
        const after = await store.verify({ all: true });
        expect(after).toMatchObject({ ok: true, orphaned: [], manifests: made.length - removed.length });
        expect(before.bytes - after.bytes).toBe(bytesFreed);
        await store.close();
      }),
      { seed: 6, numRuns: 15 },
    );
  });
});

describe('sweepOrphans', () => {
  it('[§5] removes files that a killed removal left, once they are old enough', async () => {
    const dir = join(tempDirectory(), 'store');
    const store = openArtifactStore({ dir });
    await store.put(someBytes(LARGE, 1), META);
    const stays = await store.put(someBytes(LARGE, 2), META);
    const db = new DatabaseSync(join(dir, 'objects.db'));
    db.prepare('DELETE FROM manifests WHERE artifact_id <> ?').run(stays.artifact_id);
    db.prepare('DELETE FROM objects WHERE sha256 <> ?').run(stays.sha256);
    db.close();
    expect(await store.verify({ all: true })).toMatchObject({ ok: true, orphaned: [{ place: 'file' }] });
    expect(await store.sweepOrphans()).toBe(0);
    age(dir);
    expect(await store.sweepOrphans()).toBe(LARGE);
    expect(await store.verify({ all: true })).toMatchObject({ ok: true, orphaned: [] });
    expect((await store.get(stays)).length).toBe(LARGE);
    await store.close();
  });
});

describe('walk', () => {
  it('gives every artifact once, the oldest first', async () => {
    const store = openTestStore();
    const handles = [];
    for (let at = 0; at < 1_100; at += 100)
      handles.push(
        ...(await Promise.all(Array.from({ length: 100 }, (_, n) => store.put(someBytes(4, at + n), META)))),
      );
    const walked: string[] = [];
    for await (const page of store.walk()) walked.push(...page.artifacts.map(({ artifact_id }) => artifact_id));
    expect(walked).toEqual(handles.map(({ artifact_id }) => artifact_id));
  });
});
