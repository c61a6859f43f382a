import { clipText, MexError } from '@mex/envelope';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('clipText', () => {
  it('is short enough and well-formed, whatever the text and wherever it is cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\u{1f600}', '\ud83d', '\ude00'), maxLength: 40 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (whole, max) => {
        const cut = clipText(whole, max);
        return cut.length <= max && cut.isWellFormed() && (whole.length > max || cut === whole.toWellFormed());
      }),
      { seed: 18, numRuns: 1_000 },
    );
  });

  it('is needed for no part of a MexError: message and remedy are well-formed by themselves', () => {
    const error = new MexError({ code: 'X', kind: 'internal', message: 'a\ud83d', remedy: 'b\ude00' });
    expect([error.message, error.remedy]).toEqual(['a\ufffd', 'b\ufffd']);
  });
});
