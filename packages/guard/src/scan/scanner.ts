import { newReading } from '../context/assigned-value.ts';
import { HINT_WORDS, KEY_WORDS, PASSWORD_WORDS, PROVIDER_WORDS, SECRET_WORDS } from '../context/vocabulary.ts';
import { CONFIDENCE_RANK, type Span } from '../finding.ts';
import { TOKEN_RULES } from '../rules/catalog.ts';
import { type Anchor, AnchorIndex } from './anchor-index.ts';
import type { Detector, ScanContext } from './detector.ts';
import { KUBERNETES_SECRET } from './kubernetes-detector.ts';
import { nameDetector } from './name-detector.ts';
import { PRIVATE_KEY } from './private-key-detector.ts';
import { tokenDetector } from './token-detector.ts';

const CODE_FILE =
  /\.(?:[cm]?[jt]sx?|py|rb|go|rs|java|kt|kts|cs|cpp|cc|c|h|hpp|swift|scala|php|pl|lua|dart|ex|exs|erl|hs|m|mm|vue|svelte)$/;

const DETECTORS: readonly Detector[] = [
  PRIVATE_KEY,
  ...TOKEN_RULES.map(tokenDetector),
  KUBERNETES_SECRET,
  nameDetector('password', PASSWORD_WORDS),
  nameDetector('secret', SECRET_WORDS),
  nameDetector('hint', HINT_WORDS),
  nameDetector('key', KEY_WORDS),
  nameDetector('provider', PROVIDER_WORDS),
];

const INDEX = new AnchorIndex<Detector>(
  DETECTORS.flatMap((detector): Anchor<Detector>[] =>
    detector.keywords.map((word) => ({ word, exact: detector.exact, payload: detector })),
  ),
);

const NO_SPANS: readonly Span[] = [];

/** Whether a path names program text. */
export function isCodePath(path: string | undefined): boolean {
  return path !== undefined && CODE_FILE.test(path.toLowerCase());
}

/** Where secrets stand, in text order and without overlaps. */
export function scanSpans(text: string, inCode = false): readonly Span[] {
  const hits = INDEX.find(text);
  if (hits === undefined) return NO_SPANS;
  const context: ScanContext = { inCode, reading: newReading() };
  const spans: Span[] = [];
  const passed = new Map<Detector, number>();
  for (const { payload: detector, start, end } of hits) {
    // What a detector has found whole it need not find again from the middle.
    if (spans.length > 0 && start < (passed.get(detector) ?? 0)) continue;
    const found = detector.inspect(text, start, end, context);
    if (found === undefined) continue;
    if ('rule' in found) {
      spans.push(found);
      passed.set(detector, found.end);
    } else spans.push(...found);
  }
  return disjoint(spans);
}

/** Whether {@link scanSpans} would find anything; stops at the first. */
export function hasSpan(text: string): boolean {
  const hits = INDEX.find(text);
  if (hits === undefined) return false;
  const context: ScanContext = { inCode: false, reading: newReading() };
  return hits.some((hit) => hit.payload.inspect(text, hit.start, hit.end, context) !== undefined);
}

/** Overlapping spans become one that covers all, under the surest rule's name. */
function disjoint(spans: Span[]): readonly Span[] {
  if (spans.length < 2) return spans;
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  const out: Span[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    if (last === undefined || span.start >= last.end) {
      out.push(span);
      continue;
    }
    const surer = CONFIDENCE_RANK[span.confidence] > CONFIDENCE_RANK[last.confidence] ? span : last;
    out[out.length - 1] = { ...surer, start: last.start, end: Math.max(last.end, span.end) };
  }
  return out;
}

const NAMES = new AnchorIndex<true>(
  [...PASSWORD_WORDS, ...SECRET_WORDS, ...HINT_WORDS, ...KEY_WORDS, ...PROVIDER_WORDS].map((word) => ({
    word,
    exact: false,
    payload: true,
  })),
);
const MOST_KNOWN_NAMES = 4096;
const LONGEST_KNOWN_NAME = 128;
const knownNames = new Map<string, NameFacts>();

/** What is known of a property name. */
export interface NameFacts {
  /** It holds a secret itself. */
  readonly secret: boolean;
  /** It holds a word that secrets are named by. */
  readonly tells: boolean;
}

/** Judges a property name. The same few names come again and again, so some thousand judgements are kept. */
export function factsOfName(key: string): NameFacts {
  const known = knownNames.get(key);
  if (known !== undefined) return known;
  const fresh = { secret: hasSpan(key), tells: NAMES.find(key) !== undefined };
  if (fresh.secret || key.length > LONGEST_KNOWN_NAME) return fresh;
  if (knownNames.size >= MOST_KNOWN_NAMES) knownNames.clear();
  knownNames.set(key, fresh);
  return fresh;
}
