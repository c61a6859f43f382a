import { findException } from '../spdx/license-list.ts';
import { licenseOfName, MAX_NAME_WORDS, nameWords } from '../spdx/license-names.ts';

/** A sentence that says under which licenses something is, without giving their text. */
export interface Notice {
  /** SPDX expression. */
  readonly expression: string;
  /** Ids in it, each once. */
  readonly ids: readonly string[];
  /** Offsets in the text: `[from, to)`. */
  readonly from: number;
  readonly to: number;
  /** `tag` for an `SPDX-License-Identifier`. */
  readonly kind: 'notice' | 'tag';
}

/** Longest stretch of text that is read as one sentence, in characters. */
const MAX_SENTENCE = 1_200;

/** What makes a sentence one about its own license, and not a mention of some license. */
const TRIGGER =
  /\b(?:(?:licensed|released|distributed|available|provided|covered|governed|published|redistribute (?:it|this)[^.]{0,40}|use this \w+|be used|shared|is|are|work|code|files?) (?:[a-z]+ ){0,3}?(?:under|by)|(?:is|are) (?:[a-z0-9.]+ ){1,4}licensed|subject to|in accordance with|under the terms of|on the terms of)\b/;
/** Denials, and sentences about the licenses of other things. */
const IS_ABOUT_OTHERS =
  /\bnot (?:to )?(?:be )?(?:licensed|released|distributed|covered|part)\b|\b(?:software|code|works?|librar(?:y|ies)|programs?|modules?) (?:that|which) (?:is|are) (?:also )?(?:licensed|released|covered)\b/;
const LABEL = /^[^\p{L}\p{N}]{0,12}licen[cs]e(?:d under)?\s*:\s*\S/iu;

/** Licenses whose name is one word; in running text it counts only where a license is named. */
const SHORT_NAMES = new Set([
  'mit',
  'isc',
  'zlib',
  'unlicense',
  '0bsd',
  'wtfpl',
  'cc0',
  'ncsa',
  'beerware',
  'postgresql',
  'ruby',
]);
const RESEMBLES = new Set(['style', 'like', 'compatible', 'type', 'ish', 'variant']);

/** Sentences of a document that name its licenses. `parts` are the stretches to look at. */
export function findNotices(text: string, parts: readonly { readonly from: number; readonly to: number }[]): Notice[] {
  const notices: Notice[] = [];
  for (const { from, to } of parts) {
    for (const sentence of sentencesOf(text, from, to)) {
      const notice = readSentence(text.slice(sentence.from, sentence.to), sentence.from);
      if (notice !== undefined) notices.push(notice);
    }
  }
  return notices;
}

/** A full stop before white space ends a sentence, and so does an empty line; `v. 2.0` goes on. */
function* sentencesOf(text: string, from: number, to: number): Generator<{ from: number; to: number }> {
  const end = /(?<![\s.]v)\.(?=\s|$)|\n[^\p{L}\p{N}\n]{0,12}\n/giu;
  end.lastIndex = from;
  let start = from;
  while (start < to) {
    const found = end.exec(text);
    const stop = found === null || found.index >= to ? to : Math.min(to, found.index + found[0].length);
    if (stop > start) yield { from: start, to: Math.min(stop, start + MAX_SENTENCE) };
    start = stop;
    if (found === null) return;
  }
}

const TAG = /SPDX-License-Identifier:[ \t]*([^\n*]{1,400})/;

