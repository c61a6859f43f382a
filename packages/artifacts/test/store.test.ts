import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type ArtifactStore, handleOf, openArtifactStore } from '@mex/artifacts';
import { CHECKERS } from '@mex/envelope';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collect, META, openTestStore, someBytes, tempDirectory } from './temp-store.ts';

const KIB = 1024;

describe('put and get', () => {
  it('[§5] any bytes come back under the SHA-256 of exactly those bytes', async () => {
    const store = openTestStore();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), async (bytes) => {
        const handle = await store.put(bytes, META);
        expect(handle.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
        expect(Buffer.compare(await store.get(handle), bytes)).toBe(0);
        expect(Buffer.compare(await collect(store.open(handle.sha256)), bytes)).toBe(0);
      }),
      { seed: 20261121, numRuns: 60 },
    );
  });

  it.each([0, 1, 64 * KIB, 64 * KIB + 1, 3 * 1024 * KIB, 17 * 1024 * KIB + 5])(
    '%i bytes make the round trip, as bytes, as a stream, and in a new opening',
    async (length) => {
      const dir = join(tempDirectory(), 'store');
      const bytes = someBytes(length);
      const first = openArtifactStore({ dir });
      const handle = await first.put(bytes, META);
      const streamed = await first.putStream(piecesOf(bytes, 100_000), META, { maxBytes: length });
      await first.close();
      const second = openArtifactStore({ dir });
      expect(streamed.sha256).toBe(handle.sha256);
      expect(Buffer.compare(await second.get(handle), bytes)).toBe(0);
      expect(Buffer.compare(await collect(second.open(streamed)), bytes)).toBe(0);
      expect(await second.stat(handle.artifact_id)).toEqual({
        sha256: handle.sha256,
        size: length,
        place: length <= 64 * KIB ? 'pack' : 'file',
      });
      await second.close();
    },
  );

  it('equal bytes are stored once, with a manifest for each artifact', async () => {
    const store = openTestStore();
    const [a, b] = await Promise.all([store.put(someBytes(10), META), store.put(someBytes(10), META)]);
    expect(a.sha256).toBe(b.sha256);
    expect(a.artifact_id).not.toBe(b.artifact_id);
    const report = await store.verify({ all: true });
    expect(report).toMatchObject({ ok: true, objects: 1, manifests: 2, orphaned: [] });
  });

  it('small objects do not cost a file each', async () => {
    const store = openTestStore();
    await Promise.all(Array.from({ length: 200 }, (_, seed) => store.put(someBytes(500, seed), META)));
    expect(readdirSync(join(store.dir, 'objects'))).toEqual([]);
  });

  it.each([1_000, 200_000])(
    'a buffer of %i bytes that its owner changes does not change the object',
    async (length) => {
      const store = openTestStore();
      const bytes = someBytes(length);
      const original = Buffer.from(bytes);
      const pending = store.put(bytes, META);
      if (length <= 64 * KIB) bytes.fill(0);
      const handle = await pending;
      bytes.fill(0);
      expect(Buffer.compare(await store.get(handle), original)).toBe(0);
    },
  );

  it('a stream may reuse its buffer for every chunk', async () => {
    const store = openTestStore();
    const reused = Buffer.alloc(50_000);
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (let round = 1; round <= 4; round += 1) yield reused.fill(round);
    };
    const handle = await store.putStream(source(), META, { maxBytes: 1e6 });
    const expected = Buffer.concat([1, 2, 3, 4].map((round) => Buffer.alloc(50_000, round)));
    expect(Buffer.compare(await store.get(handle), expected)).toBe(0);
  });
});

