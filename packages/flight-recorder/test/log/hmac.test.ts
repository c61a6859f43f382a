import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Hmac } from '../../src/log/hmac.ts';

describe('hmac', () => {
  it('gives the answer of RFC 4231, test case 2', () => {
    const code = new Hmac(Buffer.from('Jefe')).of(Buffer.from('what do ya want '), Buffer.from('for nothing?'));
    expect(Buffer.from(code).toString('hex')).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
  });

  it('is what node:crypto computes, for any key and parts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.array(fc.uint8Array({ maxLength: 200 })), (key, parts) => {
        const expected = createHmac('sha256', key).update(Buffer.concat(parts)).digest();
        expect(Buffer.from(new Hmac(key).of(...parts))).toEqual(expected);
      }),
      { seed: 2104, numRuns: 200 },
    );
  });

  it('refuses keys that RFC 2104 would hash first', () => {
    expect(() => new Hmac(Buffer.alloc(65))).toThrow(RangeError);
  });
});
