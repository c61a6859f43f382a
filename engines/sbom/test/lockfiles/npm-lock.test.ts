import { describe, expect, it } from 'vitest';
import { npmLockReader } from '../../src/lockfiles/npm-lock.ts';
import { edgeList, entry, flawsOf, read } from './npm-family-reading.ts';

const SHA = '54eb9c1cb21db5c62b4d0e275d7249516df6f0ee';
const TARBALL = 'https://registry.example/a/-/a-1.0.0.tgz';

function lockOf(packages: Record<string, unknown>, version = 3): string {
  return JSON.stringify({ name: 'project', version: '0.1.0', lockfileVersion: version, packages });
}

describe('package-lock versions 2 and 3', () => {
  it('takes names, versions, licenses, hashes, marks and aliases from the entries', async () => {
    const inventory = await read(
      npmLockReader,
      'app/package-lock.json',
      lockOf({
        '': {
          name: 'project',
          version: '0.1.0',
          license: 'MIT',
          dependencies: { b: 'npm:@real/a@^1' },
          devDependencies: { d: '1' },
        },
        'node_modules/b': {
          name: '@real/a',
          version: '1.0.0',
          resolved: 'https://u:p@registry.example/@real/a/-/a-1.0.0.tgz',
          license: 'ISC',
          integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=',
        },
        'node_modules/d': { version: '2.0.0', dev: true, license: [{ type: 'MIT' }, 'Apache-2.0'] },
      }),
    );
    expect(inventory).toMatchObject({
      path: 'app/package-lock.json',
      format: 'npm-lock-v3',
      type: 'npm',
      graph: 'complete',
      direct: ['@real/a@1.0.0', 'd@2.0.0'],
    });
    expect(inventory.root).toEqual({ name: 'project', version: '0.1.0', licenses: ['MIT'] });
    expect(entry(inventory, '@real/a@1.0.0')).toEqual({
      key: '@real/a@1.0.0',
      type: 'npm',
      name: '@real/a',
      version: '1.0.0',
      source: { kind: 'registry', url: 'https://registry.example/@real/a/-/a-1.0.0.tgz' },
      hashes: [{ algorithm: 'SHA-1', hex: 'da39a3ee5e6b4b0d3255bfef95601890afd80709' }],
      licenses: ['ISC'],
      dev: false,
      optional: false,
      alias: 'b',
    });
    expect(entry(inventory, 'd@2.0.0')).toMatchObject({ dev: true, licenses: ['Apache-2.0', 'MIT'] });
  });

  it('resolves dependencies as Node does: nearest node_modules first', async () => {
    const inventory = await read(
      npmLockReader,
      'package-lock.json',
      lockOf({
        '': { dependencies: { a: '1', c: '1' } },
        'node_modules/a': {
          version: '1.0.0',
          dependencies: { b: '1', c: '1' },
          peerDependencies: { p: '*' },
          peerDependenciesMeta: { p: { optional: true } },
        },
        'node_modules/a/node_modules/b': { version: '1.0.0', dependencies: { c: '1' } },
        'node_modules/b': { version: '2.0.0' },
        'node_modules/c': { version: '1.0.0', dependencies: { b: '2' } },
      }),
    );
    expect(edgeList(inventory)).toEqual([
      'a@1.0.0 > b@1.0.0',
      'a@1.0.0 > c@1.0.0',
      'b@1.0.0 > c@1.0.0',
      'c@1.0.0 > b@2.0.0',
    ]);
    expect(inventory.warnings).toEqual([]);
  });

  it('tells workspace members from other local directories, and follows links', async () => {
    const inventory = await read(
      npmLockReader,
      'package-lock.json',
      lockOf({
        '': { workspaces: ['packages/*'], dependencies: { vendored: 'file:vendor/v', outside: 'file:../o' } },
        'node_modules/@p/a': { resolved: 'packages/a', link: true },
        'node_modules/vendored': { resolved: 'vendor/v', link: true },
        'node_modules/outside': { resolved: '../o', link: true },
        'packages/a': { name: '@p/a', version: '1.0.0', dependencies: { x: '1' }, devDependencies: { vendored: '*' } },
        'packages/a/node_modules/x': { version: '1.0.0' },
        'vendor/v': { version: '3.0.0' },
        '../o': { dependencies: { x: '1' } },
        'node_modules/x': { version: '2.0.0' },
      }),
    );
    expect(inventory.packages.map((one) => one.key)).toEqual([
      '@p/a@1.0.0|workspace:packages/a',
      'outside|path:../o',
      'vendored@3.0.0|path:vendor/v',
      'x@1.0.0',
      'x@2.0.0',
    ]);
    expect(edgeList(inventory)).toEqual([
      '@p/a@1.0.0|workspace:packages/a > vendored@3.0.0|path:vendor/v',
      '@p/a@1.0.0|workspace:packages/a > x@1.0.0',
    ]);
    // What lies outside the project does not see the project's node_modules.
    expect(inventory.warnings.map((warning) => warning.code)).toEqual(['SBOM_UNRESOLVED_DEPENDENCY']);
    expect(inventory.direct).toContain('x@1.0.0');
  });

  it('git, tarball and file sources are not the registry', async () => {
    const inventory = await read(
      npmLockReader,
      'package-lock.json',
      lockOf({
        '': { dependencies: { g: 'github:o/g', t: 'https://files.example/t.tgz', f: 'file:f.tgz', r: '^1' } },
        'node_modules/g': { version: '1.0.0', resolved: `git+ssh://git@github.com/o/g.git#${SHA}` },
        'node_modules/t': { version: '1.0.0', resolved: 'https://files.example/t.tgz' },
        'node_modules/f': { version: '1.0.0', resolved: 'file:f.tgz' },
        'node_modules/r': { version: '1.0.0', resolved: 'https://npm.mirror.example/download/r/1.0.0/abc' },
      }),
    );
    expect(inventory.packages.map((one) => [one.name, one.source.kind, one.source.commit])).toEqual([
      ['f', 'path', undefined],
      ['g', 'git', SHA],
      ['r', 'registry', undefined],
      ['t', 'url', undefined],
    ]);
  });

  it('merges one package installed in several places: dev and optional only if all of them are', async () => {
    const inventory = await read(
      npmLockReader,
      'package-lock.json',
      lockOf({
        '': {},
        'node_modules/a': { version: '1.0.0', dev: true, optional: true },
        'node_modules/b/node_modules/a': { version: '1.0.0', dev: true, resolved: TARBALL },
        'node_modules/c': { version: '1.0.0', devOptional: true },
      }),
    );
    expect(entry(inventory, 'a@1.0.0')).toMatchObject({
      dev: true,
      optional: false,
      source: { kind: 'registry', url: TARBALL },
    });
    expect(entry(inventory, 'c@1.0.0')).toMatchObject({ dev: false, optional: true });
  });

  it('leaves out entries without a version, and says so', async () => {
    const inventory = await read(
      npmLockReader,
      'package-lock.json',
      lockOf({ '': {}, 'node_modules/a': { optional: true } }),
    );
    expect(inventory.packages).toEqual([]);
    expect(inventory.warnings).toMatchObject([{ code: 'SBOM_ENTRY_SKIPPED' }]);
  });
});

