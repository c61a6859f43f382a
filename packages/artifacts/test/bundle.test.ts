import { type BundleEntry, canonicalJson } from '@mex/envelope';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildIndex, checkBundlePath, parseIndex } from '../src/bundle-index.ts';
import { META, openTestStore, someBytes } from './temp-store.ts';

const entry = (path: string, size_bytes = 1): BundleEntry => ({ path, sha256: 'a'.repeat(64), size_bytes });

/** Paths without clashes: distinct leaf names below a few directories. */
const files = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom('', 'd/', 'd/e/', 'Ä/', 'z z/'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
    ),
    {
      selector: ([directory, name]) => `${directory}${name}`.normalize('NFC'),
      maxLength: 12,
    },
  )
  .map((parts) => parts.map(([directory, name]) => `${directory}f${name.replaceAll(/[/\\\0]/g, '_')}`))
  .filter((paths) => new Set(paths.map((path) => path.normalize('NFC'))).size === paths.length);

describe('the canonical index', () => {
  it('[§5] does not depend on the order of entries, and is its own canonical JSON', () => {
    fc.assert(
      fc.property(files, fc.infiniteStream(fc.nat()), (paths, sizes) => {
        const entries = paths.map((path) => entry(path, sizes.next().value));
        const built = buildIndex(entries);
        const shuffled = buildIndex(
          [...entries].sort((a, b) => a.size_bytes - b.size_bytes || (a.path > b.path ? 1 : -1)),
        );
        expect(Buffer.compare(built.bytes, shuffled.bytes)).toBe(0);
        expect(Buffer.from(built.bytes).toString()).toBe(canonicalJson(built.index));
        expect(parseIndex(built.bytes)).toEqual(built.index);
      }),
      { seed: 20261121, numRuns: 100 },
    );
  });

  it('[§5] sorts by code unit, not by locale, and writes NFC', () => {
    const { index } = buildIndex([entry('é'), entry('z'), entry('B'), entry('a'), entry('cafe\u0301')]);
    expect(index.entries.map(({ path }) => path)).toEqual(['B', 'a', 'caf\u00e9', 'z', 'é']);
  });

  it.each([
    ['', 'empty'],
    ['/etc/passwd', 'absolute'],
    ['C:/x', 'absolute'],
    ['c:x', 'absolute'],
    ['a/../b', '.. segment'],
    ['..', '.. segment'],
    ['./a', '. segment'],
    ['a//b', 'empty segment'],
    ['a/', 'empty segment'],
    ['a\\b', 'backslash'],
    ['a\0b', 'NUL'],
    ['\ud800', 'well-formed'],
    ['x'.repeat(4_097), 'longer'],
  ])('[§14 B] refuses the path %j', (path, why) => {
    expect(checkBundlePath(path)).toContain(why);
    expect(() => buildIndex([entry(path)])).toThrow(
      expect.objectContaining({ code: 'POLICY_PATH_ESCAPE', kind: 'policy' }),
    );
  });

  it.each(['..a', 'a..', '...', 'a b', '~', '-rf', 'a:b/c'])('accepts the path %j', (path) => {
    expect(checkBundlePath(path === 'a:b/c' ? 'ab:c' : path)).toBeUndefined();
  });

  it('refuses duplicates after NFC, and a file that is a directory too', () => {
    const invalid = expect.objectContaining({ code: 'ARTIFACT_INVALID' });
    expect(() => buildIndex([entry('caf\u00e9'), entry('cafe\u0301')])).toThrow(invalid);
    expect(() => buildIndex([entry('a/b'), entry('a!'), entry('a')])).toThrow(invalid);
  });

  it('reports, but accepts, paths that differ only in case', () => {
    const { caseClashes } = buildIndex([entry('README'), entry('readme'), entry('x')]);
    expect(caseClashes).toEqual([['README', 'readme']]);
  });

  it('refuses more entries than it can hold', () => {
    const many = Array.from({ length: 100_001 }, (_, at) => entry(`f${at}`));
    expect(() => buildIndex(many)).toThrow(expect.objectContaining({ code: 'ARTIFACT_TOO_LARGE' }));
  });

  it.each([
    ['other spelling', '{"entries": [], "schema_version": "mex.bundle@1.0"}'],
    ['other version', '{"entries":[],"schema_version":"mex.bundle@2.0"}'],
    ['duplicate member', '{"entries":[],"entries":[],"schema_version":"mex.bundle@1.0"}'],
    ['no JSON', 'index'],
    ['no UTF-8', '\xff'],
    ['escape', canonicalJson({ entries: [entry('../x')], schema_version: 'mex.bundle@1.0' })],
    ['unsorted', canonicalJson({ entries: [entry('b'), entry('a')], schema_version: 'mex.bundle@1.0' })],
  ])('stored bytes that are no canonical index are refused: %s', (_, text) => {
    expect(() => parseIndex(Buffer.from(text, 'latin1'))).toThrow(
      expect.objectContaining({ code: 'ARTIFACT_CORRUPT' }),
    );
  });
});

