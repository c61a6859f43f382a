import { readValue } from '../context/assigned-value.ts';
import { judge } from '../context/judge.ts';
import { type NameKind, namesSecret, readName } from '../context/name.ts';
import type { Span } from '../finding.ts';
import type { Detector } from './detector.ts';

const RULE_OF: Record<NameKind, string> = {
  password: 'assigned-password',
  secret: 'assigned-secret',
  key: 'assigned-key',
  provider: 'provider-credential',
};

/** Finds values by the names they are given to. */
export function nameDetector(kind: NameKind, keywords: readonly string[]): Detector {
  return {
    keywords,
    exact: false,
    inspect(text, start, end, context): Span | undefined {
      const name = readName(text, kind, start, end);
      if (!namesSecret(name)) return undefined;
      const value = readValue(text, name.end);
      if (value === undefined) return undefined;
      const candidate = { name, value, text: text.slice(value.start, value.end), source: text, inCode: context.inCode };
      const confidence = judge(candidate);
      return confidence && { rule: RULE_OF[kind], start: value.start, end: value.end, confidence };
    },
  };
}
