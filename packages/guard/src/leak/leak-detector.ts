import { verifyLongEnough } from '../mask/known-values.ts';
import { patternsOf } from './forms-of-value.ts';
import type { Leak, LeakDetector, LeakForm, LeakSink, LeakStream } from './leak.ts';
import { LeakReader, PatternTable } from './leak-reader.ts';
import { bytesOfText, placeInText, unitsOf } from './text-bytes.ts';

/** Forms that a plainer one at the same place explains. */
const EXPLAINED_BY: Readonly<Partial<Record<LeakForm, readonly LeakForm[]>>> = {
  'case-changed': ['plain'],
  split: ['plain', 'utf-16'],
  escaped: ['plain', 'case-changed', 'split', 'utf-16'],
};

/** Collects finds: one entry a value and form, so that hostile content cannot fill the memory. */
class Findings {
  readonly #found = new Map<string, Leak>();

  readonly add: LeakSink = (leak) => {
    const key = `${leak.value}:${leak.form}`;
    const known = this.#found.get(key);
    const isFirst =
      known === undefined || leak.start < known.start || (leak.start === known.start && leak.end < known.end);
    if (isFirst) this.#found.set(key, leak);
  };

  get isEmpty(): boolean {
    return this.#found.size === 0;
  }

  list(): Leak[] {
    const all = [...this.#found.values()];
    const explained = ({ value, form, start, end }: Leak) =>
      EXPLAINED_BY[form]?.some((plainer) => {
        const other = this.#found.get(`${value}:${plainer}`);
        return other !== undefined && other.start < end && start < other.end;
      }) ?? false;
    return all.filter((leak) => !explained(leak)).sort((a, b) => a.value - b.value || a.start - b.start);
  }
}

/**
 * The table of patterns for values, in their order.
 * @throws MexError `GUARD_SECRET_TOO_SHORT`
 */
export function patternTable(values: Iterable<string>): PatternTable {
  return new PatternTable(
    Array.from(values, (value, at) => {
      verifyLongEnough(value, at);
      return patternsOf(value, at);
    }),
  );
}

/** Every place in a text where a value stands, in any form. For masking; overlaps are for the caller to join. */
export function leakSpans(table: PatternTable): (text: string) => readonly { start: number; end: number }[] {
  let spans: { start: number; end: number }[] = [];
  const reader = new LeakReader(table, ({ start, end }) => spans.push({ start, end }));
  return (text) => {
    spans = [];
    reader.push(bytesOfText(text));
    reader.finish();
    if (spans.length === 0) return spans;
    const toUnits = unitsOf(text);
    spans.sort((a, b) => a.start - b.start);
    const starts = spans.map(({ start }) => toUnits(start));
    return spans.map(({ end }, at) => ({ start: starts[at] ?? 0, end: toUnits(end) }));
  };
}

function openStream(table: PatternTable): LeakStream {
  const findings = new Findings();
  const reader = new LeakReader(table, findings.add);
  let leaks: readonly Leak[] | undefined;
  return {
    push(piece) {
      if (leaks !== undefined) throw new TypeError('push after finish: open another stream of the leak detector.');
      reader.push(typeof piece === 'string' ? bytesOfText(piece) : piece);
    },
    finish() {
      if (leaks === undefined) reader.finish();
      leaks ??= findings.list();
      return leaks;
    },
  };
}

/**
 * Finds the given values in content, also when they were encoded, escaped, reversed, cut up or put into another case
 * ({@link Leak.form}). Time is linear in the content and memory bounded, whatever it holds.
 *
 * @param values the secrets, each at least 6 characters. Of one longer than 65,536 the rest plays no part; of one whose
 *   form comes to more than 96 codes the middle is sought.
 * @throws MexError `GUARD_SECRET_TOO_SHORT`
 * @example createLeakDetector(['correct horse battery']).holds('battery,horse,correct') // false: other words, other order
 */
export function createLeakDetector(values: Iterable<string>): LeakDetector {
  return detectorOf(patternTable(values));
}

/** {@link createLeakDetector} for a table that is there already. */
export function detectorOf(table: PatternTable): LeakDetector {
  let findings = new Findings();
  const reader = new LeakReader(table, (hit) => findings.add(hit));
  const find = (content: string | Uint8Array): readonly Leak[] => {
    if (content.length === 0) return [];
    findings = new Findings();
    reader.push(typeof content === 'string' ? bytesOfText(content) : content);
    reader.finish();
    if (findings.isEmpty) return [];
    const leaks = findings.list();
    return typeof content === 'string' ? leaks.map((leak) => placeInText(leak, content)) : leaks;
  };
  return { find, holds: (content) => find(content).length > 0, stream: () => openStream(table) };
}