describe('package-lock version 1 and old shrinkwraps', () => {
  const manifest = JSON.stringify({
    name: 'project',
    license: 'MIT',
    dependencies: { a: '^1' },
    devDependencies: { g: 'o/g' },
  });

  it('reads nested dependencies, requires, and whatever stands in version', async () => {
    const lock = {
      name: 'project',
      lockfileVersion: 1,
      requires: true,
      dependencies: {
        a: {
          version: '1.0.0',
          resolved: TARBALL,
          requires: { b: '^1', c: 'npm:real@1' },
          dependencies: { b: { version: '1.0.0', bundled: true } },
        },
        b: { version: '2.0.0', resolved: false, optional: true },
        c: { version: 'npm:real@1.5.0' },
        g: {
          version: `git+https://t0ken:x@github.com/o/g.git#${SHA}`,
          from: 'git+https://github.com/o/g.git',
          dev: true,
        },
        l: { version: 'file:packages/l' },
        old: { version: 'https://registry.example/old/-/old-3.2.1.tgz' },
        t: { version: 'https://github.com/o/t/tarball/master' },
      },
    };
    const inventory = await read(npmLockReader, 'package-lock.json', JSON.stringify(lock), {
      'package.json': manifest,
    });
    expect(inventory).toMatchObject({ format: 'npm-lock-v1', graph: 'complete', warnings: [] });
    expect(inventory.packages.map((one) => [one.name, one.version, one.source.kind])).toEqual([
      ['a', '1.0.0', 'registry'],
      ['b', '1.0.0', 'registry'],
      ['b', '2.0.0', 'registry'],
      ['g', undefined, 'git'],
      ['l', undefined, 'path'],
      ['old', '3.2.1', 'registry'],
      ['real', '1.5.0', 'registry'],
      ['t', undefined, 'url'],
    ]);
    expect(edgeList(inventory)).toEqual(['a@1.0.0 > b@1.0.0', 'a@1.0.0 > real@1.5.0']);
    expect(inventory.direct).toEqual(['a@1.0.0', `g|git:git+https://github.com/o/g.git#${SHA}`]);
    expect(flawsOf(inventory)).toEqual([]);
  });

  it('a shrinkwrap without version or edges says that there is no graph', async () => {
    const lock = {
      name: 'project',
      dependencies: {
        a: { version: '1.0.0', from: 'a@^1.0.0', resolved: TARBALL },
        u: { version: '1.0.0', from: 'https://files.example/u.tgz', resolved: 'https://files.example/u.tgz' },
      },
    };
    const inventory = await read(npmLockReader, 'npm-shrinkwrap.json', JSON.stringify(lock), {
      'package.json': manifest,
    });
    expect(inventory).toMatchObject({ format: 'npm-shrinkwrap', graph: 'none', direct: ['a@1.0.0'] });
    expect(inventory.packages.map((one) => one.source.kind)).toEqual(['registry', 'url']);
  });

  it('without a manifest what nothing requires counts as direct', async () => {
    const lock = {
      lockfileVersion: 1,
      dependencies: { a: { version: '1.0.0', requires: { b: '1' } }, b: { version: '1.0.0' } },
    };
    const inventory = await read(npmLockReader, 'package-lock.json', JSON.stringify(lock));
    expect(inventory.direct).toEqual(['a@1.0.0']);
    expect(inventory.warnings).toMatchObject([{ code: 'SBOM_MANIFEST_UNREADABLE' }]);
  });
});
