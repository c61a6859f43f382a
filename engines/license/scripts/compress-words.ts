import { packNumbers } from '../src/text/packed-numbers.ts';
import { splitWords } from '../src/text/words.ts';

interface License {
  readonly name: string;
  readonly licenseText: string;
}

/** One text of the index and the ids that share it. */
interface Entry {
  readonly ids: string[];
  readonly words: readonly string[];
}

/** Shortest repetition worth a reference to an earlier place, in words. */
const MIN_COPY = 4;

/** The constants of the index, by name. Equal arguments give equal text. */
export function compressWords(
  full: Readonly<Record<string, License>>,
  ids: {
    readonly current: readonly string[];
    readonly deprecated: readonly string[];
    readonly exceptions: readonly string[];
  },
): Record<string, string> {
  const entries = collect(full, ids.deprecated);
  const counts = new Map<string, number>();
  for (const { words } of entries) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const vocabulary = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word);
  const numberOf = new Map(vocabulary.map((word, index) => [word, index]));
  const stream = entries.flatMap(({ words }) => words.map((word) => numberOf.get(word) ?? 0));
  const known = [...new Set([...ids.current, ...ids.deprecated, ...Object.keys(full)])].sort();
  const isDeprecated = new Set([...ids.deprecated, ...Object.keys(full).filter((id) => id.endsWith('+'))]);
  const table = known.map((id) => `${isDeprecated.has(id) ? '~' : ''}${id}\t${full[id]?.name ?? ''}`).join('\n');
  return {
    LICENSES: table,
    EXCEPTIONS: [...new Set(ids.exceptions)].sort().join(' '),
    VOCABULARY: vocabulary.join(' '),
    TEXT_IDS: entries.map((entry) => entry.ids.join(' ')).join('\n'),
    TEXT_LENGTHS: packNumbers(entries.map((entry) => entry.words.length)),
    TEXT_WORDS: packNumbers(compress(stream)),
  };
}

/** Deprecated ids for a license with an exception: their texts are those of exceptions, which notices recognise. */
const IS_COMPOSED = /-with-|^eCos-2\.0$|^wxWindows$/;

/** Ids with the same words share one entry; of a family, the id that promises least comes first. */
function collect(full: Readonly<Record<string, License>>, deprecated: readonly string[]): Entry[] {
  const entries = new Map<string, Entry>();
  const old = new Set(deprecated);
  const add = (id: string, words: readonly string[]): void => {
    const key = words.join(' ');
    const entry = entries.get(key) ?? { ids: [], words };
    entries.set(key, entry);
    entry.ids.push(id);
  };
  for (const id of Object.keys(full).sort()) {
    if (IS_COMPOSED.test(id)) continue;
    const { words } = splitWords(full[id]?.licenseText ?? '');
    if (words.length > 0) add(id, words);
    const other = words.join(' ').replace(NO_ENDORSEMENT, 'the names of the authors may not be used');
    if (other !== words.join(' ')) add(id, other.split(' '));
    const cut = endOfOwnText(words);
    if (cut !== undefined) add(id, words.slice(0, cut));
  }
  for (const { ids } of entries.values()) ids.sort((a, b) => rank(a, old) - rank(b, old) || (a < b ? -1 : 1));
  return [...entries.values()];
}

/** A clause of the BSD family that is worded in two ways; the SPDX list gives the second as an equal form of the first. */
const NO_ENDORSEMENT =
  /neither the names? of (?:[a-z]+ ){1,8}?nor the names of (?:its |their |the |any )?contributors may be used/;

function rank(id: string, deprecated: ReadonlySet<string>): number {
  if (deprecated.has(id) || id.endsWith('+')) return 9;
  return id.endsWith('-or-later') ? 5 : 0;
}

/** Where a text has another one appended in full (LGPL-3.0 carries GPL-3.0): it is also found without. */
function endOfOwnText(words: readonly string[]): number | undefined {
  const title = ['gnu', 'general', 'public', 'license', 'version', '3', '29', 'june', '2007'];
  for (let at = 50; at < words.length - title.length; at++) {
    if (title.every((word, index) => words[at + index] === word)) return at;
  }
  return undefined;
}

/** Words as numbers: `n + 1` for a word, `0 length distance` for a passage that stood earlier. */
function* compress(stream: readonly number[]): Generator<number> {
  const places = new Map<string, number[]>();
  const keyAt = (at: number): string => stream.slice(at, at + MIN_COPY).join();
  for (let at = 0; at < stream.length; ) {
    let length = 0;
    let from = 0;
    for (const place of (places.get(keyAt(at)) ?? []).slice(-400).reverse()) {
      let same = 0;
      while (at + same < stream.length && stream[place + same] === stream[at + same] && place + same < at) same++;
      if (same > length) [length, from] = [same, place];
    }
    const step = length >= MIN_COPY ? length : 1;
    if (step > 1) yield* [0, length - MIN_COPY, at - from];
    else yield (stream[at] ?? 0) + 1;
    for (let index = 0; index < step; index++, at++) {
      const key = keyAt(at);
      const list = places.get(key);
      if (list === undefined) places.set(key, [at]);
      else list.push(at);
    }
  }
}
