import { describe, expect, it } from 'vitest';
import { type InventorySource, MAX_LOCKFILE_BYTES, readInventories } from '../src/inventory.ts';
import { lockfileReaders } from '../src/lockfiles/readers.ts';
import { LockfileError, type LockfileReader } from '../src/model.ts';

const CARGO = 'version = 4\n[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+https://registry.example"\n';

function source(files: Readonly<Record<string, string | Uint8Array>>): InventorySource {
  const bytes = new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === 'string' ? new TextEncoder().encode(content) : content,
    ]),
  );
  return {
    files: [...bytes.keys()],
    size: (path) => bytes.get(path)?.length ?? 0,
    read: async (path) => bytes.get(path) ?? Promise.reject(new Error('ENOENT')),
  };
}

function stub(read: LockfileReader['read']): LockfileReader {
  return { id: 'stub', type: 'cargo', matches: (name) => name === 'Cargo.lock', read };
}

describe('readInventories', () => {
  it('reads the good ones and reports the others, sorted by path', async () => {
    const { inventories, failures } = await readInventories(
      source({
        'z/Cargo.lock': CARGO,
        'y/yarn.lock': 'hello world',
        'b/Cargo.lock': 'version = 4\n[[package',
        'a/Cargo.lock': `\ufeff${CARGO}`,
      }),
      lockfileReaders,
    );
    expect(inventories.map(({ path }) => path)).toEqual(['a/Cargo.lock', 'z/Cargo.lock']);
    expect(failures).toEqual([
      expect.objectContaining({ code: 'SBOM_LOCKFILE_SYNTAX', path: 'b/Cargo.lock', line: 2 }),
      expect.objectContaining({ code: 'SBOM_LOCKFILE_SYNTAX', path: 'y/yarn.lock' }),
    ]);
    for (const { message, remedy } of failures) expect(message.length > 10 && remedy.length > 10).toBe(true);
  });

  it.each([
    ['UTF-16, little end first', new Uint8Array([0xff, 0xfe, 0x61, 0x00])],
    ['UTF-16, big end first', new Uint8Array([0xfe, 0xff, 0x00, 0x61])],
    ['UTF-16 without a mark', new Uint8Array([0x61, 0x00, 0x62, 0x00])],
    ['a byte that is no UTF-8', new Uint8Array([0x61, 0xc3])],
    ['an overlong form', new Uint8Array([0xc0, 0xaf])],
    ['a surrogate', new Uint8Array([0xed, 0xa0, 0x80])],
  ])('reports %s as not UTF-8', async (_name, bytes) => {
    const { failures } = await readInventories(source({ 'Cargo.lock': bytes }), lockfileReaders);
    expect(failures).toMatchObject([{ code: 'SBOM_LOCKFILE_NOT_UTF8', path: 'Cargo.lock' }]);
  });

  it('does not even open a file beyond the bound, and checks again what it got', async () => {
    const opened: string[] = [];
    const huge: InventorySource = {
      files: ['Cargo.lock', 'yarn.lock'],
      size: (path) => (path === 'Cargo.lock' ? MAX_LOCKFILE_BYTES + 1 : 10),
      read: async (path) => {
        opened.push(path);
        return new Uint8Array(MAX_LOCKFILE_BYTES + 1);
      },
    };
    const { failures } = await readInventories(huge, lockfileReaders);
    expect(failures.map(({ code }) => code)).toEqual(['SBOM_LOCKFILE_TOO_LARGE', 'SBOM_LOCKFILE_TOO_LARGE']);
    expect(opened).toEqual(['yarn.lock']);
  });

  it('reports a file that cannot be opened', async () => {
    const gone: InventorySource = {
      files: ['Cargo.lock'],
      size: () => 1,
      read: async () => Promise.reject(new Error('x')),
    };
    const { failures } = await readInventories(gone, lockfileReaders);
    expect(failures).toMatchObject([{ code: 'SBOM_LOCKFILE_UNREADABLE' }]);
  });

  it('turns whatever a reader throws into a failure that quotes nothing', async () => {
    const thrown: [unknown, string][] = [
      [new TypeError('secret of the file'), 'SBOM_LOCKFILE_SHAPE'],
      [new RangeError('Maximum call stack size exceeded'), 'SBOM_LOCKFILE_TOO_DEEP'],
      [null, 'SBOM_LOCKFILE_SHAPE'],
      [new LockfileError('SBOM_LOCKFILE_VERSION', 'x', 'too new', { line: 3, column: 4 }), 'SBOM_LOCKFILE_VERSION'],
    ];
    for (const [what, code] of thrown) {
      const readers = [stub(async () => Promise.reject(what))];
      const { failures } = await readInventories(source({ 'Cargo.lock': '' }), readers);
      expect(failures).toMatchObject([{ code, path: 'Cargo.lock' }]);
      expect(JSON.stringify(failures)).not.toContain('secret');
    }
  });

  it('gives readers only files of the scanned directory as siblings', async () => {
    const asked: Record<string, string | undefined> = {};
    const reader = stub(async (input) => {
      for (const path of [
        'package.json',
        './package.json',
        '../package.json',
        '../../etc/passwd',
        'x/../package.json',
        '',
      ]) {
        asked[path] = await input.sibling(path);
      }
      throw new LockfileError('SBOM_LOCKFILE_SHAPE', input.path, 'enough');
    });
    await readInventories(source({ 'a/Cargo.lock': '', 'a/package.json': 'A', 'package.json': 'TOP' }), [reader]);
    expect(asked).toEqual({
      'package.json': 'A',
      './package.json': 'A',
      '../package.json': 'TOP',
      '../../etc/passwd': undefined,
      'x/../package.json': 'A',
      '': undefined,
    });
  });

  it('says when a manifest beside a lockfile cannot be read', async () => {
    const { inventories } = await readInventories(
      source({ 'Cargo.lock': CARGO, 'Cargo.toml': new Uint8Array([0xff, 0xff, 0xff]) }),
      lockfileReaders,
    );
    expect(inventories[0]?.packages).toHaveLength(1);
    expect(inventories[0]?.warnings).toMatchObject([{ code: 'SBOM_MANIFEST_UNREADABLE' }]);
  });
});
