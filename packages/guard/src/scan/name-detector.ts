import {
  type AssignedValue,
  bareEnd,
  isJudgedOut,
  type Reading,
  readValue,
  type Tie,
} from '../context/assigned-value.ts';
import { judge } from '../context/judge.ts';
import { isNameAt, isNameCut, type NameKind, nameEnd, namesSecret, readName } from '../context/name.ts';
import { looksRandom } from '../context/randomness.ts';
import type { Span } from '../finding.ts';
import type { Detector } from './detector.ts';

const RULE_OF: Record<NameKind, string> = {
  password: 'assigned-password',
  secret: 'assigned-secret',
  hint: 'assigned-secret',
  key: 'assigned-key',
  provider: 'provider-credential',
};

/** No judge takes a shorter value. */
const SHORTEST: Record<NameKind, Record<Tie, number>> = {
  password: { assigned: 5, argument: 12, spaced: 5 },
  secret: { assigned: 6, argument: 10, spaced: 16 },
  hint: { assigned: 12, argument: 16, spaced: 16 },
  key: { assigned: 16, argument: 16, spaced: 20 },
  provider: { assigned: 13, argument: 13, spaced: 20 },
};

/** How many plain words may stand between a name and its value. */
const WORDS_BETWEEN: Record<NameKind, number> = { password: 0, secret: 3, hint: 3, key: 3, provider: 1 };
/** Longer values are judged by their beginning. */
const JUDGED_LENGTH = 512;

/** `acme-token-8f3a…`: a value that a hyphen, dot or underscore ties to its name. */
function gluedValue(text: string, end: number, to: number, reading: Reading): AssignedValue | undefined {
  if (to - end < 21 || !/[-._]/.test(text.charAt(end))) return undefined;
  const value = { start: end + 1, end: bareEnd(text, end + 1, reading), tie: 'spaced', quote: '' } as const;
  if (isJudgedOut(reading, value.end)) return undefined;
  return looksRandom(text.slice(value.start, Math.min(value.end, value.start + JUDGED_LENGTH)), 20) ? value : undefined;
}

/** Finds values by the names they are given to. The cheapest questions come first: most names hold no secret. */
export function nameDetector(kind: NameKind, keywords: readonly string[]): Detector {
  const shortest = SHORTEST[kind];
  return {
    keywords,
    exact: false,
    inspect(text, start, end, { inCode, reading }): Span | undefined {
      if (!isNameAt(text, kind, start, end)) return undefined;
      const to = nameEnd(text, end);
      const glued = gluedValue(text, end, to, reading);
      if (glued === undefined && isNameCut(text, end, to)) return undefined;
      const value = glued ?? readValue(text, to, reading, WORDS_BETWEEN[kind]);
      if (value === undefined || value.end - value.start < shortest[value.tie]) return undefined;
      const name = readName(text, kind, start, end, glued === undefined ? to : end);
      if (!namesSecret(name) || isJudgedOut(reading, value.end)) return undefined;
      const judged = text.slice(value.start, Math.min(value.end, value.start + JUDGED_LENGTH));
      const confidence = judge({ name, value, text: judged, source: text, inCode });
      return confidence && { rule: RULE_OF[kind], start: value.start, end: value.end, confidence };
    },
  };
}
