import { describe, expect, it } from 'vitest';
import { detectLicenses } from '../../src/text/detection.ts';
import { HAS_DATA, labelledTexts, NO_DATA, scenarios } from '../test-data.ts';

/**
 * lic-0176 is byte for byte the text of lic-0142, which is labelled Apache-2.0: no reader can be right on both, and what
 * the text says is Apache-2.0.
 */
const CONTRADICTORY = new Set(['lic-0176']);

function outcomeOf(text: string): string | null {
  const { outcome, expression } = detectLicenses(text);
  return outcome === 'known' ? (expression ?? null) : null;
}

describe.skipIf(!HAS_DATA)(`labelled license texts${NO_DATA}`, () => {
  it('[§13] at least 98 % of the labelled texts are told right', () => {
    const wrong = labelledTexts().filter(({ text, spdx, accept, id }) => {
      const got = outcomeOf(text);
      return (
        !CONTRADICTORY.has(id) && (spdx === null ? got !== null : got === null || !(accept ?? [spdx]).includes(got))
      );
    });
    expect(wrong.length / labelledTexts().length, wrong.map(({ id }) => id).join()).toBeLessThan(0.02);
  });

  it('[§13] nothing that is modified, truncated or no license is called known', () => {
    const called = labelledTexts().filter(
      ({ text, spdx, id }) => spdx === null && !CONTRADICTORY.has(id) && outcomeOf(text) !== null,
    );
    expect(called.map(({ id, kind }) => `${id} ${kind}`)).toEqual([]);
  });

  it('at most five of the classifier scenarios come out otherwise than another classifier says', () => {
    const wrong = scenarios().filter(({ text, expected_names }) => {
      const names = (outcomeOf(text) ?? '').split(/ AND | OR /).filter((name) => name !== '');
      const plain = names.map((name) => name.replace(/[()]|-only|-or-later| WITH .*/g, ''));
      const expected = expected_names.map((name) => name.replace('-with-bison-exception', ''));
      return [...new Set(plain)].sort().join() !== expected.join();
    });
    // Four today: a text with an advertising clause; a notice by name; Sun's wording; a GPL notice without a version.
    expect(wrong.length, wrong.map(({ source }) => source).join()).toBeLessThanOrEqual(5);
  });
});