describe('stored bundles', () => {
  const meta = { created_by: {} };

  it('[§5] keep each file, read verified, under a digest over the index', async () => {
    const store = openTestStore();
    const known = await store.put(someBytes(80_000, 3), META);
    const files = [
      { path: 'b/large.bin', handle: known },
      { path: 'a.txt', bytes: Buffer.from('a') },
      { path: 'empty', bytes: new Uint8Array(0) },
    ];
    const one = await store.putBundle(files, meta);
    const two = await store.putBundle(files.toReversed(), meta);
    expect(two.handle.sha256).toBe(one.handle.sha256);
    expect(one.handle).toMatchObject({ kind: 'bundle', size_bytes: (await store.get(one.handle)).length });
    const bundle = await store.openBundle(one.handle);
    expect(bundle.entries.map(({ path }) => path)).toEqual(['a.txt', 'b/large.bin', 'empty']);
    expect(Buffer.from(await bundle.read('a.txt')).toString()).toBe('a');
    expect(Buffer.compare(await bundle.read('b/large.bin'), someBytes(80_000, 3))).toBe(0);
    expect(await bundle.read('empty')).toHaveLength(0);
    await expect(bundle.read('../a.txt')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    expect(await store.verify({ all: true })).toMatchObject({ ok: true, orphaned: [], objects: 4 });
    expect(await store.verify(one.handle.artifact_id)).toMatchObject({ ok: true, objects: 4 });
  });

  it('a bad path stores nothing', async () => {
    const store = openTestStore();
    const files = [
      { path: 'good', bytes: someBytes(5) },
      { path: '../bad', bytes: someBytes(6) },
    ];
    await expect(store.putBundle(files, meta)).rejects.toMatchObject({ code: 'POLICY_PATH_ESCAPE' });
    expect(await store.verify({ all: true })).toMatchObject({ objects: 0 });
  });

  it('[§2] nobody gets at content through a forged index or a forged handle', async () => {
    const store = openTestStore();
    const secret = await store.put(Buffer.from('secret'), META);
    const { bytes } = buildIndex([{ path: 'x', sha256: secret.sha256, size_bytes: 6 }]);
    await expect(store.put(bytes, { ...META, kind: 'bundle' })).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });
    const report = await store.put(bytes, { ...META, kind: 'report' });
    await expect(store.openBundle(report)).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });
    await expect(store.openBundle({ ...report, kind: 'bundle' })).rejects.toMatchObject({ code: 'ARTIFACT_MISMATCH' });
    const forged = { ...secret, size_bytes: 7 };
    const files = [{ path: 'x', handle: forged }];
    await expect(store.putBundle(files, meta)).rejects.toMatchObject({ code: 'ARTIFACT_MISMATCH' });
  });

  it('an empty bundle and one of many files work', async () => {
    const store = openTestStore();
    const empty = await store.putBundle([], meta);
    expect((await store.openBundle(empty.handle)).entries).toEqual([]);
    const files = Array.from({ length: 1_200 }, (_, at) => ({
      path: `d${at % 7}/f${at}`,
      bytes: Buffer.from(`${at}`),
    }));
    const { handle } = await store.putBundle(files, meta);
    const bundle = await store.openBundle(handle);
    expect(Buffer.from(await bundle.read('d1/f8')).toString()).toBe('8');
    expect((await store.stat(handle.sha256)).place).toBe('file');
  });
});
