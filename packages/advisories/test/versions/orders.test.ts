import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mavenOrder } from '../../src/versions/maven-order.ts';
import { packagistOrder } from '../../src/versions/packagist-order.ts';
import { pypiOrder } from '../../src/versions/pypi-order.ts';
import { rubygemsOrder } from '../../src/versions/rubygems-order.ts';
import { semverOrder } from '../../src/versions/semver-order.ts';
import type { VersionOrder } from '../../src/versions/version-order.ts';

/** Versions in order; those in one inner list are the same version. */
type Chain = readonly (string | readonly string[])[];

const CHAINS: readonly [string, VersionOrder, Chain][] = [
  [
    'SemVer 2.0.0, section 11',
    semverOrder,
    [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      ['1.0.0', 'v1.0.0', '1.0.0+build', '1.0', '1'],
      '1.0.1',
      '99999999999999999998.0.0',
      '99999999999999999999.0.0',
    ],
  ],
  [
    'Go pseudo-versions',
    semverOrder,
    [
      'v0.0.0-20170424173420-06e7a29f36a3',
      'v0.0.0-20180424173420-06e7a29f36a3',
      'v1.2.3',
      'v1.2.4-0.20200101000000-abcdefabcdef',
      ['v2.0.0+incompatible', 'v2.0.0'],
    ],
  ],
  [
    'PEP 440',
    pypiOrder,
    [
      'not-a-version',
      ['1.0.dev456', '1.0-DEV456'],
      ['1.0a1', '1.0alpha1', '1.0-ALPHA.1', '1a1'],
      '1.0a2.dev456',
      '1.0a12.dev456',
      '1.0a12',
      '1.0b1.dev456',
      '1.0b2',
      '1.0b2.post345.dev456',
      '1.0b2.post345',
      '1.0rc1.dev456',
      ['1.0rc1', '1.0c1', '1.0pre1', '1.0-preview_1'],
      ['1.0', '1', '1.0.0', 'v1.0'],
      '1.0+abc.5',
      '1.0+abc.7',
      '1.0+5',
      '1.0.post456.dev34',
      ['1.0.post456', '1.0-456', '1.0.rev456'],
      '1.0.15',
      '1.1.dev1',
      '1.1',
      '1!0.1',
    ],
  ],
  [
    'RubyGems',
    rubygemsOrder,
    [
      '1.0.a',
      '1.0.a.2',
      '1.0.b1',
      ['1.0', '1', '1.0.0'],
      '1.0.1.rc1',
      ['1.0.1', '1.0.1-x86_64-linux', '1.0.1-java'],
      '1.0.2-1',
      '1.0.2',
      '1.0.10',
      '1.1.0.pre',
      '1.1',
    ],
  ],
  [
    'Composer',
    packagistOrder,
    [
      '1.0.0-dev',
      ['1.0.0-alpha1', '1.0.0a1', 'v1.0-ALPHA.1'],
      '1.0.0-alpha2',
      '1.0.0-beta2-dev',
      '1.0.0-beta2',
      ['1.0.0-RC1', '1.0rc1'],
      ['1.0.0', '1.0', '1.0.0.0', '1.0.0+build', '1.0.0-stable'],
      ['1.0.0-p1', '1.0.0-patch1', '1.0.0-pl1'],
      '1.0.1',
      '20100102',
    ],
  ],
  [
    'Maven',
    mavenOrder,
    [
      ['1-alpha2', '1-a2', '1.0-alpha-2'],
      '1-alpha-123',
      '1-beta-2',
      '1-beta123',
      '1-m2',
      '1-m11',
      ['1-rc', '1-cr'],
      '1-rc123',
      '1-SNAPSHOT',
      ['1', '1.0', '1.0.0', '1-ga', '1.final', '1.0.0.RELEASE'],
      '1-sp',
      '1-sp2',
      '1-abc',
      '1-def',
      '1-pom-1',
      '1-1-snapshot',
      '1-1',
      '1-2',
      '1.1',
      '2.0.1-xyz',
      '2.0.1-123',
    ],
  ],
];

