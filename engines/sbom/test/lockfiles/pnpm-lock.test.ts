import { describe, expect, it } from 'vitest';
import { pnpmLockReader } from '../../src/lockfiles/pnpm-lock.ts';
import { parsePnpmPath } from '../../src/lockfiles/pnpm-lock-path.ts';
import { edgeList, entry, flawsOf, read } from './npm-family-reading.ts';

const SHA = '54eb9c1cb21db5c62b4d0e275d7249516df6f0ee';

describe('pnpm keys', () => {
  it.each([
    [5, '/a/1.0.0', 'a', '1.0.0'],
    [5, '/@s/a/1.0.0_react@17.0.2+b@1', '@s/a', '1.0.0'],
    [5, '/a_b/1.0.0-rc.1_x', 'a_b', '1.0.0-rc.1'],
    [5, 'registry.example/@s/a/1.0.0_x', '@s/a', '1.0.0'],
    [5, '@registry.example/@s/a/-/a-1.0.0.tgz?id=1_x@1', undefined, undefined],
    [5, `github.com/o/n/${SHA}`, undefined, undefined],
    [6, '/a@1.0.0(b@2.0.0)(@s/c@3.0.0(d@1.0.0))', 'a', '1.0.0'],
    [6, '/@s/a@1.0.0(patch_hash=abc)', '@s/a', '1.0.0'],
    [6, 'registry.example/a@1.0.0', 'a', '1.0.0'],
    [6, '@codeload.github.com/o/n/tar.gz/n@1.0.0', undefined, undefined],
    [6, 'file:packages/a(b@1.0.0)', undefined, undefined],
    [9, '@s/a@1.0.0-beta.1+build(b@1.0.0)', '@s/a', '1.0.0-beta.1+build'],
    [9, 'a@https://codeload.github.com/o/a/tar.gz/abc', 'a', undefined],
    [9, 'a@file:x(b@1.0.0)', 'a', undefined],
  ] as const)('version %i: %s', (major, key, name, version) => {
    expect(parsePnpmPath(key, major)).toMatchObject({ name, version });
  });
});

describe('pnpm-lock version 9', () => {
  const LOCK = `
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      alias: {specifier: 'npm:real@1', version: real@1.0.0}
    devDependencies:
      dev: {specifier: '1', version: 1.0.0(peer@1.0.0)}
    optionalDependencies:
      opt: {specifier: '1', version: 1.0.0}
  packages/m:
    dependencies:
      self: {specifier: 'workspace:*', version: link:../..}
      other: {specifier: 'workspace:*', version: link:../n}
      outside: {specifier: 'link:../../../o', version: link:../../../o}
  packages/n:
    dependencies:
      gitted: {specifier: o/gitted, version: https://codeload.github.com/o/gitted/tar.gz/${SHA}}
      dir: {specifier: 'file:../d', version: file:packages/d(peer@1.0.0)}
packages:
  real@1.0.0: {resolution: {integrity: sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=}}
  dev@1.0.0: {resolution: {tarball: 'https://u:p@registry.example/dev/-/dev-1.0.0.tgz'}}
  peer@1.0.0: {}
  peer@2.0.0: {}
  opt@1.0.0: {}
  gitted@https://codeload.github.com/o/gitted/tar.gz/${SHA}: {resolution: {tarball: 'https://codeload.github.com/o/gitted/tar.gz/${SHA}'}, version: 3.0.0}
  dir@file:packages/d: {resolution: {directory: packages/d, type: directory}}
  node@runtime:24.0.0: {resolution: {type: variations, variants: []}, version: 24.0.0}
snapshots:
  real@1.0.0: {dependencies: {dev: 1.0.0(peer@2.0.0)}}
  dev@1.0.0(peer@1.0.0): {dependencies: {peer: 1.0.0}}
  dev@1.0.0(peer@2.0.0): {dependencies: {peer: 2.0.0}}
  peer@1.0.0: {}
  peer@2.0.0: {optionalDependencies: {opt: 1.0.0}}
  opt@1.0.0: {}
  gitted@https://codeload.github.com/o/gitted/tar.gz/${SHA}: {}
  dir@file:packages/d(peer@1.0.0): {}
  node@runtime:24.0.0: {}
`;

  it('reads members, aliases, peers, git, directories and links', async () => {
    const inventory = await read(pnpmLockReader, 'app/pnpm-lock.yaml', LOCK, {
      'app/package.json': '{"name":"project","version":"1.0.0","license":"MIT"}',
      'app/packages/m/package.json': '{"name":"@p/m","version":"2.0.0"}',
    });
    expect(inventory).toMatchObject({
      format: 'pnpm-lock-v9',
      graph: 'complete',
      root: { name: 'project', licenses: ['MIT'] },
      warnings: [],
    });
    expect(inventory.packages.map((one) => one.key)).toEqual([
      '@p/m@2.0.0|workspace:packages/m',
      'dev@1.0.0',
      'dir|path:packages/d',
      `gitted@3.0.0|git:https://github.com/o/gitted#${SHA}`,
      'node@24.0.0|url:runtime:24.0.0',
      'opt@1.0.0',
      'other|workspace:packages/n',
      'outside|path:../o',
      'peer@1.0.0',
      'peer@2.0.0',
      'real@1.0.0',
    ]);
    expect(edgeList(inventory)).toEqual([
      '@p/m@2.0.0|workspace:packages/m > other|workspace:packages/n',
      '@p/m@2.0.0|workspace:packages/m > outside|path:../o',
      'dev@1.0.0 > peer@1.0.0',
      'dev@1.0.0 > peer@2.0.0',
      'other|workspace:packages/n > dir|path:packages/d',
      `other|workspace:packages/n > gitted@3.0.0|git:https://github.com/o/gitted#${SHA}`,
      'peer@2.0.0 > opt@1.0.0',
      'real@1.0.0 > dev@1.0.0',
    ]);
    expect(flawsOf(inventory)).toEqual([]);
  });

  it('marks by instance: a development instance does not lend its peers to production', async () => {
    const inventory = await read(pnpmLockReader, 'pnpm-lock.yaml', LOCK);
    const marks = Object.fromEntries(
      inventory.packages.map((one) => [one.key, `${one.dev ? 'dev' : ''}${one.optional ? 'opt' : ''}`]),
    );
    expect(marks).toMatchObject({
      'dev@1.0.0': '',
      'peer@1.0.0': 'dev',
      'peer@2.0.0': '',
      'opt@1.0.0': 'opt',
      'real@1.0.0': '',
    });
  });

  it('unites the two documents that pnpm 11 and later may write', async () => {
    const environment = `---
lockfileVersion: '9.0'
importers:
  .:
    configDependencies: {}
    packageManagerDependencies:
      pnpm: {specifier: 12.0.0, version: 12.0.0}
packages:
  pnpm@12.0.0: {}
snapshots:
  pnpm@12.0.0: {}

---
`;
    const inventory = await read(pnpmLockReader, 'pnpm-lock.yaml', environment + LOCK.trimStart());
    expect(entry(inventory, 'pnpm@12.0.0')).toMatchObject({ dev: true });
    expect(entry(inventory, 'real@1.0.0')).toMatchObject({ dev: false });
    expect(inventory.direct).toContain('pnpm@12.0.0');
  });
});

