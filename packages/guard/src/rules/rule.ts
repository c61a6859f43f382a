import type { Confidence } from '../finding.ts';

/**
 * A documented token format. The anchor words say where to look; the pattern is then tried at one place only, so a text
 * without anchors costs nothing and no pattern ever searches.
 *
 * Every pattern is bounded: no unbounded repetition unless nothing after it can fail, no repetition inside a repetition
 * of variable length. `test/rules/patterns.test.ts` holds all of them to that.
 */
export interface TokenRule {
  readonly id: string;
  /** What the value is, for a person reading a report. */
  readonly description: string;
  /** Words of at least three ASCII characters, any case, one of which is in every match. */
  readonly keywords: readonly string[];
  /** Matched with the sticky flag at the place {@link back} gives. Group 1, where there is one, is the secret. */
  readonly pattern: RegExp;
  /** How far before the anchor a match begins: a count, or the characters to walk back over and how many at most. */
  readonly back?: number | BackWalk;
  /** Default `high`. */
  readonly confidence?: Confidence | ((value: string) => Confidence);
  /** Further proof: structure, checksum, decoded header. Gets the secret. */
  readonly accept?: (value: string) => boolean;
  /** What stands around the secret shows that it is none. Reads a bounded stretch. */
  readonly refute?: (text: string, start: number, end: number) => boolean;
  /** Distinct characters the secret needs at least, against `xxxxxxxx`. Default 6; 0 for none. */
  readonly distinct?: number;
  /** Real values are drawn from all letters and digits, so one that counts up for so many characters is a sample. */
  readonly sampleRun?: number;
  /** Must stand somewhere in the 200 characters before. */
  readonly near?: RegExp;
  /** Must not match the character before. Needed where a long run could be tried again from each of its parts. */
  readonly apart?: RegExp;
  /** The character before may be a letter or digit. */
  readonly inside?: boolean;
}

/** Walks back over characters of a class. */
export interface BackWalk {
  readonly over: RegExp;
  readonly most: number;
}

/** Shorthand for the commonest kind of rule: a fixed prefix. */
export function prefixRule(
  id: string,
  description: string,
  keyword: string | readonly string[],
  pattern: RegExp,
  more: Partial<TokenRule> = {},
): TokenRule {
  return { id, description, keywords: typeof keyword === 'string' ? [keyword] : keyword, pattern, ...more };
}

/**
 * A value whose shape alone proves nothing, told by the service's name before it: within 60 characters of the same statement,
 * over the rest of the name, quotes and one assignment.
 * @param value source of a pattern, with bounded repetitions
 */
export function namedRule(
  id: string,
  description: string,
  keywords: readonly string[],
  value: string,
  more: Partial<TokenRule> = {},
): TokenRule {
  const name = keywords.map((word) => word.replace(/[^A-Za-z0-9]/g, '\\$&')).join('|');
  const gap = `["'\`\\])]{0,3}[\\s=:>,(?|.]{1,8}["'\`({\\\\]{0,2}`;
  const pattern = new RegExp(`(?<![A-Za-z])(?:${name})[\\w. -]{0,32}${gap}(${value})(?![\\w-])`, 'i');
  return { id, description, keywords, pattern, inside: true, confidence: 'medium', ...more };
}
