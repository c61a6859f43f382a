import type { Alignment, Difference } from './alignment.ts';
import type { LicenseText, LicenseTexts } from './license-texts.ts';

/**
 * Words that carry a right, a duty, a prohibition or a limit. A difference that holds none of them is a name, a heading or
 * another way to write the same.
 */
const WEIGHTY = new Set(
  `not no never none neither without except excluding excludes unless only solely must shall may cannot prohibited prohibit prohibits forbidden
  restricted restriction restrictions required require requires requirement allowed permitted permission permissions condition conditions
  commercial commercially noncommercial nonprofit profit fee fees charge royalty royalties paid payment sell sold sale sublicense
  evil good military weapons surveillance ethical harm human rights purpose purposes research educational academic internal personal evaluation
  revoke revoked terminate terminates termination patent patents trademark trademarks advertising endorse promote
  modify modification modifications modified distribute distributed distribution redistribute redistribution redistributions
  warranty warranties liable liability damages disclaimed indemnify hosted service compete competing train training`
    .split(/\s+/)
    .filter(Boolean),
);

/** `nor` only continues a list that `neither` opens. */
const NEGATIONS = new Set(['not', 'no', 'never', 'none', 'neither']);

/** Words of a difference beyond which it is more than a name, even when none of them weighs. */
const MAX_FOREIGN = 30;
const MAX_MISSING = 8;

/** Passages after which (or before which) a license text has no terms: steward's notes, instructions, examples. */
const TAILS = [
  'end of terms and conditions',
  'how to apply these terms',
  'how to apply this license',
  'appendix how to apply',
  'exhibit a',
  'creative commons is not a party to',
  'creative commons may be contacted at',
  'for more information please refer to',
  'use of the ofl',
].map((text) => text.split(' '));
const HEADS = [
  'by exercising the licensed rights',
  'license the work as defined below is provided',
  'the work as defined below is provided under the terms of this creative commons',
  'statement of purpose',
].map((text) => text.split(' '));

/** Words of a title, which may be missing. */
const TITLE = 8;

/** What of a text may be missing: `[0, headTo)` and `[tailFrom, length)`. */
interface OptionalParts {
  readonly headTo: number;
  readonly tailFrom: number;
}

/** What differs so much that a text is not simply the license it resembles. */
export interface Change {
  readonly kind: 'added' | 'removed' | 'renamed' | 'incomplete';
  /** Words concerned. */
  readonly words: number;
  readonly difference?: Difference;
}

/** What one difference adds and removes. */
interface Sides {
  readonly difference: Difference;
  /** Weighty words, sorted; 0 stands for any word that says no. */
  readonly added: readonly number[];
  readonly removed: readonly number[];
  /** All words of either side; the license's without what may be left out. */
  readonly foreign: Int32Array;
  readonly missing: Int32Array;
}

/** Most words of a passage that replaces another one with the same weighty words; a longer one is another sentence. */
const MAX_REWORDED = 8;

function isHarmless({ added, removed, foreign, missing }: Sides): boolean {
  if (!isEqual(added, removed)) return false;
  if (added.length > 0) return Math.max(foreign.length, missing.length) <= MAX_REWORDED;
  return foreign.length <= MAX_FOREIGN && missing.length <= MAX_MISSING;
}

/** A sentence that stands elsewhere than in the license, unchanged. */
function wasMoved(side: Sides, all: readonly Sides[]): boolean {
  return all.some(
    (other) => other !== side && hasSameWords(side.foreign, other.missing) && hasSameWords(side.missing, other.foreign),
  );
}

