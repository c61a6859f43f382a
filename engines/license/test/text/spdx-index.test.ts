import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIndex } from '../../scripts/build-index.ts';
import { licenseTexts } from '../../src/text/license-texts.ts';
import { packNumbers, unpackNumbers } from '../../src/text/packed-numbers.ts';
import * as index from '../../src/text/spdx-index.ts';
import { splitWords } from '../../src/text/words.ts';
import { spdxText } from '../spdx-texts.ts';

describe('the index of the SPDX texts', () => {
  it('is what the script makes of the pinned list', () => {
    const made = createIndex();
    expect(Object.keys(index).sort()).toEqual(Object.keys(made).sort());
    const stale = Object.entries(index).filter(([name, text]) => made[name] !== text);
    expect(stale.map(([name]) => name)).toEqual([]);
  });

  it('unpacks to the words of the texts', () => {
    const { texts, numberOf } = licenseTexts();
    for (const id of ['MIT', 'GPL-3.0-only', 'CC-BY-SA-4.0', 'BSD-3-Clause-LBNL']) {
      const words = splitWords(spdxText(id)).words.map((word) => numberOf.get(word));
      expect(
        texts.some((text) => text.ids.includes(id) && [...text.words].join() === words.join()),
        id,
      ).toBe(true);
    }
  });

  it('packs any whole numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0x7fff_ffff)), (numbers) => {
        expect([...unpackNumbers(packNumbers(numbers))]).toEqual(numbers);
      }),
      { seed: 20261121 },
    );
  });
});
