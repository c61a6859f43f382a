import { tryExpression } from '../expression/parse.ts';
import { type TextMatch, textMatcher } from './detector.ts';
import { findExceptions, findNotices, type Notice } from './notices.ts';
import { findRestrictions, limitsUse } from './remainder.ts';
import { splitWords, type Words } from './words.ts';

/** What one document says about licenses. */
export interface Detection {
  /**
   * `known`: everything found is exactly understood. `modified`: a license was found, but its text was changed, cut, or
   * limited by other sentences. `none`: nothing that names or is a license.
   */
  readonly outcome: 'known' | 'modified' | 'none';
  /** SPDX expression; only when `known`. */
  readonly expression?: string;
  /** From 0 to 1, of the weakest part; 0 for `none`. */
  readonly confidence: number;
  readonly parts: readonly DetectedPart[];
  /** Why it is `modified`, for a person; each names a line. */
  readonly reasons: readonly string[];
}

/** One license found in a document. */
export interface DetectedPart {
  readonly expression: string;
  /** Other ids that the text alone cannot rule out. */
  readonly alternatives: readonly string[];
  readonly kind: 'text' | 'notice' | 'tag';
  readonly confidence: number;
  /** 1-based lines. */
  readonly line: number;
  readonly endLine: number;
}

/** Confidence in a sentence that names a license but does not give its text. */
const NOTICE_CONFIDENCE = 0.8;
const TAG_CONFIDENCE = 0.95;

/** Texts that differ from each other only in what they allow beside it. */
const MAX_REASONS = 5;

/** Recognises the licenses in a text. Time and space are linear in its length; the caller bounds that. */
export function detectLicenses(text: string): Detection {
  const words = splitWords(text);
  const matches = textMatcher().find(words.words);
  const notices = findNotices(text, uncovered(text, words, matches));
  if (matches.length === 0 && notices.length === 0) return { outcome: 'none', confidence: 0, parts: [], reasons: [] };
  const lines = new LineCounter(text);
  const reasons = [
    ...changedTexts(matches, words, lines),
    ...restricted(matches, notices, words, lines),
    ...unusable(text, notices, lines),
  ];
  const parts = describe(matches, notices, words, lines);
  const confidence = Math.min(1, ...parts.map((part) => part.confidence));
  if (reasons.length > 0) return { outcome: 'modified', confidence, parts, reasons: reasons.slice(0, MAX_REASONS) };
  return { outcome: 'known', expression: express(matches, notices, words), confidence, parts, reasons: [] };
}

/** The stretches of the document that no license text accounts for. */
function uncovered(text: string, { starts }: Words, matches: readonly TextMatch[]): { from: number; to: number }[] {
  const parts: { from: number; to: number }[] = [];
  let from = 0;
  for (const match of matches) {
    parts.push({ from, to: starts[match.from] ?? text.length });
    from = starts[match.to] ?? text.length;
  }
  parts.push({ from, to: text.length });
  return parts.filter((part) => part.to > part.from);
}

function changedTexts(matches: readonly TextMatch[], { words, starts }: Words, lines: LineCounter): string[] {
  return matches.flatMap(({ ids, from, changes }) => {
    const [first] = changes;
    if (first === undefined) return [];
    const place = first.difference?.from ?? from;
    const line = lines.lineOf(starts[Math.min(place, words.length - 1)] ?? 0);
    const what = {
      added: `has ${first.words} words that it does not have`,
      removed: `lacks ${first.words} words of it`,
      renamed: 'replaces the name of whoever wrote it',
      incomplete: 'has too little of it',
    }[first.kind];
    return [`line ${line}: resembles ${ids[0] ?? 'a license'} but ${what}`];
  });
}

/** Sentences that name a license and take something back, and tags that name none. */
function unusable(text: string, notices: readonly Notice[], lines: LineCounter): string[] {
  return notices.flatMap(({ from, to, expression }) => {
    const line = lines.lineOf(from);
    if (tryExpression(expression) === undefined) return [`line ${line}: names a license that is not on the SPDX list`];
    return limitsUse(text.slice(from, to)) ? [`line ${line}: limits the license it names to some uses`] : [];
  });
}

function restricted(
  matches: readonly TextMatch[],
  notices: readonly Notice[],
  words: Words,
  lines: LineCounter,
): string[] {
  const explained = new Uint8Array(words.words.length);
  for (const { from, to } of matches) explained.fill(1, from, to);
  // Both are in the order of the document.
  let next = 0;
  for (const { from, to } of notices) {
    while ((words.starts[next] ?? to) < from) next++;
    for (; (words.starts[next] ?? to) < to; next++) explained[next] = 1;
  }
  return findRestrictions(words, explained).map(({ from }) => {
    const line = lines.lineOf(words.starts[from] ?? 0);
    return `line ${line}: a sentence beside the license limits what it grants`;
  });
}

function describe(
  matches: readonly TextMatch[],
  notices: readonly Notice[],
  words: Words,
  lines: LineCounter,
): DetectedPart[] {
  const texts = matches.map(({ ids, from, to, confidence }) => ({
    expression: ids[0] ?? '',
    alternatives: ids.slice(1),
    kind: 'text' as const,
    confidence,
    line: lines.lineOf(words.starts[from] ?? 0),
    endLine: lines.lineOf(words.starts[Math.max(from, to - 1)] ?? 0),
  }));
  const named = notices.map(({ expression, kind, from, to }) => ({
    expression,
    alternatives: [],
    kind,
    confidence: kind === 'tag' ? TAG_CONFIDENCE : NOTICE_CONFIDENCE,
    line: lines.lineOf(from),
    endLine: lines.lineOf(Math.max(from, to - 1)),
  }));
  return [...texts, ...named].sort((a, b) => a.line - b.line);
}

/** One expression for the document: texts and notices that say the same are one; what is left over applies together. */
function express(matches: readonly TextMatch[], notices: readonly Notice[], { words }: Words): string {
  const texts = new Map(matches.map(({ ids }) => [ids[0] ?? '', ids]));
  const tags = notices.filter(({ kind }) => kind === 'tag');
  const named = tags.length > 0 ? tags : notices;
  const terms = new Set(named.map(({ expression }) => expression));
  // A notice that names the texts below it says how they go together; texts that no notice names apply as well.
  for (const [first, ids] of texts) {
    const isNamed = named.some((notice) => notice.ids.some((id) => ids.includes(id)));
    if (!isNamed) terms.add(first);
  }
  const joined = [...terms]
    .map((term) => (terms.size > 1 && / (?:OR|AND) /.test(term) && !isWrapped(term) ? `(${term})` : term))
    .join(' AND ');
  return withExceptions(joined, words);
}

function isWrapped(term: string): boolean {
  return /^\([^()]*\)$/.test(term);
}

function withExceptions(expression: string, words: readonly string[]): string {
  if (/ WITH | AND | OR /.test(expression) || !/GPL|Apache-2\.0/.test(expression)) return expression;
  const [exception] = findExceptions(words.join(' '), expression.includes('3.0'));
  return exception === undefined ? expression : `${expression} WITH ${exception}`;
}

class LineCounter {
  readonly #ends: number[] = [];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#ends.push(at);
  }

  /** 1-based. */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  }
}
