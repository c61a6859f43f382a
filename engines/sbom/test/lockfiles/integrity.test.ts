import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIntegrity, parseSha1 } from '../../src/lockfiles/integrity.ts';

describe('integrity', () => {
  it('decodes every digest it is given', () => {
    const sri = (name: string) => (text: string) => `${name}-${createHash(name).update(text).digest('base64')}`;
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const [name, algorithm] of [
          ['sha1', 'SHA-1'],
          ['sha256', 'SHA-256'],
          ['sha384', 'SHA-384'],
          ['sha512', 'SHA-512'],
          ['md5', 'MD5'],
        ] as const) {
          expect(parseIntegrity(sri(name)(text))).toEqual([
            { algorithm, hex: createHash(name).update(text).digest('hex') },
          ]);
        }
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('takes several digests, and options after a question mark', () => {
    const sha1 = 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=';
    const found = parseIntegrity(`${sha1}  sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=?ct=x`);
    expect(found.map(({ algorithm, hex }) => `${algorithm}:${hex.slice(0, 8)}`)).toEqual([
      'SHA-1:da39a3ee',
      'SHA-256:e3b0c442',
    ]);
  });

  it.each([
    '',
    'sha512',
    'sha512-',
    'sha512-AAAA',
    'sha1-***',
    'md4-AAAA',
    'sha512-' + 'A'.repeat(100_000),
    '__proto__-AAAA',
  ])('leaves out what cannot be a digest: %.20s', (text) => {
    expect(parseIntegrity(text)).toEqual([]);
  });

  it('a SHA-1 in hex is one only with 40 digits', () => {
    expect(parseSha1('DA39A3EE5E6B4B0D3255BFEF95601890AFD80709')?.hex).toBe('da39a3ee5e6b4b0d3255bfef95601890afd80709');
    expect(parseSha1('da39a3ee')).toBeUndefined();
  });
});