/** The same words in any order, but for a tenth of them. */
function hasSameWords(a: Int32Array, b: Int32Array): boolean {
  const longer = Math.max(a.length, b.length);
  if (Math.min(a.length, b.length) < longer * 0.9) return false;
  const counts = new Map<number, number>();
  for (const word of a) counts.set(word, (counts.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of b) {
    const left = counts.get(word) ?? 0;
    if (left > 0) common++;
    counts.set(word, left - 1);
  }
  return common >= longer * 0.9;
}

function changeOf({ difference, added, removed, foreign, missing }: Sides): Change {
  const isAddition =
    added.length > removed.length || (added.length === removed.length && foreign.length > missing.length);
  return isAddition
    ? { kind: 'added', words: foreign.length, difference }
    : { kind: 'removed', words: missing.length, difference };
}

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** Judges the differences between a document and the license text it resembles. */
export class DifferenceJudge {
  readonly #vocabulary: readonly string[];
  readonly #weighty: Uint8Array;
  readonly #optional = new WeakMap<LicenseText, OptionalParts>();

  constructor({ vocabulary, numberOf }: LicenseTexts) {
    this.#vocabulary = vocabulary;
    this.#weighty = new Uint8Array(vocabulary.length + 1);
    for (const word of WEIGHTY) {
      const number = numberOf.get(word);
      if (number !== undefined) this.#weighty[number] = NEGATIONS.has(word) ? 2 : 1;
    }
  }

  /** From 0 to 1: how much of the text's binding part is there, and how little was put in between. */
  likeness(alignment: Alignment, text: LicenseText): number {
    const { missing, foreign } = this.#count(alignment, text);
    return alignment.matched / (alignment.matched + missing + foreign);
  }

  /** Matched words less what is missing or foreign; between texts that explain the same words, the higher one is right. */
  value(alignment: Alignment, text: LicenseText): number {
    const { missing, foreign } = this.#count(alignment, text);
    return alignment.matched - 2 * (missing + foreign);
  }

  /** The changes of terms; empty when the document says what the license says. `document` holds the words as numbers. */
  changes(alignment: Alignment, text: LicenseText, document: Int32Array): Change[] {
    const parts = this.#optionalParts(text);
    const sides = alignment.differences.map((difference) => this.#weigh(difference, text.words, parts, document));
    const changes = sides.flatMap((side) => (isHarmless(side) || wasMoved(side, sides) ? [] : [changeOf(side)]));
    const renamed = this.#renamed(alignment, text);
    return renamed === undefined ? changes : [...changes, renamed];
  }

  #weigh(difference: Difference, text: Int32Array, parts: OptionalParts, document: Int32Array): Sides {
    const { from, to } = difference;
    const textFrom = Math.max(difference.textFrom, Math.min(parts.headTo, difference.textTo));
    const textTo = Math.min(difference.textTo, Math.max(parts.tailFrom, textFrom));
    // What is put in counts everywhere: a term before the instructions at the end is a term.
    const foreign = document.subarray(from, to);
    const missing = text.subarray(textFrom, textTo);
    return { difference, added: this.#weights(foreign), removed: this.#weights(missing), foreign, missing };
  }

  /** The weighty words of a passage, sorted. How often it says no is a matter of style; whether it does is not. */
  #weights(words: Int32Array): number[] {
    const found: number[] = [];
    for (const word of words) {
      const weight = this.#weighty[word] ?? 0;
      if (weight === 1) found.push(word);
      if (weight === 2 && !found.includes(0)) found.push(0);
    }
    return found.sort((a, b) => a - b);
  }

  /** A text that took over a license's words and replaced its name is another license. */
  #renamed({ differences }: Alignment, text: LicenseText): Change | undefined {
    const names = new Map<number, { all: number; gone: number }>();
    for (const word of text.words) {
      if (STEWARDS.has(this.#vocabulary[word - 1] ?? '')) {
        const count = names.get(word) ?? { all: 0, gone: 0 };
        count.all++;
        names.set(word, count);
      }
    }
    for (const { from, to, textFrom, textTo } of differences) {
      if (from === to) continue;
      for (let at = textFrom; at < textTo; at++) {
        const count = names.get(text.words[at] ?? 0);
        if (count !== undefined) count.gone++;
      }
    }
    for (const { all, gone } of names.values()) {
      if (gone >= 2 && gone > all / 2) return { kind: 'renamed', words: gone };
    }
    return undefined;
  }

  #count({ differences }: Alignment, text: LicenseText): { missing: number; foreign: number } {
    const { headTo, tailFrom } = this.#optionalParts(text);
    let missing = 0;
    let foreign = 0;
    for (const { from, to, textFrom, textTo } of differences) {
      missing += Math.max(0, Math.min(textTo, tailFrom) - Math.max(textFrom, headTo));
      foreign += to - from;
    }
    return { missing, foreign };
  }

  #optionalParts(text: LicenseText): OptionalParts {
    const known = this.#optional.get(text);
    if (known !== undefined) return known;
    const { words } = text;
    const length = words.length;
    const tails = TAILS.map((marker) => this.#last(words, marker)).filter((at) => at > length * 0.7);
    const heads = HEADS.map((marker) => this.#first(words, marker)).filter((at) => at >= 0 && at < length * 0.25);
    const parts = { headTo: Math.max(Math.min(TITLE, length >> 3), ...heads), tailFrom: Math.min(length, ...tails) };
    this.#optional.set(text, parts);
    return parts;
  }

  #first(words: Int32Array, marker: readonly string[]): number {
    const last = words.length >> 2;
    for (let at = 0; at < last; at++) if (this.#isAt(words, at, marker)) return at;
    return -1;
  }

  /** The last place of a passage, or -1. */
  #last(words: Int32Array, marker: readonly string[]): number {
    for (let at = words.length - marker.length; at >= 0; at--) {
      if (this.#isAt(words, at, marker)) return at;
    }
    return -1;
  }

  #isAt(words: Int32Array, at: number, marker: readonly string[]): boolean {
    return marker.every((word, index) => this.#vocabulary[(words[at + index] ?? 0) - 1] === word);
  }
}

/** Names of those who wrote licenses that others put their own name on. */
const STEWARDS = new Set(
  'mozilla netscape apache eclipse gnu creative commons common ibm sun microsoft nokia adobe intel python perl php zope w3c latex academic artistic european'.split(
    ' ',
  ),
);
