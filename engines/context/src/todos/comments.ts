import type { Language, StringForm } from './languages.ts';

/** A comment: UTF-16 offsets of what is between its markers. */
export interface Comment {
  readonly start: number;
  readonly end: number;
}

type Opener =
  | { readonly kind: 'line'; readonly open: string }
  | { readonly kind: 'block'; readonly open: string; readonly close: string }
  | { readonly kind: 'string'; readonly open: string; readonly form: StringForm };

/** What looks for openers of a language; made once for each. */
interface Scanner {
  readonly openers: ReadonlyMap<string, Opener>;
  readonly pattern: RegExp;
}

const scanners = new WeakMap<Language, Scanner>();

/**
 * The comments of a source text, in order. It knows strings, so that no URL is taken for one; it knows no grammar, so a
 * regular expression with a single quote may hide the rest of its line.
 */
export function findComments(text: string, language: Language): Comment[] {
  const { openers, pattern } = scannerOf(language);
  const comments: Comment[] = [];
  // What did not end once does not end later: each is looked for to the end of the text but once.
  const endless = new Set<StringForm>();
  let at = 0;
  for (;;) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return comments;
    const opener = openers.get(found[0]);
    const from = found.index + found[0].length;
    at = from;
    if (opener === undefined || (opener.kind === 'line' && isPartOfWord(text, found.index, language))) continue;
    if (opener.kind === 'string') {
      const end = endless.has(opener.form) ? undefined : endOfString(text, from, opener.form);
      if (end === undefined && opener.form.multiline) endless.add(opener.form);
      at = end ?? from;
      continue;
    }
    const end =
      opener.kind === 'line' ? endOfLine(text, from) : endOfBlock(text, from, opener, language.nested ?? false);
    comments.push({ start: from, end: end.content });
    at = end.after;
  }
}

function scannerOf(language: Language): Scanner {
  const known = scanners.get(language);
  if (known !== undefined) return known;
  const all: Opener[] = [
    ...(language.block ?? []).map(([open, close]) => ({ kind: 'block', open, close }) as const),
    ...(language.line ?? []).map((open) => ({ kind: 'line', open }) as const),
    ...(language.strings ?? []).map((form) => ({ kind: 'string', open: form.open, form }) as const),
  ];
  // Of two that begin alike the longer one. Literals only: nothing in it backtracks.
  const sorted = all.toSorted((a, b) => b.open.length - a.open.length);
  const pattern = new RegExp(['\\\\.', ...sorted.map(({ open }) => literal(open))].join('|'), 'gs');
  const scanner = { openers: new Map(sorted.map((opener) => [opener.open, opener])), pattern };
  scanners.set(language, scanner);
  return scanner;
}

function isPartOfWord(text: string, at: number, { lineNeedsSpace = false }: Language): boolean {
  return lineNeedsSpace && at > 0 && !/[\s;&|()]/.test(text.charAt(at - 1));
}

function endOfLine(text: string, from: number): { content: number; after: number } {
  const end = text.indexOf('\n', from);
  return end < 0 ? { content: text.length, after: text.length } : { content: end, after: end };
}

/** A comment that does not end goes on to the end of the text. */
function endOfBlock(
  text: string,
  from: number,
  { open, close }: { readonly open: string; readonly close: string },
  nested: boolean,
): { content: number; after: number } {
  // Literals only: nothing in it backtracks.
  const marks = new RegExp(nested ? `${literal(open)}|${literal(close)}` : literal(close), 'g');
  marks.lastIndex = from;
  let depth = 1;
  for (let found = marks.exec(text); found !== null; found = marks.exec(text)) {
    depth += found[0] === close ? -1 : 1;
    if (depth === 0) return { content: found.index, after: marks.lastIndex };
  }
  return { content: text.length, after: text.length };
}

function literal(mark: string): string {
  return mark.replace(/[^\w\s]/g, '\\$&');
}

/** Where a string ends, after its closing quote; `undefined`: it does not, so the quote was something else. */
function endOfString(text: string, from: number, { close, escapes, multiline }: StringForm): number | undefined {
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === '\n' && !multiline) return undefined;
    if (char === '\\' && escapes) at++;
    else if (char === close[0] && text.startsWith(close, at)) return at + close.length;
  }
  return undefined;
}
