import { LockfileError } from '../model.ts';
import { quote } from './npm-family-text.ts';

/** One line of a directive, its words without quotes. */
export interface GoDirective {
  readonly verb: string;
  readonly words: readonly string[];
  /** Text of the comment at the end of the line. */
  readonly comment: string;
  /** 1-based. */
  readonly line: number;
}

/** Longer lines are not Go's. */
const MAX_LINE = 4096;

/**
 * The directives of a go.mod, blocks taken apart.
 *
 * @throws LockfileError SBOM_LOCKFILE_SYNTAX for a block that does not end, a stray parenthesis, an overlong line.
 */
export function parseGoMod(path: string, text: string): GoDirective[] {
  const found: GoDirective[] = [];
  let block: { readonly verb: string; readonly line: number } | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    if (raw.length > MAX_LINE) throw syntaxError(path, line, 'the line is too long');
    const { words, comment } = wordsOf(raw);
    const [first = '', ...rest] = words;
    if (first === '') continue;
    if (first === ')') {
      if (block === undefined || rest.length > 0) throw syntaxError(path, line, 'a parenthesis closes nothing');
      block = undefined;
    } else if (block !== undefined) {
      found.push({ verb: block.verb, words, comment, line });
    } else if (rest.length === 1 && rest[0] === '(') {
      block = { verb: first, line };
    } else {
      found.push({ verb: first, words: rest, comment, line });
    }
  }
  if (block === undefined) return found;
  throw syntaxError(path, block.line, `${quote(block.verb)} opens a block that does not end: the file is truncated`);
}

function syntaxError(path: string, line: number, what: string): LockfileError {
  const message = `Not valid go.mod: ${what} (line ${line}). Run "go mod tidy" to write it again.`;
  return new LockfileError('SBOM_LOCKFILE_SYNTAX', path, message, { line, column: 1 });
}

function wordsOf(line: string): { readonly words: string[]; readonly comment: string } {
  const words: string[] = [];
  const token = /\s*(?:\/\/(.*)|"((?:[^"\\]|\\.)*)"|`([^`]*)`|([()])|((?:(?!\/\/)[^\s()"`])+|["`]))/y;
  let comment = '';
  for (let match = token.exec(line); match !== null; match = token.exec(line)) {
    if (match[1] !== undefined) comment = match[1].trim();
    else words.push(match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? match[4] ?? match[5] ?? '');
  }
  return { words, comment };
}
