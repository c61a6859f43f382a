import { describe, expect, it } from 'vitest';
import { coordinatesOf, purlOf } from '../../src/documents/purl.ts';
import { toUri } from '../../src/documents/uri.ts';
import { entry } from './fixture.ts';

describe('purlOf', () => {
  it.each([
    ['a scope', entry('@angular/animation', { version: '12.3.1' }), 'pkg:npm/%40angular/animation@12.3.1'],
    ['no version', entry('lodash'), 'pkg:npm/lodash'],
    ['a build mark', entry('x', { version: '1.2.3+build.4' }), 'pkg:npm/x@1.2.3%2Bbuild.4'],
    ['old npm names in their own case', entry('JSONStream', { version: '1.3.5' }), 'pkg:npm/JSONStream@1.3.5'],
    ['characters beyond ASCII', entry('ü b', { version: "1'(!)*~" }), 'pkg:npm/%C3%BC%20b@1%27%28%21%29%2A~'],
    [
      'a Go module in its own case',
      entry('github.com/Masterminds/semver/v3', { type: 'golang', version: 'v3.2.1+incompatible' }),
      'pkg:golang/github.com/Masterminds/semver/v3@v3.2.1%2Bincompatible',
    ],
    [
      'Composer in lower case',
      entry('Symfony/Console', { type: 'composer', version: 'v5.4.16' }),
      'pkg:composer/symfony/console@v5.4.16',
    ],
    ['a gem', entry('RedCloth', { type: 'gem', version: '4.2.9' }), 'pkg:gem/RedCloth@4.2.9'],
    [
      'a Python epoch',
      entry('Zope.Interface__x', { type: 'pypi', version: '1!2.0' }),
      'pkg:pypi/zope-interface-x@1%212.0',
    ],
    ['a crate', entry('serde_json', { type: 'cargo', version: '1.0.0' }), 'pkg:cargo/serde_json@1.0.0'],
    [
      'a repository',
      entry('a', { version: '1.0.0', source: { kind: 'git', url: 'https://host.example/a/b.git', commit: 'ab12' } }),
      'pkg:npm/a@1.0.0?vcs_url=git%2Bhttps://host.example/a/b.git%40ab12',
    ],
    [
      'an archive',
      entry('a', { version: '1.0.0', source: { kind: 'url', url: 'https://host.example/a b.tgz?x=1&y=#z' } }),
      'pkg:npm/a@1.0.0?download_url=https://host.example/a%20b.tgz%3Fx%3D1%26y%3D%23z',
    ],
  ])('%s', (_name, one, purl) => {
    expect(purlOf(one)).toBe(purl);
  });

  it('gives none to what no registry has', () => {
    expect(purlOf(entry('a', { version: '1.0.0', source: { kind: 'path', url: '../a' } }))).toBeUndefined();
    expect(purlOf(entry('a', { version: '1.0.0', source: { kind: 'workspace' } }))).toBeUndefined();
  });

  it('splits groups where the ecosystem has them', () => {
    expect(coordinatesOf(entry('@babel/core'))).toEqual({ group: '@babel', name: 'core' });
    expect(coordinatesOf(entry('symfony/console', { type: 'composer' }))).toEqual({
      group: 'symfony',
      name: 'console',
    });
    expect(coordinatesOf(entry('golang.org/x/net', { type: 'golang' }))).toEqual({ name: 'golang.org/x/net' });
    expect(coordinatesOf(entry('@odd/'))).toEqual({ name: '@odd/' });
  });
});

describe('toUri', () => {
  it.each([
    ['https://host.example/a b?c="d"#e f', 'https://host.example/a%20b?c=%22d%22#e%20f'],
    ['git@github.com:owner/repo.git', 'ssh://git@github.com/owner/repo.git'],
    ['HTTPS://host.example/%zz%41', 'https://host.example/%25zz%41'],
    ['https://[::1]:8080/x', 'https://[::1]:8080/x'],
    ['git+ssh://git@host.example/a.git', 'git+ssh://git@host.example/a.git'],
    ['../relative', undefined],
    ['https://', undefined],
    ['https://ho st/x', undefined],
    ['', undefined],
    ['C:', undefined],
    [`https://host.example/${'x'.repeat(5000)}`, undefined],
  ])('%s', (address, uri) => {
    expect(toUri(address)).toBe(uri);
  });
});
