import { type AssignedValue, bareEnd, readValue, type Tie } from '../context/assigned-value.ts';
import { judge } from '../context/judge.ts';
import { isNameAt, type NameKind, nameEnd, namesSecret, readName } from '../context/name.ts';
import { looksRandom } from '../context/randomness.ts';
import type { Span } from '../finding.ts';
import type { Detector } from './detector.ts';

const RULE_OF: Record<NameKind, string> = {
  password: 'assigned-password',
  secret: 'assigned-secret',
  key: 'assigned-key',
  provider: 'provider-credential',
};

/** No judge takes a shorter value. */
const SHORTEST: Record<NameKind, Record<Tie, number>> = {
  password: { assigned: 5, argument: 12, spaced: 5 },
  secret: { assigned: 6, argument: 10, spaced: 16 },
  key: { assigned: 16, argument: 16, spaced: 20 },
  provider: { assigned: 13, argument: 13, spaced: 20 },
};

/** Not in the middle of a word: `rookTable` names no service. */
function beginsWord(text: string, at: number): boolean {
  if (!/[A-Za-z]/.test(text.charAt(at - 1))) return true;
  return (
    /[a-z]/.test(text.charAt(at - 1)) && /[A-Z]/.test(text.charAt(at)) && !/[a-z][A-Z]/.test(text.slice(at, at + 5))
  );
}

/** `acme-token-8f3a…`: a value that a hyphen, dot or underscore ties to its name. */
function gluedValue(text: string, end: number, to: number): AssignedValue | undefined {
  if (to - end < 21 || !/[-._]/.test(text.charAt(end))) return undefined;
  const value = { start: end + 1, end: bareEnd(text, end + 1), tie: 'spaced', quote: '' } as const;
  return looksRandom(text.slice(value.start, value.end), 20) ? value : undefined;
}

/** Finds values by the names they are given to. The cheapest questions come first: most names hold no secret. */
export function nameDetector(kind: NameKind, keywords: readonly string[]): Detector {
  const shortest = SHORTEST[kind];
  return {
    keywords,
    exact: false,
    inspect(text, start, end, context): Span | undefined {
      if (kind === 'provider' && !beginsWord(text, start)) return undefined;
      const to = nameEnd(text, end);
      const glued = gluedValue(text, end, to);
      const value = glued ?? readValue(text, to, kind === 'password' ? 0 : undefined);
      if (value === undefined || value.end - value.start < shortest[value.tie]) return undefined;
      if (!isNameAt(text, kind, start, end)) return undefined;
      const name = readName(text, kind, start, end, glued === undefined ? to : end);
      if (!namesSecret(name)) return undefined;
      const candidate = { name, value, text: text.slice(value.start, value.end), source: text, inCode: context.inCode };
      const confidence = judge(candidate);
      return confidence && { rule: RULE_OF[kind], start: value.start, end: value.end, confidence };
    },
  };
}
