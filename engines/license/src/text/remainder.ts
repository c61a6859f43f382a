import type { Words } from './words.ts';

/** A sentence beside the license that changes what one may do. */
export interface Restriction {
  /** Words `[from, to)` of the document. */
  readonly from: number;
  readonly to: number;
}

/** What a sentence must speak of, besides limiting it, to be a term of the license. */
const OBJECTS = new Set(
  'software works program programs licensed licensee licensees license licensor permissions permission rights product products materials use uses using used sell copies interfaces grant granted redistribution'.split(
    ' ',
  ),
);
const LIMITS = new Set(
  'must shall only prohibited restriction restrictions condition conditions noncommercial except unless requires required forbidden evil restricted excludes'.split(
    ' ',
  ),
);
const PHRASES = [
  'may not',
  'not permitted',
  'not allowed',
  'not include',
  'not grant',
  'not be used',
  'subject to the following',
  'additional term',
  'additional terms',
  'commercial use',
  'commercial purposes',
  'commercial license',
  'nonprofit use',
  'nonprofit purposes',
  'academic use',
  'academic purposes',
  'research purposes',
  'evaluation purposes',
  'evaluation only',
  'internal use',
  'personal use',
  'educational purposes',
  'educational use',
  'not use',
  'no right',
  'no rights',
  'not licensed',
  'do not',
];

/** Fields of use: whatever else a sentence says, with one of these it is no plain license. */
const FIELDS_OF_USE =
  /\b(?:noncommercial|commercial (?:use|purposes?)|(?:academic|nonprofit|research|evaluation|educational|internal|personal) (?:use|purposes?)|evaluation only)\b/;

/** Whether a sentence that names a license limits it to some use. */
export function limitsUse(sentence: string): boolean {
  return FIELDS_OF_USE.test(
    sentence
      .toLowerCase()
      .replace(/non[- ]/g, 'non')
      .replace(/\s+/g, ' '),
  );
}

/** Sentences that belong to well-known licenses and their headers and add no term of their own. */
const HARMLESS = [
  'except in compliance with the license',
  'in compliance with the license',
  'unless required by applicable law',
  'see the license for the specific',
  'obtain a copy of the license',
  'general public license does not permit incorporating',
  'permit linking proprietary applications',
  'lesser general public license instead',
  'creative commons',
  'copies of this license document',
  'in the hope that it will be useful',
  'you should have received a copy',
  'distributed under the license is distributed',
  'write to the free software foundation',
  'redistribute it and or modify it',
  'distributed under the terms',
  'this license document',
  'without any warranty',
  'apply to your new programs',
  'trademark',
  'copying conditions',
  'embedded into an object form',
  'combined software and if a court',
  'cover the whole combination',
  'delete this exception',
  'no rights beyond those',
  'except as documented below',
  'third party software components',
  'terms and conditions are shown',
  'terms and conditions for',
  'as a special exception',
  'special exception',
];

/** Shorter sentences are headings and fragments. */
const MIN_WORDS = 4;

/**
 * The sentences outside of what was recognised that limit the rights: an extra clause, a condition, a field of use. Each
 * makes a license another one, however complete its text is.
 *
 * @param explained for each word, whether a license text or a notice accounts for it.
 */
export function findRestrictions({ words, sentences }: Words, explained: Uint8Array): Restriction[] {
  const found: Restriction[] = [];
  let from = 0;
  while (from < words.length) {
    let to = from;
    while (to < words.length && sentences[to] === sentences[from] && explained[to] === explained[from]) to++;
    if (explained[from] === 0 && to - from >= MIN_WORDS && limits(words.slice(from, to))) found.push({ from, to });
    from = to;
  }
  return found;
}

function limits(words: readonly string[]): boolean {
  if (!words.some((word) => OBJECTS.has(word))) return false;
  const text = ` ${words.join(' ')} `;
  if (HARMLESS.some((phrase) => text.includes(` ${phrase}`))) return false;
  return words.some((word) => LIMITS.has(word)) || PHRASES.some((phrase) => text.includes(` ${phrase} `));
}
