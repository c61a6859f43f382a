/** How a value is tied to the name before it. */
export type Tie = 'assigned' | 'argument' | 'spaced';

/** A candidate for a secret. */
export interface AssignedValue {
  readonly start: number;
  readonly end: number;
  readonly tie: Tie;
  /** The quote around it, or the empty string. */
  readonly quote: string;
}

const LONGEST_GAP = 40;
const LONGEST_VALUE = 4096;
const QUOTES = `"'\``;
const ENDS_BARE = /[\s"'`<>,;()[\]{}|\\&]/;

interface Gap {
  readonly end: number;
  readonly tie: Tie;
  readonly quote: string;
}

/**
 * Reads over whatever stands between a name and its value: quotes, brackets, `=`, `:`, `=>`, `>` of an element, a comma of a call.
 * Gives up on a brace or a list, which begin something else.
 */
function readGap(text: string, from: number): Gap | undefined {
  let tie: Tie = 'spaced';
  let quote = '';
  let newlines = 0;
  const last = Math.min(text.length, from + LONGEST_GAP);
  for (let at = from; at < last; at++) {
    const char = text.charAt(at);
    if (char === '=' || char === ':') tie = 'assigned';
    else if (char === '>') tie = 'assigned';
    else if (char === ',' || char === '(') {
      if (tie === 'spaced') tie = 'argument';
    } else if (QUOTES.includes(char)) {
      quote = char;
      continue;
    } else if (char === '\n') {
      newlines++;
      if (newlines > 2 || (tie === 'spaced' && quote !== '')) return undefined;
    } else if (char === '\\') {
      const next = text.charAt(at + 1);
      if (next === 'n' || next === 'r' || next === 't') return undefined;
      continue;
    } else if (
      !/[\s?|.!+\])*#-]/.test(char) ||
      (char === '-' && /[\w-]/.test(text.charAt(at + 1)) && tie !== 'spaced')
    ) {
      if (char === '{' || char === '[' || char === ';' || char === '}') return undefined;
      return { end: at, tie, quote: at > from && QUOTES.includes(text.charAt(at - 1)) ? quote : '' };
    }
  }
  return undefined;
}

/** End of a quoted value: its quote, an escape or a line end. */
function quotedEnd(text: string, from: number, quote: string): number {
  const last = Math.min(text.length, from + LONGEST_VALUE);
  for (let at = from; at < last; at++) {
    const char = text.charAt(at);
    if (char === quote || char === '\n' || char === '\\') return at;
  }
  return last;
}

function bareEnd(text: string, from: number): number {
  const last = Math.min(text.length, from + LONGEST_VALUE);
  let at = from;
  while (at < last && !ENDS_BARE.test(text.charAt(at))) at++;
  while (at > from && /[.:]/.test(text.charAt(at - 1))) at--;
  return at;
}

/** The value after a name, or `undefined`. Reads at most 40 characters of gap and 4,096 of value. */
export function readValue(text: string, from: number): AssignedValue | undefined {
  let start = from;
  for (let words = 0; words < 4; words++) {
    const gap = readGap(text, start);
    if (gap === undefined) return undefined;
    const end = gap.quote === '' ? bareEnd(text, gap.end) : quotedEnd(text, gap.end, gap.quote);
    if (end === gap.end) return undefined;
    // `token string = "…"`, `secret access key …`: a plain word before the value belongs to the name.
    const plain =
      gap.tie === 'spaced' &&
      gap.quote === '' &&
      /^[A-Za-z][A-Za-z_.-]{0,23}$/.test(text.slice(gap.end, Math.min(end, gap.end + 25)));
    if (!plain) return { start: gap.end, end, tie: gap.tie, quote: gap.quote };
    start = end;
  }
  return undefined;
}
