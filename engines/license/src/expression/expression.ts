/** One license: an SPDX id or a reference, perhaps `+` (or any later version), perhaps with an exception. */
export interface LicenseTerm {
  readonly license: string;
  readonly plus?: true;
  readonly exception?: string;
}

/** An SPDX license expression as a tree. Chains of one operator lean to the right. */
export type Expression =
  | LicenseTerm
  | { readonly left: Expression; readonly conjunction: 'and' | 'or'; readonly right: Expression };

export function isTerm(expression: Expression): expression is LicenseTerm {
  return 'license' in expression;
}

/** The licenses of an expression, from left to right; a license that stands twice comes twice. */
export function termsOf(expression: Expression): LicenseTerm[] {
  const terms: LicenseTerm[] = [];
  const open: Expression[] = [expression];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (isTerm(one)) terms.push(one);
    else open.push(one.right, one.left);
  }
  return terms;
}

export function writeTerm({ license, plus, exception }: LicenseTerm): string {
  return `${license}${plus ? '+' : ''}${exception === undefined ? '' : ` WITH ${exception}`}`;
}

/** The expression as text, with parentheses only where precedence asks for them. */
export function writeExpression(expression: Expression): string {
  if (isTerm(expression)) return writeTerm(expression);
  const { left, right, conjunction } = expression;
  const side = (one: Expression): string => {
    const text = writeExpression(one);
    return conjunction === 'and' && !isTerm(one) && one.conjunction === 'or' ? `(${text})` : text;
  };
  return `${side(left)} ${conjunction === 'and' ? 'AND' : 'OR'} ${side(right)}`;
}

/** Both apply; what stands on both sides is named once. */
export function bothOf(left: Expression, right: Expression): Expression {
  const operands = new Map([...conjuncts(left), ...conjuncts(right)].map((one) => [writeExpression(one), one]));
  return [...operands.values()].reduceRight((after, before) => ({ left: before, conjunction: 'and', right: after }));
}

/** The operands of a chain of `AND`; any other expression is its own only one. */
function conjuncts(expression: Expression): Expression[] {
  const found: Expression[] = [];
  const open: Expression[] = [expression];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (!isTerm(one) && one.conjunction === 'and') open.push(one.right, one.left);
    else found.push(one);
  }
  return found;
}
