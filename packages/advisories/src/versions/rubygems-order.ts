import { compareDigits, compareText, createVersionOrder } from './version-order.ts';

/** What RubyGems itself accepts as a version. */
const CORRECT = /^\d+(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
/** A lockfile writes the platform of a gem behind its version: `1.15.0-x86_64-linux`. */
const PLATFORM = /-(?:x86|x64|i[3-6]86|arm|aarch64|java|jruby|universal|mswin|mingw|x64-mingw|ruby)[\w.-]*$/;

function parseGem(text: string): readonly string[] | undefined {
  const version = text.trim().replace(PLATFORM, '');
  if (!CORRECT.test(version)) return undefined;
  const segments = version.replaceAll('-', '.pre.').match(/\d+|[a-zA-Z]+/g) ?? [];
  const firstWord = segments.findIndex((segment) => !isNumber(segment));
  const split = firstWord === -1 ? segments.length : firstWord;
  return [...withoutTrailingZeros(segments.slice(0, split)), ...withoutTrailingZeros(segments.slice(split))];
}

function withoutTrailingZeros(segments: readonly string[]): readonly string[] {
  let end = segments.length;
  while (end > 0 && /^0+$/.test(segments[end - 1] ?? '')) end--;
  return segments.slice(0, end);
}

function isNumber(segment: string): boolean {
  const code = segment.charCodeAt(0);
  return code >= 0x30 && code <= 0x39;
}

/** A word marks a pre-release: it comes before any number, and before nothing at all. */
function compareGems(a: readonly string[], b: readonly string[]): number {
  const length = Math.max(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a[index] ?? '0';
    const right = b[index] ?? '0';
    const isNumberA = isNumber(left);
    const isNumberB = isNumber(right);
    if (isNumberA !== isNumberB) return isNumberA ? 1 : -1;
    const order = isNumberA ? compareDigits(left, right) : compareText(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

/** RubyGems. */
export const rubygemsOrder = createVersionOrder(parseGem, compareGems);
