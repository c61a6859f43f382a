/**
 * Order of Go's module versions: Semantic Versioning 2.0, `+incompatible` and other build marks without weight.
 *
 * @returns a negative number when `a` comes before `b`.
 */
export function compareGoVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  for (let index = 0; index < 3; index++) {
    const order = compareNumbers(left.numbers[index] ?? '0', right.numbers[index] ?? '0');
    if (order !== 0) return order;
  }
  if (left.release === undefined || right.release === undefined) {
    return (left.release === undefined ? 1 : 0) - (right.release === undefined ? 1 : 0);
  }
  return comparePreReleases(left.release.split('.'), right.release.split('.'));
}

function split(version: string): { readonly numbers: readonly string[]; readonly release: string | undefined } {
  const [core = ''] = version.split('+', 1);
  const dash = core.indexOf('-');
  const numbers = (dash < 0 ? core : core.slice(0, dash)).replace(/^v/, '').split('.');
  return { numbers, release: dash < 0 ? undefined : core.slice(dash + 1) };
}

function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [left, right] = [a[index], b[index]];
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    const [isLeftNumber, isRightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
    if (isLeftNumber !== isRightNumber) return isLeftNumber ? -1 : 1;
    const order = isLeftNumber ? compareNumbers(left, right) : left < right ? -1 : left > right ? 1 : 0;
    if (order !== 0) return order;
  }
  return 0;
}

/** Digits of any length: pseudo-versions hold 14 of them, an attacker's more. */
function compareNumbers(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+(?=\d)/, ''), b.replace(/^0+(?=\d)/, '')];
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
}
