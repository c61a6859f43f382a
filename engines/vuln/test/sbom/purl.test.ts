import { describe, expect, it } from 'vitest';
import { advisoryPackage, isFromElsewhere, parsePurl } from '../../src/sbom/purl.ts';

function packageOf(text: string) {
  const purl = parsePurl(text);
  const found = purl === undefined ? undefined : advisoryPackage(purl);
  return found === undefined ? undefined : `${found.ecosystem} ${found.name} ${purl?.version}`;
}

describe('package URLs', () => {
  it.each([
    ['pkg:npm/left-pad@1.3.0', 'npm left-pad 1.3.0'],
    ['pkg:npm/%40babel/core@7.0.0', 'npm @babel/core 7.0.0'],
    ['pkg:npm/@babel/core@7.0.0', 'npm @babel/core 7.0.0'],
    ['pkg:npm/@babel/core', 'npm @babel/core undefined'],
    ['pkg:cargo/serde@1.0.0?x=y#sub', 'crates.io serde 1.0.0'],
    ['pkg:golang/github.com/Masterminds/goutils@v1.1.0', 'Go github.com/Masterminds/goutils v1.1.0'],
    ['pkg:golang/x.example/y@v2.0.0%2Bincompatible', 'Go x.example/y v2.0.0+incompatible'],
    ['pkg:pypi/django@4.0', 'PyPI django 4.0'],
    ['pkg:gem/rails@7.0.0', 'RubyGems rails 7.0.0'],
    ['pkg:composer/symfony/http@5.0', 'Packagist symfony/http 5.0'],
    ['pkg:maven/org.apache/log4j@2.0', 'Maven org.apache:log4j 2.0'],
    ['PKG:npm/x@1', undefined],
    ['pkg:npm', undefined],
    ['pkg:npm/', undefined],
    ['pkg:npm/%ZZ@1', undefined],
    ['pkg:deb/debian/curl@7.0', undefined],
    [`pkg:npm/${'x'.repeat(5_000)}`, undefined],
  ])('%s', (text, expected) => {
    expect(packageOf(text)).toBe(expected);
  });

  it('files packages under the key of their ecosystem', () => {
    const key = (text: string) =>
      advisoryPackage(
        parsePurl(text) ?? { type: '', namespace: undefined, name: '', version: undefined, qualifiers: new Map() },
      )?.key;
    expect(key('pkg:pypi/Zope.Interface@1')).toBe('zope-interface');
    expect(key('pkg:golang/github.com/Masterminds/goutils@v1.1.0')).toBe('github.com/masterminds/goutils');
    expect(key('pkg:npm/JSONStream@1.0.0')).toBe('JSONStream');
  });

  it('knows packages that come from elsewhere', () => {
    for (const [query, expected] of [
      ['vcs_url=git%2Bhttps://x', true],
      ['download_url=https://x', true],
      ['repository_url=x', true],
      ['arch=x64', false],
    ] as const) {
      const purl = parsePurl(`pkg:npm/a@1?${query}`);
      expect(purl !== undefined && isFromElsewhere(purl)).toBe(expected);
    }
  });
});