describe('putStream bounds', () => {
  it.each([10, 100_000])('more than maxBytes (%i) is refused and leaves nothing', async (maxBytes) => {
    const store = openTestStore();
    const refused = store.putStream(piecesOf(someBytes(maxBytes + 1), 4_000), META, { maxBytes });
    await expect(refused).rejects.toMatchObject({ code: 'ARTIFACT_TOO_LARGE', kind: 'budget' });
    expect(readdirSync(join(store.dir, 'tmp'))).toEqual([]);
    expect((await store.list()).artifacts).toEqual([]);
  });

  it('reads a file by path; a directory, a pipe end and a missing file are refused', async () => {
    const store = openTestStore();
    const dir = tempDirectory();
    writeFileSync(join(dir, 'f'), someBytes(70_000));
    const handle = await store.putStream(join(dir, 'f'), META, { maxBytes: 70_000 });
    expect(handle.size_bytes).toBe(70_000);
    symlinkSync('nowhere', join(dir, 'dangling'));
    for (const path of [dir, join(dir, 'absent'), join(dir, 'dangling'), '/dev/null']) {
      await expect(store.putStream(path, META, { maxBytes: 10 })).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });
    }
    await expect(store.putStream(join(dir, 'f'), META, { maxBytes: 69_999 })).rejects.toMatchObject({
      code: 'ARTIFACT_TOO_LARGE',
    });
  });

  it.each([5, 500_000])('a source that fails after %i bytes passes its error on and leaves nothing', async (length) => {
    const store = openTestStore();
    const failure = new Error('cable pulled');
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield someBytes(length);
      throw failure;
    };
    await expect(store.putStream(source(), META, { maxBytes: 1e9 })).rejects.toBe(failure);
    expect((await store.list()).artifacts).toEqual([]);
    expect(readdirSync(join(store.dir, 'tmp'))).toEqual([]);
  });
});

describe('manifests', () => {
  it('[§5] every artifact has a sidecar manifest of the published shape', async () => {
    const store = openTestStore({ clock: () => new Date('2026-01-02T03:04:05.006Z') });
    const op_id = '11111111-2222-4333-8444-555555555555';
    const meta = {
      ...META,
      layer: 'evidence',
      name: 'report.json',
      created_by: { op_id },
      retention_ttl_days: 7,
    } as const;
    const handle = await store.put(someBytes(9), { ...meta, classification: 'high', exportable: true, pinned: true });
    const manifest = await store.manifest(handle.artifact_id);
    expect(CHECKERS.artifactManifest.check(manifest)).toBe(true);
    expect(manifest).toMatchObject({
      layer: 'evidence',
      filename_hint: 'report.json',
      created_at: '2026-01-02T03:04:05.006Z',
      classification: 'high',
      exportable: true,
      pinned: true,
      retention_ttl_days: 7,
    });
    expect(handleOf(manifest)).toEqual(handle);
    expect(CHECKERS.artifactHandle.check(handle)).toBe(true);
  });

  it('nothing is exportable unless somebody said so', async () => {
    const store = openTestStore();
    const { artifact_id } = await store.put(someBytes(9), META);
    expect(await store.manifest(artifact_id)).toMatchObject({ exportable: false, classification: 'medium' });
  });

  it.each([{ mime: 'not a mime' }, { name: '../etc/passwd' }, { retention_ttl_days: -1 }, { kind: 'bundle' as const }])(
    'a description that does not fit is refused: %j',
    async (wrong) => {
      const store = openTestStore();
      await expect(store.put(someBytes(9), { ...META, ...wrong })).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });
    },
  );

  it('pin and unpin change only the pin', async () => {
    const store = openTestStore();
    const { artifact_id } = await store.put(someBytes(9), META);
    const before = await store.manifest(artifact_id);
    expect(await store.pin(artifact_id)).toEqual({ ...before, pinned: true });
    expect(await store.unpin(artifact_id)).toEqual({ ...before, pinned: false });
    expect(await store.manifest(artifact_id)).toEqual({ ...before, pinned: false });
    await expect(store.pin('11111111-2222-4333-8444-555555555555')).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
    });
  });

  it('list selects by time, kind and operation, newest first', async () => {
    let tick = 0;
    const store = openTestStore({ clock: () => new Date(Date.UTC(2026, 0, 1, 0, 0, (tick += 1))) });
    const op_id = '11111111-2222-4333-8444-555555555555';
    const a = await store.put(someBytes(1, 1), META);
    const b = await store.put(someBytes(1, 2), { ...META, kind: 'report' });
    const c = await store.put(someBytes(1, 3), { ...META, created_by: { op_id } });
    const ids = async (query: Parameters<ArtifactStore['list']>[0]): Promise<string[]> =>
      (await store.list(query)).artifacts.map((manifest) => manifest.artifact_id);
    expect(await ids({})).toEqual([c, b, a].map((handle) => handle.artifact_id));
    expect(await ids({ limit: 1 })).toEqual([c.artifact_id]);
    expect(await ids({ kind: 'report' })).toEqual([b.artifact_id]);
    expect(await ids({ op: op_id })).toEqual([c.artifact_id]);
    expect(await ids({ since: '2026-01-01T00:00:02.000Z' })).toEqual([c.artifact_id, b.artifact_id]);
  });
});