function readSentence(raw: string, from: number): Notice | undefined {
  if (!/licen[cs]e|under|public|terms|SPDX/i.test(raw)) return undefined;
  const to = from + raw.length;
  const tag = TAG.exec(raw);
  if (tag?.[1] !== undefined) {
    const expression = unwrapped(tag[1].replace(/\s*(?:-->|#|"|'|;).*$/, '').trim());
    return { expression, ids: idsOf(expression), from, to, kind: 'tag' };
  }
  const plain = raw.toLowerCase().replace(/[^\p{L}\p{N}.+]+/gu, ' ');
  const isLabel = LABEL.test(raw);
  const trigger = isLabel ? 0 : plain.search(TRIGGER);
  if (trigger < 0 || IS_ABOUT_OTHERS.test(plain)) return undefined;
  const found = namesIn(nameWordsWithIdle(plain.slice(trigger)));
  if (found.length === 0) return undefined;
  const ids = [...new Set(found)];
  const said = plain.replaceAll(
    /\bor (?:at your option )?(?:any )?(?:later|newer|greater)\b|at your option any later/g,
    '',
  );
  const isChoice = /\b(?:either|choose|choice|option|dual|dually|alternatively|one of|any of|or)\b/.test(said);
  return { expression: ids.join(isChoice ? ' OR ' : ' AND '), ids, from, to, kind: 'notice' };
}

/** Without the parentheses around the whole. */
function unwrapped(expression: string): string {
  return /^\([^()]*\)$/.test(expression) ? expression.slice(1, -1).trim() : expression;
}

function nameWordsWithIdle(plain: string): string[] {
  return (plain.match(/\d+(?:\.\d+)*\+?|\p{L}[\p{L}\p{N}]*(?:\.\d+)*\+?/gu) ?? []).map((word) =>
    word.replace(/^li[cs]en[cs]e(s|d)?$/, 'license$1'),
  );
}

function namesIn(words: readonly string[]): string[] {
  const found: string[] = [];
  for (let at = 0; at < words.length; ) {
    const gnu = gnuAt(words, at);
    if (gnu !== undefined) {
      if (gnu.id !== undefined && !RESEMBLES.has(words[gnu.next] ?? '')) found.push(gnu.id);
      at = gnu.next;
      continue;
    }
    const named = nameAt(words, at);
    if (named === undefined) at++;
    else {
      if (!RESEMBLES.has(words[named.next] ?? '')) found.push(named.id);
      at = named.next;
    }
  }
  return found;
}

/** The longest official or common name that begins here. */
function nameAt(words: readonly string[], at: number): { id: string; next: number } | undefined {
  if (['the', 'license', 'version', 'a'].includes(words[at] ?? '')) return undefined;
  for (let length = Math.min(MAX_NAME_WORDS, words.length - at); length > 0; length--) {
    const key = nameWords(words.slice(at, at + length).join(' ')).join(' ');
    const id = licenseOfName(key);
    if (id === undefined) continue;
    const next = at + length;
    if (key.includes(' ') || isNamedHere(words, at, next, key)) return { id, next };
  }
  return undefined;
}

function isNamedHere(words: readonly string[], at: number, next: number, key: string): boolean {
  if (words[next]?.startsWith('license') === true || words[next - 1]?.startsWith('license') === true) return true;
  const before = words[at - 1] ?? '';
  return SHORT_NAMES.has(key) && ['under', 'the', 'license', 'either', 'or', 'and', 'terms', 'of'].includes(before);
}

const GNU_NAMES: readonly (readonly [string, string])[] = [
  ['gnu affero general public license', 'AGPL'],
  ['affero general public license', 'AGPL'],
  ['gnu lesser general public license', 'LGPL'],
  ['lesser general public license', 'LGPL'],
  ['gnu library general public license', 'LGPL'],
  ['library general public license', 'LGPL'],
  ['gnu general public license', 'GPL'],
  ['gnu public license', 'GPL'],
  ['general public license', 'GPL'],
  ['gnu free documentation license', 'GFDL'],
  ['gnu agpl', 'AGPL'],
  ['gnu lgpl', 'LGPL'],
  ['gnu gpl', 'GPL'],
];
const SHORT_GNU = /^(agpl|lgpl|gpl)(?:v?(\d(?:\.\d)?)(\+)?)?$/;
const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  AGPL: ['1.0', '3.0'],
  LGPL: ['2.0', '2.1', '3.0'],
  GPL: ['1.0', '2.0', '3.0'],
  GFDL: ['1.1', '1.2', '1.3'],
};

/** A GNU license, its version and whether later ones are allowed; without a version it names none. */
function gnuAt(words: readonly string[], at: number): { id: string | undefined; next: number } | undefined {
  const short = SHORT_GNU.exec(words[at] ?? '');
  const long = short === null ? GNU_NAMES.find(([name]) => isAt(words, at, name)) : undefined;
  if (short === null && long === undefined) return undefined;
  const family = (short?.[1] ?? long?.[1] ?? '').toUpperCase();
  const end = at + (long === undefined ? 1 : long[0].split(' ').length);
  if (short?.[2] !== undefined)
    return { id: gnuId(family, short[2], short[3] === '+' || isLater(words, end)), next: end };
  const ahead = words.slice(end, end + 24);
  const stop = ahead.findIndex(
    (_, index) =>
      index > 0 && (SHORT_GNU.test(ahead[index] ?? '') || GNU_NAMES.some(([name]) => isAt(ahead, index, name))),
  );
  const reach = stop < 0 ? ahead : ahead.slice(0, stop);
  const place = reach.findIndex(
    (word, index) =>
      /^v?\d(?:\.\d)?\+?$/.test(word) && (index === 0 || isVersionWord(reach[index - 1]) || word.startsWith('v')),
  );
  const version = reach[place];
  if (version !== undefined) {
    const next = end + place + 1;
    return { id: gnuId(family, version.replace(/[v+]/g, ''), version.endsWith('+') || isLater(words, next)), next };
  }
  const back = words.slice(Math.max(0, at - 10), at);
  const earlier = back.findLastIndex(
    (word, index) => /^v?\d(?:\.\d)?\+?$/.test(word) && (isVersionWord(back[index - 1]) || word.startsWith('v')),
  );
  const before = back[earlier];
  if (before === undefined || !back.slice(earlier).includes('of')) return { id: undefined, next: end };
  return { id: gnuId(family, before.replace(/[v+]/g, ''), back.slice(earlier).includes('later')), next: end };
}

function isVersionWord(word: string | undefined): boolean {
  return word === 'version' || word === 'v' || word === 'versions' || word === 'ver';
}

function isLater(words: readonly string[], from: number): boolean {
  const next = words.slice(from, from + 10);
  const later = next.findIndex(
    (word) => word === 'later' || word === 'newer' || word === 'greater' || word === 'above',
  );
  return later > 0 && next.slice(0, later).some((word) => word === 'or' || word === 'any' || word === 'and');
}

function gnuId(family: string, version: string, orLater: boolean): string | undefined {
  const full = version.includes('.') ? version : `${version}.0`;
  return VERSIONS[family]?.includes(full) === true ? `${family}-${full}-${orLater ? 'or-later' : 'only'}` : undefined;
}

function isAt(words: readonly string[], at: number, name: string): boolean {
  return name.split(' ').every((word, index) => words[at + index] === word);
}

function idsOf(expression: string): string[] {
  const ids = expression.match(/[A-Za-z0-9][A-Za-z0-9.+-]*/g) ?? [];
  return [...new Set(ids.filter((id) => !/^(?:AND|OR|WITH)$/i.test(id) && findException(id) === undefined))];
}

/** Phrases by which the text of an exception is known, and its id for a GPL of version 2 and of version 3. */
const EXCEPTION_PHRASES: readonly (readonly [string, string, string])[] = [
  ['part or all of the bison parser skeleton', 'Bison-exception-2.2', 'Bison-exception-2.2'],
  [
    'linking this library statically or dynamically with other modules is making a combined work',
    'Classpath-exception-2.0',
    'Classpath-exception-2.0',
  ],
  ['built using gnu libtool', 'Libtool-exception', 'Libtool-exception'],
  ['contains a configuration script generated by autoconf', 'Autoconf-exception-2.0', 'Autoconf-exception-generic-3.0'],
  ['gcc runtime library exception', 'GCC-exception-3.1', 'GCC-exception-3.1'],
  ['user programs that use kernel services by normal system calls', 'Linux-syscall-note', 'Linux-syscall-note'],
  ['if you create a document which uses this font and embed this font', 'Font-exception-2.0', 'Font-exception-2.0'],
  [
    'portions of this software are embedded into an object form of such source code',
    'LLVM-exception',
    'LLVM-exception',
  ],
];

/** The exceptions whose text stands in the document. `words` is the document as words joined by blanks. */
export function findExceptions(words: string, isVersion3: boolean): string[] {
  const found = EXCEPTION_PHRASES.filter(([phrase]) => words.includes(phrase));
  return found.map(([, second, third]) => (isVersion3 ? third : second));
}
