import { compareDigits, compareNumbers, compareText, createVersionOrder } from './version-order.ts';

type PypiVersion =
  | {
      readonly kind: 'pep440';
      readonly epoch: string;
      readonly release: readonly string[];
      readonly pre: readonly [letter: string, number: string] | undefined;
      readonly post: string | undefined;
      readonly dev: string | undefined;
      readonly local: readonly string[] | undefined;
    }
  | { readonly kind: 'legacy'; readonly parts: readonly string[] };

/** PEP 440, appendix B, with the spellings that it asks tools to accept. */
const PEP_440 =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/;

const PRE_LETTERS: Readonly<Record<string, string>> = {
  alpha: 'a',
  a: 'a',
  beta: 'b',
  b: 'b',
  preview: 'rc',
  pre: 'rc',
  c: 'rc',
  rc: 'rc',
};

function parsePypi(text: string): PypiVersion | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === '') return undefined;
  const found = PEP_440.exec(trimmed);
  if (found === null) return { kind: 'legacy', parts: trimmed.match(/\d+|[a-z]+/g) ?? [trimmed] };
  const [, epoch = '0', release = '0', pre, preNumber, implicitPost, post, postNumber, dev, devNumber, local] = found;
  return {
    kind: 'pep440',
    epoch,
    release: release.split('.'),
    pre: pre === undefined ? undefined : [PRE_LETTERS[pre] ?? pre, preNumber || '0'],
    post: implicitPost ?? (post === undefined ? undefined : postNumber || '0'),
    dev: dev === undefined ? undefined : devNumber || '0',
    local: local?.split(/[-_.]/),
  };
}

/** What PEP 440 does not know comes before everything it knows, as pip had it while it still took such versions. */
function comparePypi(a: PypiVersion, b: PypiVersion): number {
  if (a.kind === 'legacy' || b.kind === 'legacy') {
    if (a.kind === 'legacy' && b.kind === 'legacy') return compareParts(a.parts, b.parts);
    return a.kind === 'legacy' ? -1 : 1;
  }
  return (
    compareDigits(a.epoch, b.epoch) ||
    compareNumbers(a.release, b.release) ||
    preRank(a) - preRank(b) ||
    compareText(a.pre?.[0] ?? '', b.pre?.[0] ?? '') ||
    compareDigits(a.pre?.[1] ?? '0', b.pre?.[1] ?? '0') ||
    // No post-release is before post0; no dev release is after every dev release.
    Number(a.post !== undefined) - Number(b.post !== undefined) ||
    compareDigits(a.post ?? '0', b.post ?? '0') ||
    Number(a.dev === undefined) - Number(b.dev === undefined) ||
    compareDigits(a.dev ?? '0', b.dev ?? '0') ||
    Number(a.local !== undefined) - Number(b.local !== undefined) ||
    compareParts(a.local ?? [], b.local ?? [])
  );
}

/** `1.0.dev1` is before `1.0a1`, `1.0a1` before `1.0`, and `1.0.post1.dev2` is a post-release. */
function preRank(version: Extract<PypiVersion, { kind: 'pep440' }>): number {
  if (version.pre !== undefined) return 1;
  return version.post === undefined && version.dev !== undefined ? 0 : 2;
}

/** Numbers after words, a longer list after its beginning. */
function compareParts(a: readonly string[], b: readonly string[]): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    const left = a[index] ?? '';
    const right = b[index] ?? '';
    const isNumberA = /^\d/.test(left) && !/\D/.test(left);
    const isNumberB = /^\d/.test(right) && !/\D/.test(right);
    const order =
      isNumberA && isNumberB
        ? compareDigits(left, right)
        : Number(isNumberA) - Number(isNumberB) || compareText(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** PyPI: PEP 440. */
export const pypiOrder = createVersionOrder(parsePypi, comparePypi);
