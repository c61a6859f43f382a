import { compareDigits, compareNumbers, compareText, createVersionOrder } from './version-order.ts';

interface SemverVersion {
  readonly numbers: readonly string[];
  /** Identifiers of the pre-release; `undefined` for a release. */
  readonly pre: readonly string[] | undefined;
}

/**
 * A leading `v`, any number of numeric parts (`7.0` in advisories means `7.0.0`), and a pre-release glued to the
 * numbers (`1.0.0beta2`, as old npm packages have it) are read too; numbers have no upper bound.
 */
const LENIENT = /^[vV=]?(\d+(?:\.\d+)*)(?:-([0-9A-Za-z.-]+)|([A-Za-z][0-9A-Za-z.-]*))?(?:\+[0-9A-Za-z.-]*)?$/;

function parseSemver(text: string): SemverVersion | undefined {
  const found = LENIENT.exec(text.trim());
  if (found === null) return undefined;
  const pre = found[2] ?? found[3];
  return { numbers: (found[1] ?? '').split('.'), pre: pre === undefined ? undefined : pre.split('.') };
}

/** SemVer 2.0.0 section 11; build metadata does not count. */
function compareSemver(a: SemverVersion, b: SemverVersion): number {
  const numbers = compareNumbers(a.numbers, b.numbers);
  if (numbers !== 0) return numbers;
  if (a.pre === undefined || b.pre === undefined) return Number(b.pre !== undefined) - Number(a.pre !== undefined);
  const shared = Math.min(a.pre.length, b.pre.length);
  for (let index = 0; index < shared; index++) {
    const order = compareIdentifiers(a.pre[index] ?? '', b.pre[index] ?? '');
    if (order !== 0) return order;
  }
  return a.pre.length - b.pre.length;
}

const DIGITS = /^\d+$/;

function compareIdentifiers(a: string, b: string): number {
  const isNumberA = DIGITS.test(a);
  const isNumberB = DIGITS.test(b);
  if (isNumberA && isNumberB) return compareDigits(a, b);
  return Number(isNumberB) - Number(isNumberA) || compareText(a, b);
}

/** npm, crates.io and Go. */
export const semverOrder = createVersionOrder(parseSemver, compareSemver);
