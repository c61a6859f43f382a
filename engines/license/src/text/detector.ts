import { type Alignment, align } from './alignment.ts';
import { type Change, DifferenceJudge } from './differences.ts';
import { type LicenseTexts, licenseTexts } from './license-texts.ts';
import { type Candidate, PassageIndex } from './passages.ts';

/** A license text found in a document. */
export interface TextMatch {
  /** Ids that share the text; the one that promises least comes first. */
  readonly ids: readonly string[];
  /** Words `[from, to)` of the document. */
  readonly from: number;
  readonly to: number;
  /** From 0 to 1: 1 is word for word. */
  readonly confidence: number;
  /** What was changed in it; empty for a text that says what the license says. */
  readonly changes: readonly Change[];
}

/** Share of a text's passages that must be found before it is looked at. */
const MIN_SHARE = 0.3;

/** Below this likeness a text is no more than related. */
const MIN_LIKENESS = 0.8;

/** A changed text is named when it is at least this much like a license, or shares at least so many words with it. */
const MIN_RELATED = 0.6;
const MIN_RELATED_WORDS = 120;

/** Documents whose matches are remembered, and the longest such. */
const MAX_REMEMBERED = 500;
const MAX_REMEMBERED_WORDS = 8_000;

let shared: TextMatcher | undefined;

/** The matcher for the SPDX texts; made on the first call, in some 50 ms. */
export function textMatcher(): TextMatcher {
  shared ??= new TextMatcher(licenseTexts());
  return shared;
}

interface Scored {
  readonly text: number;
  readonly alignment: Alignment;
  readonly value: number;
  readonly likeness: number;
  readonly changes: readonly Change[];
}

/** Finds license texts in documents. */
export class TextMatcher {
  readonly #source: LicenseTexts;
  readonly #passages: PassageIndex;
  readonly #judge: DifferenceJudge;
  /** By the words: packages that share a license differ in the copyright lines only, which are gone by now. */
  readonly #remembered = new Map<string, readonly TextMatch[]>();

  constructor(source: LicenseTexts) {
    this.#source = source;
    this.#passages = new PassageIndex(source.texts);
    this.#judge = new DifferenceJudge(source);
  }

  /** The license texts in a document, by place. They do not overlap. */
  find(words: readonly string[]): readonly TextMatch[] {
    if (words.length > MAX_REMEMBERED_WORDS) return this.#compare(words);
    const key = words.join(' ');
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const found = this.#compare(words);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(key, found);
    return found;
  }

  #compare(words: readonly string[]): TextMatch[] {
    const document = Int32Array.from(words, (word) => this.#source.numberOf.get(word) ?? 0);
    const scored = this.#scoreAll(this.#passages.find(document, MIN_SHARE), document);
    // Of texts that explain the same words, one that the document keeps to is preferred to one that it changes.
    scored.sort((a, b) => rank(b) - rank(a) || a.text - b.text);
    const taken = new Uint8Array(document.length);
    const matches: TextMatch[] = [];
    for (const { alignment, likeness, changes, text } of scored) {
      const { from, to } = alignment;
      let overlap = 0;
      for (let at = from; at < to; at++) overlap += taken[at] ?? 0;
      if (overlap * 5 > to - from) continue;
      taken.fill(1, from, to);
      const isComplete = likeness >= MIN_LIKENESS || changes.length > 0;
      const ids = this.#source.texts[text]?.ids ?? [];
      matches.push({ ids, from, to, confidence: likeness, changes: isComplete ? changes : [INCOMPLETE] });
    }
    return matches.sort((a, b) => a.from - b.from);
  }

  /** Scores the candidates, the fullest first; what cannot be better than a clean match at its place is left out. */
  #scoreAll(candidates: readonly Candidate[], document: Int32Array): Scored[] {
    const ordered = candidates.toSorted((a, b) => b.share - a.share || b.hits.length - a.hits.length);
    const clean: Scored[] = [];
    const cleanAt = new Int32Array(document.length).fill(-1);
    const scored: Scored[] = [];
    for (const candidate of ordered) {
      const over = cleanAt[candidate.from] ?? -1;
      const best = over >= 0 && cleanAt[candidate.to - 1] === over ? clean[over] : undefined;
      if (best !== undefined && !this.#mayBeBetter(candidate, best)) continue;
      const one = this.#score(candidate, document);
      if (one === undefined) continue;
      scored.push(one);
      if (one.changes.length > 0 || one.likeness < MIN_LIKENESS || (best !== undefined && best.value >= one.value))
        continue;
      cleanAt.fill(clean.length, one.alignment.from, one.alignment.to);
      clean.push(one);
    }
    return scored;
  }

  /**
   * Whether a text may turn out better than a clean match at its place. A shorter one has fewer words to match; a longer
   * one of which a part is missing is no better than one that is there to the word.
   */
  #mayBeBetter({ text, share }: Candidate, { alignment, value }: Scored): boolean {
    const length = this.#source.texts[text]?.words.length ?? 0;
    const room = alignment.to - alignment.from;
    if (length <= room) return length > value;
    return share > 0.6 || value < room * 0.97;
  }

  #score({ text, hits }: Candidate, document: Int32Array): Scored | undefined {
    const known = this.#source.texts[text];
    const alignment = known === undefined ? undefined : align(document, known.words, hits);
    if (known === undefined || alignment === undefined) return undefined;
    const likeness = this.#judge.likeness(alignment, known);
    if (likeness < MIN_RELATED && alignment.matched < MIN_RELATED_WORDS) return undefined;
    const value = this.#judge.value(alignment, known);
    return { text, alignment, value, likeness, changes: this.#judge.changes(alignment, known, document) };
  }
}

const INCOMPLETE: Change = { kind: 'incomplete', words: 0 };

function rank({ value, likeness, changes }: Scored): number {
  return changes.length === 0 && likeness >= MIN_LIKENESS ? value : value - 40;
}
