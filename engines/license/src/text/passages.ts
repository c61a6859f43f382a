import type { LicenseText } from './license-texts.ts';

/** Words of one passage. Two texts that share `RUN + WINDOW - 1` words in a row share at least one chosen passage. */
const RUN = 5;
const WINDOW = 5;

/** Places of one passage among the texts that are followed; later ones are left out. */
const MAX_PLACES = 400;

/** A passage that stands both in the document and in a license text. */
export interface Hit {
  readonly at: number;
  readonly textAt: number;
}

/** A part of the document that looks like one license text. */
export interface Candidate {
  /** Index of the text. */
  readonly text: number;
  readonly hits: readonly Hit[];
  /** Words of the document between the first and the last hit, `[from, to)`. */
  readonly from: number;
  readonly to: number;
  /** Share of the text's passages that are there. */
  readonly share: number;
}

/** Where the passages of all license texts stand. Built once, in some 20 ms. */
export class PassageIndex {
  readonly #texts: readonly LicenseText[];
  /** Passages chosen from each text. */
  readonly #chosen: Int32Array;
  readonly #heads = new Map<number, number>();
  /** Places as a linked list: text, place in it, next. */
  #places = new Int32Array(3 * 65_536);
  #count = 0;

  constructor(texts: readonly LicenseText[]) {
    this.#texts = texts;
    this.#chosen = new Int32Array(texts.length);
    for (const [index, { words }] of texts.entries()) {
      for (const { at, key } of choosePassages(words)) {
        this.#chosen[index] = (this.#chosen[index] ?? 0) + 1;
        this.#add(key, index, at);
      }
    }
  }

  /**
   * Parts of the document that share enough with a license text to be compared word by word. Every occurrence of a
   * license is one.
   *
   * @param share of a text's passages that must be there, from 0 to 1.
   */
  find(words: Int32Array, share: number): Candidate[] {
    const passages = choosePassages(words);
    const needed = this.#eligible(passages, share);
    const hits = new Map<number, Hit[]>();
    for (const { at, key } of passages) {
      let place = this.#heads.get(key) ?? -1;
      for (let followed = 0; place >= 0 && followed < MAX_PLACES; followed++) {
        const text = this.#places[place * 3] ?? 0;
        if ((needed[text] ?? 0) > 0) {
          const hit = { at, textAt: this.#places[place * 3 + 1] ?? 0 };
          const list = hits.get(text);
          if (list === undefined) hits.set(text, [hit]);
          else list.push(hit);
        }
        place = this.#places[place * 3 + 2] ?? -1;
      }
    }
    const found: Candidate[] = [];
    for (const [text, list] of hits) {
      const chosen = this.#chosen[text] ?? 0;
      const least = needed[text] ?? 1;
      for (const group of groupOccurrences(list, this.#texts[text]?.words.length ?? 0)) {
        const count = group.length >= least ? distinct(group) : 0;
        if (count >= least) found.push({ text, hits: group, share: count / chosen, ...extentOf(group) });
      }
    }
    return found;
  }

  /** For each text how many of its passages are needed; 0 for one that has too few hits to be worth collecting them. */
  #eligible(passages: readonly { readonly key: number }[], share: number): Int32Array {
    const needed = new Int32Array(this.#texts.length);
    for (const { key } of passages) {
      let place = this.#heads.get(key) ?? -1;
      for (let followed = 0; place >= 0 && followed < MAX_PLACES; followed++) {
        const text = this.#places[place * 3] ?? 0;
        needed[text] = (needed[text] ?? 0) + 1;
        place = this.#places[place * 3 + 2] ?? -1;
      }
    }
    for (const [text, hits] of needed.entries()) {
      const least = Math.max(1, Math.floor((this.#chosen[text] ?? 0) * share));
      needed[text] = hits >= least ? least : 0;
    }
    return needed;
  }

  #add(key: number, text: number, at: number): void {
    if (this.#count * 3 === this.#places.length) {
      const larger = new Int32Array(this.#places.length * 2);
      larger.set(this.#places);
      this.#places = larger;
    }
    this.#places.set([text, at, this.#heads.get(key) ?? -1], this.#count * 3);
    this.#heads.set(key, this.#count++);
  }
}

/** Runs of {@link RUN} words; of each {@link WINDOW} neighbours the one with the smallest key is chosen (winnowing). */
function choosePassages(words: Int32Array): { at: number; key: number }[] {
  const keys = new Int32Array(Math.max(0, words.length - RUN + 1));
  for (let at = 0; at < keys.length; at++) {
    let key = 17;
    for (let index = 0; index < RUN; index++) {
      const word = words[at + index] ?? 0;
      key = word === 0 ? 0x7fff_ffff : Math.imul(key ^ word, 0x9e3779b1) ^ (key >>> 13);
      if (word === 0) break;
    }
    keys[at] = key;
  }
  const chosen: { at: number; key: number }[] = [];
  let last = -1;
  for (let from = 0; from < keys.length; from++) {
    const to = Math.min(from + WINDOW, keys.length);
    let best = from;
    for (let at = from + 1; at < to; at++) if ((keys[at] ?? 0) <= (keys[best] ?? 0)) best = at;
    if (best !== last && keys[best] !== 0x7fff_ffff) chosen.push({ at: best, key: keys[best] ?? 0 });
    last = best;
    if (to === keys.length) break;
  }
  return chosen;
}

/**
 * A text that stands in the document several times gives one group for each time. Hits of one occurrence lie near one
 * diagonal: the distance between place in the document and place in the text stays the same, but for small differences.
 */
function groupOccurrences(hits: readonly Hit[], length: number): (readonly Hit[])[] {
  const slack = Math.max(30, Math.ceil(length * 0.03));
  if (liesNear(hits, slack)) return [hits];
  const sorted = [...hits].sort((a, b) => a.at - a.textAt - (b.at - b.textAt));
  const groups: Hit[][] = [];
  let group: Hit[] = [];
  let diagonal = 0;
  for (const hit of sorted) {
    const here = hit.at - hit.textAt;
    if (group.length === 0 || here - diagonal > slack) {
      group = [];
      groups.push(group);
    }
    diagonal = here;
    group.push(hit);
  }
  return groups;
}

/** Whether all hits lie near one diagonal, as those of one occurrence do. */
function liesNear(hits: readonly Hit[], slack: number): boolean {
  let low = Number.MAX_SAFE_INTEGER;
  let high = Number.MIN_SAFE_INTEGER;
  for (const { at, textAt } of hits) {
    low = Math.min(low, at - textAt);
    high = Math.max(high, at - textAt);
  }
  return high - low <= slack;
}

function extentOf(hits: readonly Hit[]): { from: number; to: number } {
  let from = Number.MAX_SAFE_INTEGER;
  let to = 0;
  for (const { at } of hits) {
    from = Math.min(from, at);
    to = Math.max(to, at + RUN);
  }
  return { from, to };
}

function distinct(hits: readonly Hit[]): number {
  return new Set(hits.map((hit) => hit.textAt)).size;
}
