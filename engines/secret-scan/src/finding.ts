import { type Confidence, findSecrets, MASK, redact, type SecretFinding, stripControl } from '@mex/guard';
import { clip } from './clip.ts';
import { fingerprintOf, isStrong } from './fingerprint.ts';
import { isTestPath } from './test-path.ts';

/** One secret in a file, without the secret. */
export interface FoundSecret {
  readonly fingerprint: string;
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly confidence: Confidence;
  /** The line around it, with every secret in it masked. */
  readonly preview: string;
  /** It stands among tests or examples, where a weak password is less of a surprise. */
  readonly inTests: boolean;
  /** What the history says about it, where that was scanned. */
  readonly origin?: Origin;
}

/** Where in a history a secret came in. */
export interface Origin {
  /** Whether path and line are those of the tree, or of the commit. */
  readonly at: 'tree' | 'history';
  /** The first commit with it, parents before children. Hexadecimal; absent for what no commit holds. */
  readonly commit?: string;
  /** The ref that leads to it without a commit, as it may be shown. */
  readonly ref?: string;
  /** Its value is in a file of the scanned tree. */
  readonly inTree: boolean;
  /** Contents of files in which it stands. */
  readonly versions: number;
}

const RANK: Readonly<Record<Confidence, number>> = { low: 0, medium: 1, high: 2 };
/** Characters of a line that are looked at around a secret, and that a preview shows. */
const REACH = 160;
const MAX_PREVIEW = 200;

/** The line around a find with everything found in it masked. Cut at `REACH` on both sides; no more is read. */
function maskedLine(text: string, all: readonly SecretFinding[], at: number): string {
  const { start = 0, end = 0 } = all[at] ?? {};
  const before = text.slice(Math.max(0, start - REACH), start);
  const after = text.slice(end, end + REACH);
  const lineStart = start - before.length + before.lastIndexOf('\n') + 1;
  const lineBreak = after.indexOf('\n');
  const lineEnd = lineBreak < 0 ? end + after.length : end + lineBreak;
  let first = at;
  while (first > 0 && (all[first - 1]?.end ?? 0) > lineStart) first--;
  let out = '';
  let from = lineStart;
  for (let next = first; next < all.length; next++) {
    const span = all[next];
    if (span === undefined || span.start >= lineEnd) break;
    out += `${text.slice(from, Math.max(from, span.start))}${MASK}`;
    from = span.end;
  }
  out += text.slice(from, Math.max(from, lineEnd));
  // What was cut off may have been the name that gave a neighbour away; a second look costs little.
  return redact(stripControl(out));
}

/** Line and column after the last character of a find. */
function placeAfter(text: string, finding: SecretFinding): { endLine: number; endColumn: number } {
  const value = text.slice(finding.start, finding.end);
  const breaks = value.split('\n');
  const last = breaks.at(-1) ?? '';
  if (breaks.length === 1) return { endLine: finding.line, endColumn: finding.column + value.length };
  return { endLine: finding.line + breaks.length - 1, endColumn: last.length + 1 };
}

/** A path as it may be shown: a file can be named after a secret, or with control characters. */
export function shownPath(path: string): string {
  return redact(stripControl(path));
}

/** Secrets in the name of a file. They stand at its first line, for want of a better place. */
export function secretsInName(path: string, minConfidence: Confidence): FoundSecret[] {
  const shown = shownPath(path);
  return findSecrets(path, { minConfidence }).map(({ rule, confidence }) => ({
    fingerprint: fingerprintOf({ rule, path: shown, value: '', maskedLine: shown, strong: false }),
    rule,
    path: shown,
    line: 1,
    column: 1,
    endLine: 1,
    endColumn: 1,
    confidence,
    preview: clip(`in the file's name: ${shown}`, MAX_PREVIEW),
    inTests: isTestPath(path),
  }));
}

/** Told the value of each find. It must not leave the engine, nor be kept in a find. */
export type OnValue = (value: string, secret: FoundSecret) => void;

/** Every secret in the text of one file, in order. */
export function secretsIn(file: string, text: string, minConfidence: Confidence, onValue?: OnValue): FoundSecret[] {
  // Less sure ones are masked in previews all the same.
  const all = findSecrets(text, { path: file });
  if (all.length === 0) return [];
  const [path, inTests] = [shownPath(file), isTestPath(file)];
  return all.flatMap((finding, at) => {
    const { rule, line, column, confidence } = finding;
    if (RANK[confidence] < RANK[minConfidence]) return [];
    const around = maskedLine(text, all, at);
    const value = text.slice(finding.start, finding.end);
    const strong = isStrong(rule, confidence, value);
    const secret: FoundSecret = {
      fingerprint: fingerprintOf({ rule, path, value, maskedLine: around, strong }),
      rule,
      path,
      line,
      column,
      ...placeAfter(text, finding),
      confidence,
      preview: clip(around.trim(), MAX_PREVIEW),
      inTests,
    };
    onValue?.(value, secret);
    return secret;
  });
}

/** How bad a finding is: a documented format or a random value is an error wherever it stands. */
export function severityOf({ confidence, inTests }: FoundSecret): 'error' | 'warning' {
  return confidence === 'high' || (confidence === 'medium' && !inTests) ? 'error' : 'warning';
}
