import { digestJson, sha256Hex } from '@mex/envelope/digest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './json/refusal-of.ts';

describe('sha256Hex', () => {
  // FIPS 180-4 examples.
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('of %j', (text, digest) => {
    expect(sha256Hex(text)).toBe(digest);
    expect(sha256Hex(new TextEncoder().encode(text))).toBe(digest);
  });

  it('[§5] is over the exact bytes: of a view, only what it shows', () => {
    const bytes = new TextEncoder().encode('xabcx');
    expect(sha256Hex(bytes.subarray(1, 4))).toBe(sha256Hex('abc'));
  });
});

describe('digestJson', () => {
  it('is the SHA-256 of the canonical form', () => {
    expect(digestJson({ b: 1, a: [true, 'é'] })).toBe(sha256Hex('{"a":[true,"é"],"b":1}'));
  });

  it('is equal for equal values whatever the order of their members', () => {
    fc.assert(
      fc.property(
        fc
          .dictionary(fc.string(), fc.integer(), { noNullPrototype: true })
          .filter((value) => !Object.hasOwn(value, '__proto__')),
        (value) => {
          const turned = Object.fromEntries(Object.entries(value).toReversed());
          expect(digestJson(turned)).toBe(digestJson(value));
        },
      ),
      { seed: 61, numRuns: 500 },
    );
  });

  it('there is none of what has no JSON form', () => {
    expect(refusalOf(() => digestJson({ a: () => 0 })).code).toBe('JSON_NOT_CANONICAL');
  });
});
