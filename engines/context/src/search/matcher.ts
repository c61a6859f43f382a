import { EngineError } from '@mex/engine-sdk';
import { RE2JS } from 're2js';

/** A match within a line: UTF-16 offsets, `end` exclusive. Never empty. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** What one line has of the pattern. */
export interface LineMatch {
  readonly ranges: readonly Range[];
  /** There are more than are listed. */
  readonly hasMore: boolean;
}

export interface PatternOptions {
  readonly pattern: string;
  readonly isRegex: boolean;
  readonly ignoreCase: boolean;
  /** Neither side of a match touches a letter, mark, digit or underscore. */
  readonly word: boolean;
}

/** Asks lines for a pattern. Time for a line is linear in it, times the matches that are listed. */
export interface Matcher {
  /** `false`: no line of this text, or of it with characters taken out of it, can match. */
  readonly mayBeIn: (text: string) => boolean;
  readonly match: (line: string) => LineMatch | undefined;
}

/** Matches that are looked for in one line; those that are not empty are listed. */
const MOST_RANGES = 100;
const EDGE = '[^\\p{L}\\p{M}\\p{N}_]';

/** @throws EngineError `CONTEXT_PATTERN_INVALID` */
export function createMatcher(options: PatternOptions): Matcher {
  const { pattern, isRegex, ignoreCase, word } = options;
  if (!isRegex && /[\r\n]/.test(pattern)) throw invalid('a literal is sought in lines, and has a line end');
  if (!isRegex && !ignoreCase && !word) return literalMatcher(pattern);
  const source = isRegex ? pattern : RE2JS.quote(pattern);
  const flags = ignoreCase ? RE2JS.CASE_INSENSITIVE : 0;
  const compiled = compile(source, flags);
  const mayBeIn = !isRegex && !ignoreCase ? (text: string) => text.includes(pattern) : () => true;
  return { mayBeIn, match: word ? wordMatch(source, flags) : regexMatch(compiled) };
}

/** RE2: no look-around, no back-references, and so no input that takes it more than linear time. */
function compile(source: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(source, flags);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be read';
    throw invalid(why.replace(/^error parsing regexp: /, ''), cause);
  }
}

function literalMatcher(pattern: string): Matcher {
  return {
    mayBeIn: (text) => text.includes(pattern),
    match: (line) => {
      const ranges: Range[] = [];
      for (let at = line.indexOf(pattern); at >= 0; at = line.indexOf(pattern, at + pattern.length)) {
        if (ranges.length === MOST_RANGES) return { ranges, hasMore: true };
        ranges.push({ start: at, end: at + pattern.length });
      }
      return ranges.length === 0 ? undefined : { ranges, hasMore: false };
    },
  };
}

function regexMatch(compiled: RE2JS): Matcher['match'] {
  return (line) => {
    // Without captures, and many times as fast: most lines do not match.
    if (!compiled.test(line)) return undefined;
    const ranges: Range[] = [];
    const found = compiled.matcher(line);
    for (let count = 0; found.find(); count++) {
      if (count === MOST_RANGES) return { ranges, hasMore: true };
      if (found.end() > found.start()) ranges.push({ start: found.start(), end: found.end() });
    }
    return { ranges, hasMore: false };
  };
}

function wordMatch(source: string, flags: number): Matcher['match'] {
  const compiled = compile(`(?:^|${EDGE})(${source})(?:${EDGE}|$)`, flags);
  return (line) => {
    if (!compiled.test(line)) return undefined;
    const ranges: Range[] = [];
    const found = compiled.matcher(line);
    // The character after one match may be the one before the next.
    for (let from = 0, count = 0; from <= line.length && found.find(from); count++) {
      if (count === MOST_RANGES) return { ranges, hasMore: true };
      const [start, end] = [found.start(1), found.end(1)];
      if (end > start) ranges.push({ start, end });
      from = Math.max(end, from + 1);
    }
    return { ranges, hasMore: false };
  };
}

function invalid(why: string, cause?: unknown): EngineError {
  return new EngineError('CONTEXT_PATTERN_INVALID', `The pattern cannot be used: ${why}.`, { cause });
}
