import { type Expression, isTerm, type LicenseTerm } from './expression.ts';
import { ExpressionError, parseExpression } from './parse.ts';

/** A license without its version: two versions of one family are comparable. */
interface Family {
  readonly name: string;
  /** Comparable parts of the version; empty for a license that has none. */
  readonly version: readonly number[];
  readonly orLater: boolean;
}

/** Deprecated ids that stand for a license with an exception. */
const COMPOSED: Readonly<Record<string, LicenseTerm>> = {
  'GPL-2.0-with-autoconf-exception': { license: 'GPL-2.0-only', exception: 'Autoconf-exception-2.0' },
  'GPL-2.0-with-bison-exception': { license: 'GPL-2.0-only', exception: 'Bison-exception-2.2' },
  'GPL-2.0-with-classpath-exception': { license: 'GPL-2.0-only', exception: 'Classpath-exception-2.0' },
  'GPL-2.0-with-font-exception': { license: 'GPL-2.0-only', exception: 'Font-exception-2.0' },
  'GPL-2.0-with-GCC-exception': { license: 'GPL-2.0-only', exception: 'GCC-exception-2.0' },
  'GPL-3.0-with-autoconf-exception': { license: 'GPL-3.0-only', exception: 'Autoconf-exception-3.0' },
  'GPL-3.0-with-GCC-exception': { license: 'GPL-3.0-only', exception: 'GCC-exception-3.1' },
};

function familyOf({ license, plus }: LicenseTerm): Family {
  const base = license.replace(/-(?:only|or-later)$/, '').replace(/\+$/, '');
  const orLater = plus === true || license.endsWith('-or-later') || license.endsWith('+');
  const [, before = base, version, after = ''] = /^([A-Za-z][A-Za-z-]*?)-(\d+(?:\.\d+)+)(-.*)?$/.exec(base) ?? [];
  return { name: `${before}${after}`.toLowerCase(), version: version?.split('.').map(Number) ?? [], orLater };
}

/**
 * Whether a license is one that an entry of a list means: the same license, or a version that both allow. An exception
 * counts: `GPL-2.0-only` on a list does not stand for `GPL-2.0-only WITH Classpath-exception-2.0`.
 */
export function matchesTerm(license: LicenseTerm, entry: LicenseTerm): boolean {
  const [a, b] = [COMPOSED[license.license] ?? license, COMPOSED[entry.license] ?? entry];
  if ((a.exception ?? '').toLowerCase() !== (b.exception ?? '').toLowerCase()) return false;
  const [left, right] = [familyOf(a), familyOf(b)];
  if (left.name !== right.name) return false;
  const order = compareVersions(left.version, right.version);
  return order === 0 || (order < 0 ? left.orLater : right.orLater);
}

function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Reads the entries of a list of licenses: each is one license, perhaps with an exception.
 *
 * @throws ExpressionError for an entry that is unknown or a compound.
 */
export function parseTerms(entries: readonly string[]): LicenseTerm[] {
  return entries.map((entry) => {
    const { expression } = parseExpression(entry);
    if (!isTerm(expression))
      throw new ExpressionError(`${JSON.stringify(entry.slice(0, 80))} is more than one license; list each`, 0);
    return expression;
  });
}

/**
 * Whether an expression can be met with the licenses of a list alone: of `OR` one side must be allowed, of `AND` both.
 *
 * @throws ExpressionError when the expression or an entry cannot be read, or the list is empty.
 */
export function satisfies(expression: string, allowed: readonly string[]): boolean {
  const { expression: tree } = parseExpression(expression);
  if (allowed.length === 0) throw new ExpressionError('The list of allowed licenses is empty', 0);
  const terms = parseTerms(allowed);
  return holds(tree, (term) => terms.some((entry) => matchesTerm(term, entry)));
}

/** Evaluates an expression, given which licenses hold. */
export function holds(expression: Expression, isHeld: (term: LicenseTerm) => boolean): boolean {
  if (isTerm(expression)) return isHeld(expression);
  const left = holds(expression.left, isHeld);
  if (expression.conjunction === 'and') return left && holds(expression.right, isHeld);
  return left || holds(expression.right, isHeld);
}
