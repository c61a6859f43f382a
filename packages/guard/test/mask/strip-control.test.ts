import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stripControl } from '../../src/mask/strip-control.ts';

const ESC = '\u001b';

describe('stripControl', () => {
  it.each([
    ['colours', `${ESC}[31mred${ESC}[0m`, 'red'],
    ['cursor and screen', `a${ESC}[2J${ESC}[1;1Hb`, 'ab'],
    ['window title', `a${ESC}]0;title\u0007b`, 'ab'],
    ['hyperlink', `${ESC}]8;;https://example.org${ESC}\\text${ESC}]8;;${ESC}\\`, 'text'],
    ['8-bit CSI', 'a\u009b31mb', 'ab'],
    ['device control string', `a${ESC}Pq#0${ESC}\\b`, 'ab'],
    ['two-character sequence', `a${ESC}cb`, 'ab'],
    ['carriage return that hides a line', 'evil\rgood', 'evilgood'],
    ['CR LF', 'a\r\nb', 'a\nb'],
    ['backspaces and bell', 'a\b\u0007b', 'ab'],
    ['bidirectional override', 'abc\u202edef\u2066', 'abcdef'],
    ['zero-width characters between letters', 'pass\u200bword\ufeff\u200d', 'password'],
    ['invisible tags', 'a\u{e0041}b', 'ab'],
    ['line separators', 'a\u2028b', 'ab'],
  ])('removes %s', (_, text, expected) => {
    expect(stripControl(text)).toBe(expected);
  });

  it('keeps tab, line feed, scripts and emoji, and returns clean text as it is', () => {
    const clean = 'a\tb\nنص हिन्दी 中文 👩‍👩‍👧 क्‍ष';
    expect(stripControl(clean)).toBe(clean);
  });

  it('an unended sequence loses its introducer only, so that it cannot swallow the rest of a log', () => {
    expect(stripControl(`${ESC}]0;all that follows\nand more`)).toBe('0;all that follows\nand more');
    expect(stripControl(`a${ESC}`)).toBe('a');
    expect(stripControl(`${ESC}[`)).toBe('');
  });

  it('leaves no control character and is idempotent, for any text', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(ESC, '[', ']', '\u009b', '\u0007', '\\', '0;', 'm', '\u200d', '👩', '\r'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const once = stripControl(pieces.join(''));
        // oxlint-disable-next-line no-control-regex -- the subject
        expect(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/.test(once)).toBe(false);
        expect(stripControl(once)).toBe(once);
      }),
      { seed: 20261121, numRuns: 400 },
    );
  });
});