describe('pnpm-lock versions 5 and 6', () => {
  it('version 5 without workspace: slashes, underscores, marks of its own', async () => {
    const inventory = await read(
      pnpmLockReader,
      'pnpm-lock.yaml',
      `lockfileVersion: 5.4
specifiers: {a: ^1.0.0}
dependencies: {a: 1.0.0_b@2.0.0, alias: /@s/real/3.0.0}
devDependencies: {git: github.com/o/git/${SHA}}
packages:
  /a/1.0.0_b@2.0.0: {dependencies: {b: 2.0.0}, dev: false}
  /b/2.0.0: {dev: false, optional: true}
  /@s/real/3.0.0: {resolution: {integrity: sha512-x}}
  github.com/o/git/${SHA}: {name: git, version: 0.1.0, resolution: {tarball: 'https://codeload.github.com/o/git/tar.gz/${SHA}'}, dev: true}
`,
    );
    expect(inventory.format).toBe('pnpm-lock-v5');
    expect(edgeList(inventory)).toEqual(['a@1.0.0 > b@2.0.0']);
    expect(inventory.direct).toEqual(['@s/real@3.0.0', 'a@1.0.0', `git@0.1.0|git:https://github.com/o/git#${SHA}`]);
    expect(inventory.packages.map((one) => [one.name, one.dev, one.optional])).toEqual([
      ['@s/real', false, false],
      ['a', false, false],
      ['b', false, true],
      ['git', true, false],
    ]);
    expect(inventory.warnings).toEqual([]);
  });

  it('version 6: parentheses, injected members stay one entry, unresolved references are named', async () => {
    const inventory = await read(
      pnpmLockReader,
      'pnpm-lock.yaml',
      `lockfileVersion: '6.0'
importers:
  packages/m:
    dependencies:
      n: {specifier: 'workspace:*', version: 'file:packages/n(a@1.0.0)'}
      gone: {specifier: ^1, version: 1.0.0}
  packages/n:
    dependencies:
      a: {specifier: ^1, version: '1.0.0(b@1.0.0)'}
packages:
  /a@1.0.0(b@1.0.0): {dev: true}
  file:packages/n(a@1.0.0): {resolution: {directory: packages/n, type: directory}, name: n, dependencies: {a: '1.0.0(b@1.0.0)'}}
`,
    );
    expect(inventory.packages.map((one) => one.key)).toEqual([
      'a@1.0.0',
      'packages/m|workspace:packages/m',
      'packages/n|workspace:packages/n',
    ]);
    expect(edgeList(inventory)).toEqual([
      'packages/m|workspace:packages/m > packages/n|workspace:packages/n',
      'packages/n|workspace:packages/n > a@1.0.0',
    ]);
    expect(inventory.warnings).toMatchObject([
      { code: 'SBOM_UNRESOLVED_DEPENDENCY', message: expect.stringContaining('gone@1.0.0') },
    ]);
  });
});