describe.each(CHAINS)('the order of %s', (_name, order, chain) => {
  it('[§13] places every version of the chain before all later ones', () => {
    const places = chain.flatMap((group, place) => [group].flat().map((version) => ({ version, place })));
    for (const a of places) {
      expect(order.accepts(a.version), a.version).toBe(true);
      for (const b of places) {
        expect(Math.sign(order.compare(a.version, b.version)), `${a.version} and ${b.version}`).toBe(
          Math.sign(a.place - b.place),
        );
      }
    }
  });
});

const number = fc.oneof(
  fc.nat({ max: 12 }).map(String),
  fc.constantFrom('00', '010', '20240101120000', '99999999999999999999'),
);
const dotted = fc.array(number, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
const word = fc.constantFrom(
  'alpha',
  'beta',
  'rc',
  'a',
  'b',
  'pre',
  'dev',
  'post',
  'x',
  'final',
  'snapshot',
  'sp',
  'p',
  'ga',
  'm',
);
const separator = fc.constantFrom('', '.', '-', '_', '+');
const tail = fc.array(fc.tuple(separator, word, fc.constantFrom('', '.', '-'), fc.oneof(fc.constant(''), number)), {
  maxLength: 3,
});
const version = fc.tuple(dotted, tail).map(([numbers, parts]) => numbers + parts.flat().join(''));

const ORDERS: readonly [string, VersionOrder][] = [
  ['npm, crates.io, Go', semverOrder],
  ['PyPI', pypiOrder],
  ['RubyGems', rubygemsOrder],
  ['Packagist', packagistOrder],
  ['Maven', mavenOrder],
];

describe.each(ORDERS)('the order of %s', (_name, order) => {
  const accepted = version.filter((text) => order.accepts(text));

  it('is total: antisymmetric, and equal to itself', () => {
    fc.assert(
      fc.property(accepted, accepted, (a, b) => {
        expect(order.compare(a, a)).toBe(0);
        expect(Math.sign(order.compare(a, b))).toBe(-Math.sign(order.compare(b, a)) + 0);
      }),
      { seed: 4, numRuns: 1_500 },
    );
  });

  it('is transitive', () => {
    fc.assert(
      fc.property(fc.array(accepted, { minLength: 3, maxLength: 8 }), (versions) => {
        for (const a of versions)
          for (const b of versions)
            for (const c of versions) {
              if (order.compare(a, b) > 0 || order.compare(b, c) > 0) continue;
              expect(order.compare(a, c), `${a} <= ${b} <= ${c}`).toBeLessThanOrEqual(0);
            }
      }),
      { seed: 5, numRuns: 250 },
    );
  });

  it('reads hostile text in linear time, and never throws for asking', () => {
    const start = performance.now();
    for (const text of [
      '1'.repeat(250),
      '1.'.repeat(120),
      '1-'.repeat(120),
      'a'.repeat(250),
      '1a'.repeat(120),
      '\u0000',
      '',
      ' ',
      '1'.repeat(1e6),
    ])
      expect(typeof order.accepts(text)).toBe('boolean');
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => typeof order.accepts(text) === 'boolean'),
      { seed: 6, numRuns: 500 },
    );
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it('refuses to compare what it does not accept', () => {
    expect(order.accepts('')).toBe(false);
    expect(() => order.compare('', '1.0')).toThrow(RangeError);
    expect(() => order.compare('', '')).toThrow(RangeError);
  });
});

describe('what is no version', () => {
  it.each([
    ['npm', semverOrder, ['latest', 'git+ssh://x', '1.2.x', '1..2', '^1.0.0']],
    ['Packagist', packagistOrder, ['dev-main', '1.x-dev', 'dev-master#abc']],
    ['RubyGems', rubygemsOrder, ['junk', '1.0_1', '1..0']],
    ['Maven', mavenOrder, ['${version}', '[1,2)', '-1']],
  ])('%s', (_name, order, texts) => {
    for (const text of texts) expect(order.accepts(text), text).toBe(false);
  });
});