describe('resolve', () => {
  it('finds by id, hash, and prefix of either', async () => {
    const store = openTestStore();
    const handle = await store.put(someBytes(9), META);
    const { artifact_id, sha256 } = handle;
    const ways = [artifact_id, sha256, artifact_id.slice(0, 8), artifact_id.slice(0, 20), sha256.slice(0, 9)];
    for (const way of [...ways, sha256.toUpperCase()]) expect(await store.resolve(way)).toEqual(handle);
  });

  it('a hash that several artifacts share answers with the newest', async () => {
    const store = openTestStore();
    await store.put(someBytes(9), META);
    const newer = await store.put(someBytes(9), { ...META, mime: 'text/plain' });
    expect(await store.resolve(newer.sha256)).toEqual(newer);
  });

  it('an ambiguous prefix, an unknown one and nonsense are typed errors', async () => {
    const store = openTestStore();
    // Two texts whose hashes both start with 72d9d9bb.
    const a = await store.put(Buffer.from('twin-72235'), META);
    const b = await store.put(Buffer.from('twin-90705'), META);
    await expect(store.resolve('72d9d9bb')).rejects.toMatchObject({ code: 'ARTIFACT_AMBIGUOUS', kind: 'validation' });
    expect(await store.resolve(b.sha256.slice(0, 12))).toEqual(b);
    await expect(store.resolve('00000000')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    for (const nonsense of ['abc', '', 'zzzzzzzzzz', "' OR 1=1 --", a.sha256.slice(0, 7)]) {
      await expect(store.resolve(nonsense)).rejects.toMatchObject({ code: 'ARTIFACT_INVALID', kind: 'validation' });
    }
  });
});

describe('handles are hostile', () => {
  it.each([{ sha256: '0'.repeat(64) }, { size_bytes: 8 }, { mime: 'text/html' }, { kind: 'report' as const }])(
    '[§2] a handle that disagrees with the manifest is an integrity error: %j',
    async (lie) => {
      const store = openTestStore();
      const handle = await store.put(someBytes(9), META);
      const forged = { ...handle, ...lie };
      const mismatch = { code: 'ARTIFACT_MISMATCH', kind: 'integrity' };
      await expect(store.get(forged)).rejects.toMatchObject(mismatch);
      await expect(collect(store.open(forged))).rejects.toMatchObject(mismatch);
      await expect(store.verifyHandle(forged)).rejects.toMatchObject(mismatch);
      await expect(store.materialize(forged, join(tempDirectory(), 'x'))).rejects.toMatchObject(mismatch);
      // The same after the store was asked about the true handle first.
      await store.get(handle);
      await expect(store.get(forged)).rejects.toMatchObject(mismatch);
    },
  );

  it('a handle of unknown artifact or broken shape is refused', async () => {
    const store = openTestStore();
    const handle = await store.put(someBytes(9), META);
    const artifact_id = '11111111-2222-4333-8444-555555555555';
    await expect(store.get({ ...handle, artifact_id })).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    const extra = { ...handle, path: '/etc/passwd' };
    await expect(store.get(extra)).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });
    await expect(store.get('../../etc/passwd')).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });
    await expect(store.get('0'.repeat(64))).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  });

  it('the name is a label and may differ', async () => {
    const store = openTestStore();
    const handle = await store.put(someBytes(9), META);
    expect(await store.get({ ...handle, name: 'input-1' })).toHaveLength(9);
  });
});

