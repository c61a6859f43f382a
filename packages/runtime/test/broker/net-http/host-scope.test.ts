import { findCapability } from '@mex/envelope';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostScope, matchHostScope } from '../../../src/broker/net-http/host-scope.ts';
import { parseTarget } from '../../../src/broker/net-http/http-target.ts';

const SEED = { seed: 20261121 };
const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/).filter((text) => !text.startsWith('xn--'));
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const protocol = fc.constantFrom('http:' as const, 'https:' as const);
const port = fc.integer({ min: 1, max: 65_535 });
/** A path, a query and a fragment, of whatever a URL may hold. */
const tail = fc.stringMatching(/^\/[a-zé%./2e{}"'<>|^~]{0,20}(\?[a-zé%&=?/]{0,10})?(#[a-z/?#]{0,10})?$/);
const matches = (scope: string, url: string): boolean => {
  const { host, port: at, protocol: by } = parseTarget(url);
  return matchHostScope(scope, host, at, by);
};

describe('matchHostScope', () => {
  it.each([
    ['a.test', 'http://a.test/', true],
    ['a.test', 'https://a.test/', true],
    ['a.test', 'https://a.test:8443/', false],
    ['a.test', 'http://a.test:443/', false],
    ['a.test:8443', 'https://a.test:8443/', true],
    ['a.test:8443', 'http://a.test:8443/', true],
    ['a.test:443', 'https://a.test/', true],
    ['a.test:443', 'http://a.test/', false],
    ['*.a.test', 'https://b.a.test/', true],
    ['*.a.test', 'https://c.b.a.test/', true],
    ['*.a.test', 'https://a.test/', false],
    ['*.a.test', 'https://ba.test/', false],
    ['*.a.test:8080', 'http://b.a.test:8080/', true],
    ['*.a.test:8080', 'http://b.a.test/', false],
    ['*.0.0.1', 'http://127.0.0.1/', false],
    ['127.0.0.1', 'http://0x7f.1/', true],
    ['[::1]', 'http://[0::1]/', true],
    ['[::1]:8080', 'http://[::1]:8080/', true],
    ['[::1]:8080', 'http://[::1]/', false],
    ['*.', 'http://a.test/', false],
    ['*', 'http://a.test/', false],
    ['', 'http://a.test/', false],
    [':80', 'http://a.test/', false],
    ['a.test:', 'http://a.test/', false],
    ['a.test:080', 'http://a.test/', false],
    ['A.test', 'http://a.test/', false],
  ])('[§7] %s and %s: %s', (scope, url, expected) => {
    expect(matches(scope, url)).toBe(expected);
  });

  it('[§7] a wildcard needs a label, also where a host came from nowhere', () => {
    expect(matchHostScope('*.a.test', '.a.test', 80, 'http:')).toBe(false);
    expect(matchHostScope('*.a.test', 'b.a.test', 80, 'http:')).toBe(true);
  });

  it('[§7] a host is covered by the scope that names it, and that scope is a registered capability', () => {
    fc.assert(
      fc.property(name, port, protocol, (host, at, by) => {
        const target = parseTarget(`${by}//${host}:${at}/`);
        expect(target).toMatchObject({ host, port: at, protocol: by });
        const scope = hostScope(target);
        expect(target.scope).toBe(scope);
        expect(matchHostScope(scope, host, at, by)).toBe(true);
        expect(findCapability(`net.http:${scope}`)?.axis).toBe('net.http');
      }),
      SEED,
    );
  });

  it('[§7] a scope covers no other host and no other port', () => {
    fc.assert(
      fc.property(name, name, port, port, protocol, (host, other, at, elsewhere, by) => {
        fc.pre(host !== other && at !== elsewhere);
        expect(matchHostScope(`${host}:${at}`, other, at, by)).toBe(false);
        expect(matchHostScope(`${host}:${at}`, host, elsewhere, by)).toBe(false);
      }),
      SEED,
    );
  });

  it('[§7] a wildcard covers exactly the names that end in a dot and its name', () => {
    fc.assert(
      fc.property(name, name, port, protocol, (below, above, at, by) => {
        expect(matchHostScope(`*.${above}:${at}`, `${below}.${above}`, at, by)).toBe(true);
        expect(matchHostScope(`*.${above}:${at}`, above, at, by)).toBe(false);
        expect(matchHostScope(`*.${above}:${at}`, below, at, by)).toBe(below.endsWith(`.${above}`));
        expect(matchHostScope(`*.${above}:${at}`, `x${above}`, at, by)).toBe(false);
      }),
      SEED,
    );
  });
});

describe('parseTarget', () => {
  it('reads its own result as the same', () => {
    fc.assert(
      fc.property(protocol, name, port, tail, (by, host, at, rest) => {
        const url = `${by}//${host}:${at}${rest}`;
        let target: ReturnType<typeof parseTarget>;
        try {
          target = parseTarget(url);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'NETWORK_REQUEST_INVALID' });
          return;
        }
        expect(parseTarget(target.href)).toEqual(target);
        expect(target.href).toBe(`${target.origin}${target.path}`);
        expect(target.path).toMatch(/^\/[\x21-\x7e]*$/);
        expect(target.path).not.toContain('#');
      }),
      SEED,
    );
  });

  it('[§9] of any text, reads the host that WHATWG reads, or none', () => {
    const piece = fc.constantFrom(
      'http://',
      'good.test',
      'evil.test',
      '@',
      ':',
      '/',
      '\\',
      '#',
      '?',
      '.',
      '%2f',
      '%40',
      '\t',
      '。',
      '８０',
      '[',
      ']',
      '::1',
      '80',
      '0x7f',
      'É',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 7 }), (pieces) => {
        const text = `http://${pieces.join('')}`;
        let target: ReturnType<typeof parseTarget>;
        try {
          target = parseTarget(text);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'NETWORK_REQUEST_INVALID' });
          return;
        }
        const url = new URL(text);
        expect([target.host, target.origin]).toEqual([url.hostname, url.origin]);
        expect([url.username, url.password]).toEqual(['', '']);
        expect(target.host).toMatch(/^(?:[a-z0-9.-]*[a-z0-9]|\[[0-9a-f:]+\])$/);
      }),
      { ...SEED, numRuns: 2_000 },
    );
  });
});
