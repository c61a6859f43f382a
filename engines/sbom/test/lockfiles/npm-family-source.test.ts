import { describe, expect, it } from 'vitest';
import { matchesAnyPattern } from '../../src/lockfiles/npm-family-glob.ts';
import { joinPath } from '../../src/lockfiles/npm-family-manifest.ts';
import {
  sourceOf,
  sourceOfSpecifier,
  specifierKind,
  withoutCredentials,
} from '../../src/lockfiles/npm-family-source.ts';
import { quote } from '../../src/lockfiles/npm-family-text.ts';

const SHA = '54eb9c1cb21db5c62b4d0e275d7249516df6f0ee';

describe('specifiers', () => {
  it.each([
    ['^1.2.3', 'registry'],
    ['npm:real@^1', 'registry'],
    ['latest', 'registry'],
    ['>=1 <2 || 3.x', 'registry'],
    ['owner/name', 'git'],
    ['owner/name#semver:^1', 'git'],
    ['github:owner/name', 'git'],
    ['git+ssh://git@git.example/x.git#v1', 'git'],
    ['git@git.example:x/y.git', 'git'],
    ['https://git.example/x.git', 'git'],
    [`https://codeload.github.com/owner/name/tar.gz/${SHA}`, 'git'],
    ['https://github.com/owner/name/tarball/master', 'url'],
    ['https://cdn.example/x.tgz', 'url'],
    ['file:../x', 'path'],
    ['link:x', 'path'],
    ['portal:x', 'path'],
    ['./x', 'path'],
    ['C:\\x', 'path'],
    ['workspace:^', 'workspace'],
  ])('%s is %s', (specifier, kind) => {
    expect(specifierKind(specifier)).toBe(kind);
  });

  it('a forge archive is the repository at that commit', () => {
    const wanted = { kind: 'git', url: 'https://github.com/owner/name', commit: SHA };
    expect(sourceOfSpecifier(`https://codeload.github.com/owner/name/tar.gz/${SHA}`)).toEqual(wanted);
    expect(sourceOfSpecifier(`https://api.github.com/repos/owner/name/tarball/${SHA}`)).toEqual(wanted);
    expect(sourceOfSpecifier(`https://github.com/owner/name/archive/${SHA}.tar.gz`)).toEqual(wanted);
    expect(sourceOfSpecifier(`github:owner/name#${SHA}`)).toEqual(wanted);
  });

  it('who asked decides what a tarball is', () => {
    const known = { name: 'x', version: '1.0.0', resolved: 'https://files.example/anything' };
    expect(sourceOf({ ...known, requested: '^1.0.0' }).kind).toBe('registry');
    expect(sourceOf({ ...known, requested: 'https://files.example/anything' }).kind).toBe('url');
    expect(sourceOf({ ...known, requested: undefined }).kind).toBe('url');
    expect(
      sourceOf({ ...known, resolved: 'https://registry.example/x/-/x-1.0.0.tgz', requested: undefined }).kind,
    ).toBe('registry');
    expect(sourceOf({ ...known, resolved: undefined, requested: 'owner/x' })).toEqual({
      kind: 'git',
      url: 'https://github.com/owner/x',
    });
  });
});

describe('credentials', () => {
  it.each([
    ['https://user:pass@host.example/x.tgz', 'https://host.example/x.tgz'],
    ['https://token@host.example/x', 'https://host.example/x'],
    ['https://a:p@ss@host.example/x', 'https://host.example/x'],
    ['git+ssh://git@host.example/x.git', 'git+ssh://git@host.example/x.git'],
    ['git+ssh://git:pw@host.example/x.git#abc', 'git+ssh://host.example/x.git'],
    ['https://host.example/x.tgz?token=abc&v=1&X-Amz-Signature=z', 'https://host.example/x.tgz?v=1'],
    ['https://host.example/x.tgz?private_token=abc', 'https://host.example/x.tgz'],
    ['user:pw@host.example:x.git', 'host.example:x.git'],
  ])('%s', (address, clean) => {
    expect(withoutCredentials(address)).toBe(clean);
  });

  it('do not survive in messages, not even cut in the middle', () => {
    expect(quote('a@https://u:secret@h.example/x')).toBe('"a@https://h.example/x"');
    expect(quote(`${'x'.repeat(1000)}https://user:secretsecretsecret@h.example/`)).not.toContain('secret');
    expect(quote('\u001b[31m\ud800\u202e')).toBe('"?[31m\ufffd?"');
  });
});

describe('workspace patterns and paths', () => {
  it.each([
    [['packages/*'], 'packages/a', true],
    [['packages/*'], 'packages/a/b', false],
    [['packages/**'], 'packages/a/b', true],
    [['./packages/*/'], 'packages/a', true],
    [['{apps,packages}/*'], 'apps/x', true],
    [['{a,{b,c}}/?'], 'c/x', true],
    [['packages/*', '!packages/old'], 'packages/old', false],
    [['packages/*-plugin'], 'packages/x-plugin', true],
    [['docs'], 'doc', false],
    [['**'], '', true],
  ])('%j and %s: %s', (patterns, path, matches) => {
    expect(matchesAnyPattern(patterns, path)).toBe(matches);
  });

  it('a hostile pattern takes no time', () => {
    expect(
      matchesAnyPattern([`${'*a'.repeat(500)}b`, `${'**/'.repeat(300)}x`, '{a,b}'.repeat(200)], 'a'.repeat(4000)),
    ).toBe(false);
  });

  it('joined paths keep only the dots that leave the root', () => {
    expect(joinPath('packages/a', '../b')).toBe('packages/b');
    expect(joinPath('', './a/./b/..')).toBe('a');
    expect(joinPath('a', '../../../b')).toBe('../../b');
  });
});
