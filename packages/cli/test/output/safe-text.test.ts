import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeJson } from '../../src/output/json.ts';
import { red, renderLine } from '../../src/output/style.ts';
import { layoutTable } from '../../src/output/table.ts';
import { formatBytes } from '../../src/output/units.ts';

/** Everything that moves a cursor, starts a line, or turns text around. */
const HARMFUL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\x1b', '[', '3', '1', 'm', '\r', '\n', '\u202e', '\x9b', ']', '\x07', 'a'),
    fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
  ),
});

describe('text for a terminal', () => {
  it('never holds a control character that did not come from here', () => {
    fc.assert(
      fc.property(fc.array(hostile), (texts) => {
        expect(renderLine(texts.map(red), false)).not.toMatch(HARMFUL);
        expect(renderLine(texts, true)).not.toMatch(HARMFUL);
        for (const line of layoutTable([texts])) expect(renderLine(line, false)).not.toMatch(HARMFUL);
      }),
      { seed: 16, numRuns: 500 },
    );
  });

  it('shows looks only where they are wanted', () => {
    expect(renderLine(['a ', red('b')], true)).toBe('a \x1b[31mb\x1b[39m');
    expect(renderLine(['a ', red('b')], false)).toBe('a b');
  });
});

describe('JSON for a terminal', () => {
  it('says the same value and holds nothing harmful', () => {
    fc.assert(
      fc.property(
        fc.anything({
          values: [hostile, fc.double({ noNaN: true, noDefaultInfinity: true })],
          key: hostile,
          withNullPrototype: false,
        }),
        (value) => {
          const plain = JSON.stringify(value);
          if (plain === undefined) return;
          const text = safeJson(value);
          expect(text).not.toMatch(HARMFUL);
          expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(JSON.parse(plain)));
        },
      ),
      { seed: 16, numRuns: 500 },
    );
  });
});

describe('figures', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [150 * 1024, '150 KiB'],
    [5.5 * 1024 ** 3, '5.5 GiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