describe('opening and closing', () => {
  it('a closed store says so', async () => {
    const store = openTestStore();
    const handle = await store.put(someBytes(9), META);
    await store.close();
    await expect(store.get(handle)).rejects.toMatchObject({ code: 'ARTIFACT_STORE_CLOSED' });
    await expect(store.put(someBytes(9), META)).rejects.toMatchObject({ code: 'ARTIFACT_STORE_CLOSED' });
  });

  it('puts that wait when the store is closed are committed', async () => {
    const store = openTestStore();
    const waiting = store.put(someBytes(9), META);
    await store.close();
    expect((await waiting).size_bytes).toBe(9);
  });

  it('a file that is no store, a place that is no directory, and a store of the future are refused', async () => {
    const dir = tempDirectory();
    mkdirSync(join(dir, 'a'));
    writeFileSync(join(dir, 'a', 'objects.db'), 'this is not a database, but long enough to look like one'.repeat(90));
    expect(() => openArtifactStore({ dir: join(dir, 'a') })).toThrow(errorWith('ARTIFACT_CORRUPT'));
    writeFileSync(join(dir, 'file'), '');
    expect(() => openArtifactStore({ dir: join(dir, 'file', 'store') })).toThrow(errorWith('ARTIFACT_STORE_FAILED'));
    await openArtifactStore({ dir: join(dir, 'b') }).close();
    const db = new DatabaseSync(join(dir, 'b', 'objects.db'));
    db.exec('PRAGMA user_version = 2');
    db.close();
    expect(() => openArtifactStore({ dir: join(dir, 'b') })).toThrow(errorWith('ARTIFACT_STORE_VERSION'));
  });

  it('a store made by somebody else cannot lead outside or run anything of its own', async () => {
    const [dir, outside] = [tempDirectory(), tempDirectory()];
    await openArtifactStore({ dir: join(dir, 'a') }).close();
    rmSync(join(dir, 'a', 'objects'), { recursive: true });
    symlinkSync(outside, join(dir, 'a', 'objects'));
    expect(() => openArtifactStore({ dir: join(dir, 'a') })).toThrow(errorWith('POLICY_PATH_ESCAPE'));
    const shards = openTestStore({ dir: join(dir, 'b') });
    const bytes = someBytes(100_000);
    const { sha256 } = await shards.put(bytes, META);
    rmSync(join(dir, 'b', 'objects', sha256.slice(0, 2)), { recursive: true });
    symlinkSync(outside, join(dir, 'b', 'objects', sha256.slice(0, 2)));
    await expect(shards.put(bytes, META)).rejects.toMatchObject({ code: 'POLICY_PATH_ESCAPE' });
    expect(readdirSync(outside)).toEqual([]);
    await openArtifactStore({ dir: join(dir, 'c') }).close();
    const db = new DatabaseSync(join(dir, 'c', 'objects.db'));
    db.exec('CREATE TRIGGER t AFTER INSERT ON objects BEGIN DELETE FROM objects; END');
    db.close();
    expect(() => openArtifactStore({ dir: join(dir, 'c') })).toThrow(errorWith('ARTIFACT_CORRUPT'));
  });
});

function errorWith(code: string): Error {
  return expect.objectContaining({ code });
}

async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
