import {
  closeSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type ArtifactStore, openArtifactStore, type QuarantineInfo } from '@mex/artifacts';
import type { ArtifactHandle } from '@mex/envelope';
import { describe, expect, it } from 'vitest';
import { collect, META, openTestStore, someBytes, tempDirectory } from './temp-store.ts';

const CORRUPT = { code: 'ARTIFACT_CORRUPT', kind: 'integrity' };
const LARGE = 20 * 1024 * 1024;

function fileOf(store: ArtifactStore, handle: ArtifactHandle): string {
  return join(store.dir, 'objects', handle.sha256.slice(0, 2), handle.sha256);
}

function flipByte(path: string, at: number): void {
  const byte = readFileSync(path)[at] ?? 0;
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.of(byte ^ 0x10), 0, 1, at);
  closeSync(fd);
}

describe('a corrupt file object', () => {
  const damages: [string, (path: string) => void][] = [
    ['a flipped byte', (path) => flipByte(path, 70_000)],
    ['a cut', (path) => truncateSync(path, 70_000)],
    ['a longer tail', (path) => writeFileSync(path, 'x', { flag: 'a' })],
    [
      'a link in its place',
      (path) => {
        rmSync(path);
        symlinkSync('/etc/hostname', path);
      },
    ],
  ];

  it.each(damages)('[§5] %s: reported, quarantined, never served; the same put heals it', async (_, damage) => {
    const store = openTestStore();
    const bytes = someBytes(100_000);
    const handle = await store.put(bytes, META);
    damage(fileOf(store, handle));
    await expect(store.get(handle)).rejects.toMatchObject(CORRUPT);
    await expect(store.get(handle)).rejects.toMatchObject(CORRUPT);
    expect(await store.verify({ all: true })).toMatchObject({ ok: false });
    await store.put(bytes, META);
    expect(Buffer.compare(await store.get(handle), bytes)).toBe(0);
  });

  it('[§5] the bad bytes are kept aside for examination, and the store says so afterwards', async () => {
    const seen: QuarantineInfo[] = [];
    const store = openTestStore({ onQuarantine: (info) => seen.push(info) });
    const handle = await store.put(someBytes(100_000), META);
    flipByte(fileOf(store, handle), 5);
    await expect(store.get(handle)).rejects.toMatchObject(CORRUPT);
    expect(seen).toMatchObject([{ sha256: handle.sha256 }]);
    expect(readFileSync(seen[0]?.file ?? '')).toHaveLength(100_000);
    await expect(store.get(handle)).rejects.toThrow(/quarantine/);
    await expect(store.stat(handle.sha256)).rejects.toMatchObject(CORRUPT);
  });

  it('a missing file is a corrupt object too', async () => {
    const store = openTestStore();
    const handle = await store.put(someBytes(100_000), META);
    rmSync(fileOf(store, handle));
    await expect(store.get(handle)).rejects.toMatchObject(CORRUPT);
    const report = await store.verify({ all: true });
    expect(report).toMatchObject({ ok: false, missing: [{ sha256: handle.sha256 }] });
  });

  it.each([0, LARGE - 1])('[§5] a large stream with byte %i flipped gives out nothing at all', async (at) => {
    const store = openTestStore();
    const handle = await store.put(someBytes(LARGE), META);
    flipByte(fileOf(store, handle), at);
    let served = 0;
    const read = async (): Promise<void> => {
      for await (const piece of store.open(handle)) served += piece.length;
    };
    await expect(read()).rejects.toMatchObject(CORRUPT);
    expect(served).toBe(0);
    await expect(store.stat(handle.sha256)).rejects.toMatchObject(CORRUPT);
  });

  it('[§5] a large file that changes while it streams: no changed byte leaves', async () => {
    const store = openTestStore();
    const bytes = someBytes(LARGE);
    const handle = await store.put(bytes, META);
    const pieces: Uint8Array[] = [];
    const read = async (): Promise<void> => {
      for await (const piece of store.open(handle)) {
        if (pieces.length === 0) flipByte(fileOf(store, handle), 10 * 1024 * 1024);
        pieces.push(piece);
      }
    };
    await expect(read()).rejects.toMatchObject(CORRUPT);
    const served = Buffer.concat(pieces);
    expect(served.length).toBe(10 * 1024 * 1024);
    expect(Buffer.compare(served, bytes.subarray(0, served.length))).toBe(0);
  });
});

