import { clip } from '../clip.ts';
import { isExceptionId, isLicenseId } from './spdx-identifiers.ts';

/** What the declared license text of a package turns out to be. */
export type DeclaredLicense =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'expression'; readonly expression: string; readonly hasReferences: boolean }
  | { readonly kind: 'name'; readonly name: string };

/** Longer texts are no identifiers; they are carried as names and cut there. */
const MAX_EXPRESSION = 1024;
const MAX_NAME = 4096;

/**
 * Classifies a license text: one SPDX identifier, an SPDX expression (operators in upper case, one space between
 * tokens), or, when it is neither, a name. Identifiers must be spelled exactly; nothing is guessed.
 *
 * @example parseLicense('(MIT or Apache-2.0)') // { kind: 'expression', expression: '(MIT OR Apache-2.0)', … }
 */
export function parseLicense(text: string): DeclaredLicense {
  const trimmed = text.trim();
  if (isLicenseId(trimmed)) return { kind: 'id', id: trimmed };
  const tokens = trimmed.length <= MAX_EXPRESSION ? tokenize(trimmed) : undefined;
  if (tokens === undefined || !isExpression(tokens)) return { kind: 'name', name: clip(trimmed, MAX_NAME) };
  const expression = tokens.join(' ').replaceAll('( ', '(').replaceAll(' )', ')');
  return { kind: 'expression', expression, hasReferences: /LicenseRef-/.test(expression) };
}

const TOKEN =
  /([()]) *|((?:DocumentRef-[A-Za-z0-9.-]+ *: *)?LicenseRef-[A-Za-z0-9.-]+|[A-Za-z0-9.-]+\+?)(?: +|(?=[()])|$)/y;

function tokenize(text: string): string[] | undefined {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) return undefined;
    const token = match[1] ?? match[2] ?? '';
    const upper = token.toUpperCase();
    const isOperator = upper === 'AND' || upper === 'OR' || upper === 'WITH';
    tokens.push(isOperator ? upper : token.replace(/ *: */, ':'));
  }
  return tokens;
}

/** Precedence does not matter for validity, so a count of open parentheses stands in for a recursive descent. */
function isExpression(tokens: readonly string[]): boolean {
  let open = 0;
  let expects: 'operand' | 'operator' | 'exception' = 'operand';
  let simple = false;
  for (const token of tokens) {
    if (expects === 'exception') {
      if (!isExceptionId(token)) return false;
      expects = 'operator';
      simple = false;
    } else if (expects === 'operand') {
      if (token === '(') open++;
      else if (isLicense(token)) {
        expects = 'operator';
        simple = true;
      } else return false;
    } else if (token === ')') {
      if (--open < 0) return false;
      simple = false;
    } else if (token === 'WITH' && simple) {
      expects = 'exception';
    } else if (token === 'AND' || token === 'OR') {
      expects = 'operand';
    } else return false;
  }
  return open === 0 && expects === 'operator';
}

function isLicense(token: string): boolean {
  return (
    token.includes('LicenseRef-') || isLicenseId(token) || (token.endsWith('+') && isLicenseId(token.slice(0, -1)))
  );
}
