import { clipLine } from '../clip.ts';
import { Columns } from '../columns.ts';
import type { Todo } from '../documents.ts';
import { showMasked } from '../masking.ts';
import { findComments } from './comments.ts';
import type { Language } from './languages.ts';

/** Of the words of one entry, in UTF-16 units. */
const MAX_TEXT = 500;
/** What may stand before a tag at the beginning of a comment's line. */
const DECORATION = /^[\s*#/\-!<>@;%=|"']*$/;
const ISSUE = /^(?:#\d{1,9}|[A-Z][A-Z0-9]{1,9}-\d{1,9}|gh-\d{1,9}|https?:\/\/\S{1,300})$/i;
const ISSUE_IN_TEXT =
  /(?:^|[\s([])(#\d{1,9})(?![\w-])|\b(https?:\/\/[^\s)\]>]{1,200}\/(?:issues|pull|browse|merge_requests)\/[\w-]{1,60})/;
const AUTHOR = /^@?[\p{L}][\p{L}\p{N}._-]{0,63}$/u;

/** What looks for tags; made once for an operation. */
export function tagPattern(tags: readonly string[]): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_])(${tags.join('|')})(?![\\p{L}\\p{N}_])`, 'u');
}

/** Open tasks in the comments of a masked text, at most one a line of a comment, and at most `most`. */
export function findTodos(path: string, text: string, language: Language, pattern: RegExp, most: number): Todo[] {
  const todos: Todo[] = [];
  const places = new Places(text);
  for (const { start, end } of findComments(text, language)) {
    for (let from = start; from < end; ) {
      const lineEnd = text.indexOf('\n', from);
      const to = lineEnd < 0 || lineEnd > end ? end : lineEnd;
      const found = readTodo(text.slice(from, to), pattern);
      if (found !== undefined) {
        const { at, ...todo } = found;
        if (todos.length === most) return todos;
        todos.push({ path, ...places.at(from + at), ...todo });
      }
      from = to + 1;
    }
  }
  return todos;
}

type Found = Omit<Todo, 'path' | 'line' | 'column'> & { readonly at: number };

/** A tag counts at the beginning of a comment's line, or where `:`, `(` or `[` follows it. */
function readTodo(line: string, pattern: RegExp): Found | undefined {
  const match = pattern.exec(line);
  const tag = match?.[1];
  if (match === null || tag === undefined) return undefined;
  const after = line.slice(match.index + tag.length);
  if (!DECORATION.test(line.slice(0, match.index)) && !/^\s?[:([]/.test(after)) return undefined;
  const { names, rest } = readNames(after);
  const words = clipLine(rest.replace(/^[\s:,-]+/, '').trimEnd(), MAX_TEXT).text;
  const issue = names.find((name) => ISSUE.test(name)) ?? issueIn(words);
  const author = names.find((name) => !ISSUE.test(name) && AUTHOR.test(name))?.replace(/^@/, '');
  return {
    at: match.index,
    tag,
    text: showMasked(words),
    ...(author === undefined ? {} : { author }),
    ...(issue === undefined ? {} : { issue: showMasked(issue) }),
  };
}

/** `(alice, #12)`, `[alice]` or `@alice` after a tag. */
function readNames(after: string): { names: readonly string[]; rest: string } {
  const bracketed = /^\s?[([]([^)\]]{1,400})[)\]]/.exec(after);
  if (bracketed !== null) {
    const names = (bracketed[1] ?? '').split(/[\s,;]+/).filter((name) => name !== '');
    return { names, rest: after.slice(bracketed[0].length) };
  }
  const mention = /^\s(@[\p{L}][\p{L}\p{N}._-]{0,63}):?/u.exec(after);
  return mention?.[1] === undefined
    ? { names: [], rest: after }
    : { names: [mention[1]], rest: after.slice(mention[0].length) };
}

function issueIn(words: string): string | undefined {
  const found = ISSUE_IN_TEXT.exec(words);
  return found?.[1] ?? found?.[2];
}

/** Lines and columns of ascending offsets. */
class Places {
  readonly #text: string;
  #line = 0;
  #start = 0;
  #end = -1;
  #columns = new Columns('');

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number): { line: number; column: number } {
    while (offset > this.#end) {
      this.#start = this.#end + 1;
      const end = this.#text.indexOf('\n', this.#start);
      this.#end = end < 0 ? this.#text.length : end;
      this.#line++;
      if (offset <= this.#end) this.#columns = new Columns(this.#text.slice(this.#start, this.#end));
    }
    return { line: this.#line, column: this.#columns.at(offset - this.#start) };
  }
}
