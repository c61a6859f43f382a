import { findException, findLicense } from '../spdx/license-list.ts';
import type { Expression, LicenseTerm } from './expression.ts';

/** Longest expression that is read, in characters; the longest real ones have a few hundred. */
export const MAX_EXPRESSION = 4_096;
/** Deepest nesting of parentheses. */
const MAX_DEPTH = 64;
/** Most licenses of one expression. */
const MAX_TERMS = 256;

export interface ParsedExpression {
  readonly expression: Expression;
  /** Whether ids were spelled in another case than on the list. */
  readonly wasRespelled: boolean;
}

/** What is wrong with an expression and where. */
export class ExpressionError extends Error {
  /** 0-based offset in the text. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} (at character ${offset + 1})`);
    this.name = 'ExpressionError';
    this.offset = offset;
  }
}

interface Token {
  readonly text: string;
  readonly offset: number;
}

const TOKEN = /[()]|(?:DocumentRef-[A-Za-z0-9.-]+ *: *)?LicenseRef-[A-Za-z0-9.-]+|[A-Za-z0-9][A-Za-z0-9.-]*\+?/y;

/**
 * Reads an SPDX license expression (SPDX 3.0 annex B): `WITH` binds closest, then `AND`, then `OR`. Ids are compared
 * without regard to case, as the specification asks, and must be on the SPDX list.
 *
 * @throws ExpressionError when it is none.
 */
export function parseExpression(text: string): ParsedExpression {
  if (text.length > MAX_EXPRESSION) throw new ExpressionError(`It has more than ${MAX_EXPRESSION} characters`, 0);
  return new ExpressionReader(tokenize(text), text.length).read();
}

/** The expression, or `undefined` when the text is none. */
export function tryExpression(text: string): Expression | undefined {
  try {
    return parseExpression(text).expression;
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === ' ') at++;
    if (at >= text.length) return tokens;
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text)?.[0];
    if (found === undefined) throw new ExpressionError(`Unexpected ${JSON.stringify(text.charAt(at))}`, at);
    tokens.push({ text: found, offset: at });
    at += found.length;
    if (!' ()'.includes(text[at] ?? ' ') && !'()'.includes(found))
      throw new ExpressionError(`Unexpected ${JSON.stringify(text.charAt(at))}`, at);
  }
}

class ExpressionReader {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #at = 0;
  #depth = 0;
  #terms = 0;
  #wasRespelled = false;

  constructor(tokens: readonly Token[], end: number) {
    this.#tokens = tokens;
    this.#end = end;
  }

  read(): ParsedExpression {
    const expression = this.#chain('or');
    const left = this.#tokens[this.#at];
    if (left !== undefined) throw new ExpressionError(`Unexpected ${JSON.stringify(left.text)}`, left.offset);
    return { expression, wasRespelled: this.#wasRespelled };
  }

  #chain(conjunction: 'and' | 'or'): Expression {
    const operands = [this.#operand(conjunction)];
    while (this.#takeWord(conjunction.toUpperCase())) operands.push(this.#operand(conjunction));
    return operands.reduceRight((right, left) => ({ left, conjunction, right }));
  }

  #operand(conjunction: 'and' | 'or'): Expression {
    return conjunction === 'or' ? this.#chain('and') : this.#primary();
  }

  #primary(): Expression {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new ExpressionError('A license is missing at the end', this.#end);
    if (token.text !== '(') return this.#term(token);
    if (++this.#depth > MAX_DEPTH) throw new ExpressionError(`Nested deeper than ${MAX_DEPTH}`, token.offset);
    this.#at++;
    const inner = this.#chain('or');
    const close = this.#tokens[this.#at];
    if (close?.text !== ')') throw new ExpressionError('A closing parenthesis is missing', close?.offset ?? this.#end);
    this.#at++;
    this.#depth--;
    return inner;
  }

  #term(token: Token): LicenseTerm {
    if (++this.#terms > MAX_TERMS) throw new ExpressionError(`More than ${MAX_TERMS} licenses`, token.offset);
    this.#at++;
    const license = this.#license(token);
    if (!this.#takeWord('WITH')) return license;
    const next = this.#tokens[this.#at++];
    const exception = next === undefined ? undefined : findException(next.text);
    if (exception === undefined)
      throw new ExpressionError('WITH needs an exception of the SPDX list', next?.offset ?? this.#end);
    if (exception !== next?.text) this.#wasRespelled = true;
    return { ...license, exception };
  }

  #license({ text, offset }: Token): LicenseTerm {
    if (text.includes('LicenseRef-')) return { license: text.replace(/ *: */, ':') };
    const hasPlus = text.endsWith('+');
    // `GPL-2.0+` is an id of its own on the list, deprecated; read as the license and its `+` it means the same.
    const found = findLicense(hasPlus ? text.slice(0, -1) : text) ?? laterOrOnly(text);
    if (found === undefined)
      throw new ExpressionError(`${JSON.stringify(text.slice(0, 80))} is no id of the SPDX list`, offset);
    if ('plus' in found) return found;
    if (found.id !== (hasPlus ? text.slice(0, -1) : text)) this.#wasRespelled = true;
    return hasPlus ? { license: found.id, plus: true } : { license: found.id };
  }

  #takeWord(word: string): boolean {
    if (this.#tokens[this.#at]?.text.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }
}

/** `Apache-2.0-or-later`: not on the list, but there is only one thing it can mean. */
function laterOrOnly(text: string): { license: string; plus: true } | ReturnType<typeof findLicense> {
  const [, base = '', suffix] = /^(.+)-(or-later|only)$/i.exec(text) ?? [];
  const found = base === '' ? undefined : findLicense(base);
  if (found === undefined || suffix?.toLowerCase() === 'only') return found;
  return { license: found.id, plus: true };
}
