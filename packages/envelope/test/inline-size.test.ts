import { BOUNDS, canonicalBytes } from '@mex/envelope';
import { checkInlineSize } from '@mex/envelope/json';
import { describe, expect, it } from 'vitest';

/** A params object of exactly so many bytes of canonical JSON, filled with a character of `width` bytes. */
function paramsOf(bytes: number, char: string): object {
  const width = new TextEncoder().encode(char).length;
  const room = bytes - '{"t":""}'.length;
  return { t: char.repeat(Math.floor(room / width)) + 'x'.repeat(room % width) };
}

describe('[§3] the 32 KB rule counts UTF-8 bytes of canonical JSON', () => {
  it.each([
    ['ASCII', 'a'],
    ['two bytes a character', 'é'],
    ['three bytes', '語'],
    ['four bytes', '😀'],
  ])('32,768 bytes of %s fit, 32,769 do not', (_what, char) => {
    expect(BOUNDS.maxInlineBytes).toBe(32_768);
    const most = paramsOf(32_768, char);
    expect(canonicalBytes(most)).toHaveLength(32_768);
    expect(checkInlineSize(most)).toEqual({ bytes: 32_768, fits: true });
    expect(checkInlineSize(paramsOf(32_769, char))).toEqual({ bytes: 32_769, fits: false });
  });

  it('after canonicalisation: white space and escapes of the sender do not count', () => {
    const spaced = JSON.parse(`{ "t" : ${' '.repeat(40_000)} "\\u0061" }`);
    expect(checkInlineSize(spaced)).toEqual({ bytes: 9, fits: true });
    expect(checkInlineSize({ t: '\u0001'.repeat(6_000) }).bytes).toBe(36_008);
  });
});
