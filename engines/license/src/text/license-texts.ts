import { unpackNumbers } from './packed-numbers.ts';
import { TEXT_IDS, TEXT_LENGTHS, TEXT_WORDS, VOCABULARY } from './spdx-index.ts';

/** One text of the SPDX list. Ids that share it cannot be told apart by it; the one that promises least comes first. */
export interface LicenseText {
  readonly ids: readonly string[];
  /** Numbers of its words, see {@link LicenseTexts.numberOf}. */
  readonly words: Int32Array;
}

export interface LicenseTexts {
  readonly texts: readonly LicenseText[];
  /** Number of a word from 1; `undefined` for a word that stands in no license text. */
  readonly numberOf: ReadonlyMap<string, number>;
  readonly vocabulary: readonly string[];
}

/** Shortest repetition the index refers to; must equal that of `scripts/compress-words.ts`. */
const MIN_COPY = 4;

let unpacked: LicenseTexts | undefined;

/** The texts of the SPDX list; unpacked on the first call, which takes some 20 ms. */
export function licenseTexts(): LicenseTexts {
  unpacked ??= unpack();
  return unpacked;
}

function unpack(): LicenseTexts {
  const vocabulary = VOCABULARY.split(' ');
  const lengths = unpackNumbers(TEXT_LENGTHS);
  const words = expand(
    unpackNumbers(TEXT_WORDS),
    lengths.reduce((sum, length) => sum + length, 0),
  );
  let from = 0;
  const texts = TEXT_IDS.split('\n').map((ids, index) => {
    const length = lengths[index] ?? 0;
    from += length;
    return { ids: ids.split(' '), words: words.subarray(from - length, from) };
  });
  return { texts, vocabulary, numberOf: new Map(vocabulary.map((word, index) => [word, index + 1])) };
}

function expand(packed: Int32Array, length: number): Int32Array {
  const words = new Int32Array(length);
  let to = 0;
  for (let at = 0; at < packed.length; at++) {
    const number = packed[at] ?? 0;
    if (number !== 0) {
      words[to++] = number;
      continue;
    }
    const count = (packed[++at] ?? 0) + MIN_COPY;
    const distance = packed[++at] ?? 0;
    words.copyWithin(to, to - distance, to - distance + count);
    to += count;
  }
  return words;
}
