/**
 * Workspace patterns (`packages/*`, `apps/**`, `!packages/old`, `{a,b}/*`). Written out instead of compiled to a regular
 * expression because the patterns come from the scanned project: matching here is at most |pattern| x |path| steps.
 */

const MAX_PATTERNS = 256;
const MAX_PATTERN = 1024;
const MAX_BRACES = 64;

/** Does any pattern match, with later `!` patterns taking matches away again? Paths are `/`-separated, without `./`. */
export function matchesAnyPattern(patterns: readonly string[], path: string): boolean {
  let matched = false;
  for (const pattern of patterns.slice(0, MAX_PATTERNS)) {
    const negated = pattern.startsWith('!');
    if (matched !== negated) continue;
    if (matchesPattern(negated ? pattern.slice(1) : pattern, path)) matched = !negated;
  }
  return matched;
}

function matchesPattern(pattern: string, path: string): boolean {
  if (pattern.length > MAX_PATTERN) return false;
  const parts = path.split('/');
  return withoutBraces(pattern).some((plain) => {
    const wanted = plain.split('/').filter((part) => part !== '' && part !== '.');
    return matchesSequence(wanted, parts, (part) => part === '**', matchesSegment);
  });
}

/** `{a,b}/c` → `a/c`, `b/c`; innermost braces first, so nesting works; bounded. */
function withoutBraces(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  for (let next = open.pop(); next !== undefined && done.length < MAX_BRACES; next = open.pop()) {
    const braces = /\{([^{}]*)\}/.exec(next);
    const choices = braces?.[1]?.split(',');
    if (braces === null || choices === undefined || open.length > MAX_BRACES) {
      done.push(next);
      continue;
    }
    const before = next.slice(0, braces.index);
    const after = next.slice(braces.index + braces[0].length);
    for (const choice of choices.slice(0, MAX_BRACES)) open.push(before + choice + after);
  }
  return done;
}

function matchesSegment(wanted: string, part: string): boolean {
  if (!wanted.includes('*') && !wanted.includes('?')) return wanted === part;
  const isStar = (char: string): boolean => char === '*';
  return matchesSequence(wanted.split(''), part.split(''), isStar, (want, have) => want === '?' || want === have);
}

/** Matching with "any number" items by remembering the last one only: no backtracking tree. */
function matchesSequence(
  wanted: readonly string[],
  have: readonly string[],
  isAny: (item: string) => boolean,
  fits: (want: string, have: string) => boolean,
): boolean {
  let want = 0;
  let at = 0;
  let anyAt = -1;
  let retry = 0;
  while (at < have.length) {
    const item = wanted[want];
    if (item !== undefined && isAny(item)) {
      anyAt = want++;
      retry = at;
    } else if (item !== undefined && fits(item, have[at] ?? '')) {
      want++;
      at++;
    } else if (anyAt >= 0) {
      want = anyAt + 1;
      at = ++retry;
    } else {
      return false;
    }
  }
  return wanted.slice(want).every(isAny);
}
