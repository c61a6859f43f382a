/*
 * Patterns as in a .gitignore, matched without regular expressions: whoever writes them, and whoever names the files,
 * is not trusted, and a backtracking matcher would let them choose how long it takes.
 */

/** One piece of a segment: a literal character, any character, a class, or any run of characters (`*`). */
type Piece =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'run' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] };

/** A segment between slashes, or `**`: any number of segments. */
type Segment = readonly Piece[] | '**';

/** One pattern. */
export interface Glob {
  readonly negated: boolean;
  readonly directoryOnly: boolean;
  readonly segments: readonly Segment[];
}

/**
 * Reads one pattern. `undefined`: an empty line or a comment; `'invalid'`: a class that does not end, or nothing but
 * slashes.
 */
export function parseGlob(pattern: string): Glob | undefined | 'invalid' {
  let text = trimEnd(pattern);
  if (text === '' || text.startsWith('#')) return undefined;
  const negated = text.startsWith('!');
  if (negated) text = text.slice(1);
  const directoryOnly = text.endsWith('/') && !text.endsWith('\\/');
  if (directoryOnly) text = text.slice(0, -1);
  // A slash anywhere but at the end ties a pattern to the root.
  const anchored = text.includes('/');
  if (text.startsWith('/')) text = text.slice(1);
  if (text === '') return 'invalid';
  const segments: Segment[] = anchored ? [] : ['**'];
  for (const part of text.split('/')) {
    const segment = part === '**' ? part : parseSegment(part);
    if (segment === undefined) return 'invalid';
    if (segment === '**' && segments.at(-1) === '**') continue;
    segments.push(segment);
  }
  // At the end it means what is inside, not the directory itself.
  if (segments.at(-1) === '**') segments.push([{ kind: 'run' }]);
  return { negated, directoryOnly, segments };
}

/** Trailing blanks do not count unless a backslash stands before them. */
function trimEnd(text: string): string {
  let end = text.endsWith('\r') ? text.length - 1 : text.length;
  while (text[end - 1] === ' ' && text[end - 2] !== '\\') end--;
  return text.slice(0, end);
}

function parseSegment(text: string): Piece[] | undefined {
  const chars = Array.from(text);
  const pieces: Piece[] = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? '';
    if (char === '*') {
      if (pieces.at(-1)?.kind !== 'run') pieces.push({ kind: 'run' });
    } else if (char === '?') pieces.push({ kind: 'any' });
    else if (char === '[') {
      const found = parseClass(chars, at);
      if (found === undefined) return undefined;
      pieces.push(found.piece);
      at = found.end;
    } else {
      if (char === '\\') at++;
      pieces.push({ kind: 'char', char: chars[at] ?? '\\' });
    }
  }
  return pieces;
}

/** A class that begins at `from`; `end` is its closing bracket. */
function parseClass(chars: readonly string[], from: number): { piece: Piece; end: number } | undefined {
  let at = from + 1;
  const negated = chars[at] === '!' || chars[at] === '^';
  if (negated) at++;
  const ranges: [number, number][] = [];
  const read = (): number => {
    if (chars[at] === '\\') at++;
    return chars[at++]?.codePointAt(0) ?? -1;
  };
  for (let first = true; at < chars.length; first = false) {
    if (chars[at] === ']' && !first) return { piece: { kind: 'class', negated, ranges }, end: at };
    const low = read();
    if (chars[at] === '-' && chars[at + 1] !== ']' && at + 1 < chars.length) {
      at++;
      ranges.push([low, read()]);
    } else ranges.push([low, low]);
  }
  return undefined;
}

/** The parts of a path. */
export function namesOf(path: string): string[][] {
  return path.split('/').map((name) => Array.from(name));
}

/** Whether a pattern names exactly this file or directory. Time is at most the product of both lengths. */
export function matchesGlob(glob: Glob, names: readonly string[][], isDirectory: boolean): boolean {
  if (glob.directoryOnly && !isDirectory) return false;
  const { segments } = glob;
  return matchesRuns(
    segments.length,
    names.length,
    (at) => segments[at] === '**',
    (at, name) => matchesName(segments[at] ?? '**', names[name] ?? []),
  );
}

function matchesName(segment: Segment, name: readonly string[]): boolean {
  if (segment === '**') return true;
  return matchesRuns(
    segment.length,
    name.length,
    (at) => segment[at]?.kind === 'run',
    (at, char) => matchesPiece(segment[at], name[char] ?? ''),
  );
}

/** Matches a pattern with runs against items, looking back to the last run only. */
function matchesRuns(
  patternLength: number,
  length: number,
  isRun: (at: number) => boolean,
  fits: (at: number, item: number) => boolean,
): boolean {
  let [at, item] = [0, 0];
  let [runAt, runItem] = [-1, 0];
  while (item < length) {
    if (at < patternLength && isRun(at)) {
      runAt = at++;
      runItem = item;
    } else if (at < patternLength && fits(at, item)) {
      at++;
      item++;
    } else if (runAt >= 0) {
      at = runAt + 1;
      item = ++runItem;
    } else return false;
  }
  while (at < patternLength && isRun(at)) at++;
  return at === patternLength;
}

function matchesPiece(piece: Piece | undefined, char: string): boolean {
  if (piece === undefined || piece.kind === 'run') return false;
  if (piece.kind === 'any') return true;
  if (piece.kind === 'char') return piece.char === char;
  const code = char.codePointAt(0) ?? -1;
  return piece.ranges.some(([low, high]) => code >= low && code <= high) !== piece.negated;
}
