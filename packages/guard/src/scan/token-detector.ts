import { distinctCount, isPlaceholder, longestRun, MASK } from '../context/placeholder.ts';
import type { Span } from '../finding.ts';
import type { BackWalk, TokenRule } from '../rules/rule.ts';
import type { Detector } from './detector.ts';

/** How far back {@link TokenRule.near} looks. */
const REACH = 200;
const LETTER_OR_DIGIT = /[A-Za-z0-9]/;

/**
 * A token that begins with a letter or digit begins a word: after none of those, unless those belong to an escape (`\n`, `%3D`).
 */
function startsFresh(text: string, start: number): boolean {
  if (start === 0 || !LETTER_OR_DIGIT.test(text.charAt(start)) || !LETTER_OR_DIGIT.test(text.charAt(start - 1)))
    return true;
  if (text.charAt(start - 2) === '\\') return /[nrtbf]/.test(text.charAt(start - 1));
  return /^%[0-9A-F]{2}$/.test(text.slice(Math.max(0, start - 3), start));
}

function startOf(text: string, anchor: number, back: number | BackWalk | undefined): number {
  if (back === undefined) return anchor;
  if (typeof back === 'number') return anchor - back;
  let start = anchor;
  while (start > 0 && anchor - start < back.most && back.over.test(text.charAt(start - 1))) start--;
  return start;
}

/** Turns a documented token format into something the scanner can ask. */
export function tokenDetector(rule: TokenRule): Detector {
  const sticky = new RegExp(rule.pattern.source, `${rule.pattern.flags}yd`);
  const distinct = rule.distinct ?? 6;
  const confidence = rule.confidence ?? 'high';
  return {
    keywords: rule.keywords,
    exact: !rule.pattern.ignoreCase,
    inspect(text, anchor): Span | undefined {
      const at = startOf(text, anchor, rule.back);
      if (at < 0 || (rule.inside !== true && !startsFresh(text, at))) return undefined;
      if (rule.apart?.test(text.charAt(at - 1)) === true) return undefined;
      if (rule.near !== undefined && !rule.near.test(text.slice(Math.max(0, at - REACH), at))) return undefined;
      sticky.lastIndex = at;
      const match = sticky.exec(text);
      const span = match?.indices?.[1] ?? match?.indices?.[0];
      if (span === undefined) return undefined;
      const [start, end] = span;
      const value = text.slice(start, end);
      if (value.includes(MASK) || (distinct > 0 && (distinctCount(value) < distinct || isPlaceholder(value))))
        return undefined;
      if (rule.accept !== undefined && !rule.accept(value)) return undefined;
      if (rule.refute?.(text, start, end) === true) return undefined;
      if (rule.sampleRun !== undefined && longestRun(value) >= rule.sampleRun) return undefined;
      return {
        rule: rule.id,
        start,
        end,
        confidence: typeof confidence === 'function' ? confidence(value) : confidence,
      };
    },
  };
}