describe('a corrupt pack', () => {
  async function damagedPack(
    damage: (path: string, content: Buffer) => void,
  ): Promise<[ArtifactStore, ArtifactHandle]> {
    const dir = join(tempDirectory(), 'store');
    const store = openArtifactStore({ dir });
    const content = someBytes(9_000, 7);
    await store.put(someBytes(9_000, 8), META);
    const handle = await store.put(content, META);
    await store.close();
    damage(join(dir, 'objects.db'), content);
    return [openTestStore({ dir }), handle];
  }

  it('[§5] a flipped byte: reported, quarantined, never served; healed by the same put', async () => {
    const [store, handle] = await damagedPack((path, content) => {
      flipByte(path, readFileSync(path).indexOf(content.subarray(0, 100)) + 50);
    });
    await expect(store.get(handle)).rejects.toMatchObject(CORRUPT);
    await expect(store.get(handle)).rejects.toThrow(/quarantine/);
    await store.put(someBytes(9_000, 7), META);
    expect(Buffer.compare(await store.get(handle), someBytes(9_000, 7))).toBe(0);
    expect(await store.verify({ all: true })).toMatchObject({ ok: true, objects: 2 });
  });

  it('a put of the same bytes heals an object whose damage nobody noticed yet', async () => {
    const [store, handle] = await damagedPack((path, content) => {
      flipByte(path, readFileSync(path).indexOf(content.subarray(0, 100)) + 50);
    });
    await store.put(someBytes(9_000, 7), META);
    expect(Buffer.compare(await store.get(handle), someBytes(9_000, 7))).toBe(0);
  });

  it('verify finds it without anybody asking for it, and names only it', async () => {
    const [store, handle] = await damagedPack((path, content) => {
      flipByte(path, readFileSync(path).indexOf(content.subarray(0, 100)) + 50);
    });
    const report = await store.verify({ all: true });
    expect(report).toMatchObject({ ok: false, objects: 2, corrupt: [{ sha256: handle.sha256 }] });
    expect(await store.verify(handle.artifact_id)).toMatchObject({ ok: false, missing: [{ sha256: handle.sha256 }] });
  });

  it('a changed manifest is unreadable, and does not hide the others', async () => {
    const [store, handle] = await damagedPack((path) => {
      const db = new DatabaseSync(path);
      db.exec(`UPDATE manifests SET json = replace(json, '"exportable":false', '"exportable":true') WHERE seq = 2`);
      db.close();
    });
    await expect(store.manifest(handle.artifact_id)).rejects.toMatchObject(CORRUPT);
    await expect(store.get(handle)).rejects.toMatchObject(CORRUPT);
    const listing = await store.list();
    expect(listing.unreadable).toMatchObject([{ artifact_id: handle.artifact_id }]);
    expect(listing.artifacts).toHaveLength(1);
    expect(await store.verify({ all: true })).toMatchObject({
      ok: false,
      unreadable: [{ artifact_id: handle.artifact_id }],
    });
  });

  it('a database with a torn page gives typed errors, not crashes', async () => {
    const [store, handle] = await damagedPack((path) => {
      const fd = openSync(path, 'r+');
      // Every page but the first (which holds the schema) is overwritten.
      const pages = readFileSync(path).length / 4096;
      for (let page = 1; page < pages; page += 1) writeSync(fd, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
      closeSync(fd);
    });
    await expect(store.get(handle)).rejects.toMatchObject(CORRUPT);
    await expect(store.put(someBytes(5), META)).rejects.toMatchObject(CORRUPT);
  });
});

describe('orphans', () => {
  it('a file that no record knows is reported, and is no failure', async () => {
    const store = openTestStore();
    const handle = await store.put(someBytes(100_000), META);
    const orphan = `${handle.sha256.slice(0, 2)}${'0'.repeat(62)}`;
    writeFileSync(fileOf(store, { ...handle, sha256: orphan }), 'left over');
    const report = await store.verify({ all: true });
    expect(report).toMatchObject({ ok: true, orphaned: [{ sha256: orphan, place: 'file' }] });
    expect((await collect(store.open(handle))).length).toBe(100_000);
  });
});
