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

/**
 * Notes of one scan. Thousands of names can share one run of text without blanks as their value; its end is sought once
 * and it is judged a few times only.
 */
export interface Reading {
  bareFrom: number;
  bareTo: number;
  judgedEnd: number;
  judgedTimes: number;
}

/** Notes for a fresh scan. */
export function newReading(): Reading {
  return { bareFrom: 0, bareTo: 0, judgedEnd: -1, judgedTimes: 0 };
}

/** How many names one value is judged for. */
const MOST_JUDGEMENTS = 16;

/** Whether the value that ends here was judged too often already. Counts. */
export function isJudgedOut(reading: Reading, end: number): boolean {
  if (reading.judgedEnd !== end) {
    reading.judgedEnd = end;
    reading.judgedTimes = 0;
  }
  return ++reading.judgedTimes > MOST_JUDGEMENTS;
}

const LONGEST_GAP = 40;
const LONGEST_VALUE = 4096;

/** What a character does between a name and its value. */
const STARTS_VALUE = 0;
const SKIPPED = 1;
const LINE_END = 2;
const QUOTE = 3;
const ASSIGNS = 4;
const SEPARATES = 5;
/** Begins or ends a block, a list or a statement: no value of this name comes after. */
const BREAKS = 6;
const ESCAPES = 7;

const ROLE = new Uint8Array(128);
const ENDS_BARE = new Uint8Array(128);

function assign(table: Uint8Array, characters: string, role: number): void {
  for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = role;
}
assign(ROLE, ' \t\r?.!+])*-', SKIPPED);
assign(ROLE, '\n', LINE_END);
assign(ROLE, `"'\``, QUOTE);
assign(ROLE, '=:>', ASSIGNS);
assign(ROLE, ',(', SEPARATES);
assign(ROLE, '{}[;|', BREAKS);
assign(ROLE, '\\', ESCAPES);
assign(ENDS_BARE, ' \t\r\n\f\v"\'`<>,;()[]{}|\\&', 1);

interface Gap {
  readonly end: number;
  readonly tie: Tie;
  readonly quote: string;
}

function isWordCode(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
}

/**
 * Reads over whatever stands between a name and its value: quotes, `=`, `:`, `=>`, `>` of an element, a comma of a call.
 */
function readGap(text: string, from: number, mostLines: number): Gap | undefined {
  let tie: Tie = 'spaced';
  let quoteAt = -1;
  let lines = 0;
  const last = Math.min(text.length, from + LONGEST_GAP);
  for (let at = from; at < last; at++) {
    const code = text.charCodeAt(at);
    let role = code < 128 ? ROLE[code] : STARTS_VALUE;
    // `-p` begins a value only after an assignment: `key = -----`, `token: -abc`.
    if (code === 45 && tie !== 'spaced' && isWordCode(text.charCodeAt(at + 1))) role = STARTS_VALUE;
    if (role === STARTS_VALUE)
      return { end: at, tie, quote: quoteAt === at - 1 && at > from ? text.charAt(quoteAt) : '' };
    if (role === ASSIGNS) tie = 'assigned';
    else if (role === SEPARATES) tie = tie === 'spaced' ? 'argument' : tie;
    else if (role === QUOTE) {
      // Two quotes in a row are an empty value.
      if (quoteAt === at - 1 && tie !== 'spaced' && text.charCodeAt(quoteAt) === code) return undefined;
      quoteAt = at;
    } else if (role === LINE_END && (++lines > mostLines || (tie === 'spaced' && quoteAt >= 0))) return undefined;
    else if (role === BREAKS) return undefined;
    else if (role === ESCAPES) {
      // In a text within a text, an escaped quote is a quote and an escaped line end a line end.
      const escaped = text.charAt(at + 1);
      if (escaped === 'n' || escaped === 'r' || escaped === 't') at++;
      else if (ROLE[escaped.charCodeAt(0) & 127] !== QUOTE && escaped !== '\\' && escaped !== '/') return undefined;
    }
  }
  return undefined;
}

/** End of a quoted value: its quote or a line end. Where the quote was escaped itself, the next escape is its end. */
function quotedEnd(text: string, from: number, quote: string): number {
  const last = Math.min(text.length, from + LONGEST_VALUE);
  const mark = quote.charCodeAt(0);
  const escaped = text.charCodeAt(from - 2) === 92;
  let at = from;
  for (; at < last; at++) {
    const code = text.charCodeAt(at);
    if (code === mark || code === 10 || (code === 92 && escaped)) break;
    if (code === 92) at++;
  }
  return Math.min(at, last);
}

function endsBare(code: number): boolean {
  return code < 128 && ENDS_BARE[code] === 1;
}

/** End of a value without quotes. */
export function bareEnd(text: string, from: number, reading: Reading): number {
  let at = from >= reading.bareFrom && from < reading.bareTo ? reading.bareTo : from;
  if (at === from) {
    const last = Math.min(text.length, from + LONGEST_VALUE);
    while (at < last && !endsBare(text.charCodeAt(at))) at++;
    reading.bareFrom = from;
    reading.bareTo = at;
  }
  // Full stops and colons at the end belong to the sentence.
  while (at > from && (text.charCodeAt(at - 1) === 46 || text.charCodeAt(at - 1) === 58)) at--;
  return at;
}

/** `token string = "…"`, `secret access key …`: a plain word before the value belongs to the name. */
function isPlainWord(text: string, start: number, end: number): boolean {
  if (end - start > 24) return false;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at) | 32;
    if (!((code >= 97 && code <= 122) || code === 46 || code === 45 || code === 127)) return false;
  }
  return true;
}

/**
 * The value after a name, or `undefined`. Reads at most 40 characters of gap and 4,096 of value.
 * @param words how many plain words may stand between
 */
export function readValue(text: string, from: number, reading: Reading, words: number): AssignedValue | undefined {
  let start = from;
  for (let left = words; left >= 0; left--) {
    // Beyond a word that was skipped, the next line begins something else.
    const gap = readGap(text, start, left === words ? 2 : 0);
    if (gap === undefined) return undefined;
    const end = gap.quote === '' ? bareEnd(text, gap.end, reading) : quotedEnd(text, gap.end, gap.quote);
    if (end === gap.end) return undefined;
    if (gap.tie !== 'spaced' || gap.quote !== '' || !isPlainWord(text, gap.end, end)) {
      return { start: gap.end, end, tie: gap.tie, quote: gap.quote };
    }
    start = end;
  }
  return undefined;
}
