import type { EngineContext, EngineInput } from '@mex/engine-sdk';
import { MASK } from '@mex/guard';
import { readText } from '../file-text.ts';
import { type FoundSecret, secretsInName, shownPath } from '../finding.ts';
import { fingerprintOf, isStrong } from '../fingerprint.ts';
import {
  asError,
  MOST_FOUND,
  type ScanOptions,
  type ScanResult,
  type SkippedFile,
  selectFiles,
  type Tree,
} from '../scan-tree.ts';
import { isTestPath } from '../test-path.ts';
import { findLeaks, type Leak, UNNAMED } from './gitleaks.ts';

/** Scans a tree with the external tool of the chosen implementation; which files count is decided as ever. */
export async function scanByTool(
  context: EngineContext,
  input: EngineInput,
  tree: Tree,
  options: ScanOptions,
): Promise<ScanResult> {
  const { queue, skipped, ignorePatternsLeftOut } = await selectFiles(tree, options);
  const leaks = await findLeaks(
    context,
    input,
    tree.files.map(({ path }) => path),
  );
  const wanted = new Set(queue.map(({ path }) => path));
  for (const { path, reason } of skipped) if (reason === 'too-large') wanted.add(path);
  const counted = leaks.filter(({ path }) => wanted.has(path));
  const described = await describeAll(counted, tree);
  const found = [...queue.flatMap(({ path }) => secretsInName(path, options.minConfidence)), ...described.found];
  return {
    found: found.slice(0, MOST_FOUND),
    beyond: Math.max(0, found.length - MOST_FOUND),
    skipped: [...skipped, ...described.unreadable],
    scanned: queue.length,
    bytes: queue.reduce((sum, { size }) => sum + size, 0),
    ignorePatternsLeftOut,
  };
}

/** The evidence: of the tool's report what is no text of the scanned files. Of its texts none is kept (CONTRACT §13). */
export function writeToolReport(tool: string, { found }: ScanResult): string {
  const findings = found.map(({ rule, path, line, column, endLine, endColumn }) => ({
    rule,
    path,
    line,
    column,
    end_line: endLine,
    end_column: endColumn,
  }));
  return `${JSON.stringify({ tool, withheld: ['Secret', 'Match', 'Description', 'Message', 'Tags'], findings })}\n`;
}

interface Described {
  readonly found: readonly FoundSecret[];
  readonly unreadable: readonly SkippedFile[];
}

/** A file that cannot be read here has its findings all the same, with other fingerprints: that is told. */
async function describeAll(leaks: readonly Leak[], tree: Tree): Promise<Described> {
  const byPath = Map.groupBy(leaks, ({ path }) => path);
  const found: FoundSecret[] = [];
  const unreadable: SkippedFile[] = [];
  for (const path of [...byPath.keys()].toSorted()) {
    const text = await tree.read(path).then(readText, asError);
    if (text instanceof Error) {
      const size = tree.files.find((file) => file.path === path)?.size ?? 0;
      unreadable.push({ path: shownPath(path), reason: 'unreadable', size, message: text.message });
    }
    const lines = !(text instanceof Error) && text.kind === 'text' ? text.text.split('\n') : [];
    const sorted = (byPath.get(path) ?? []).toSorted((a, b) => a.line - b.line || a.column - b.column);
    for (const leak of sorted) found.push(describe(leak, lines));
  }
  return { found, unreadable };
}

/** Columns of tools differ by one here and there: what is near the value counts as part of it. */
const MARGIN = 2;

/** The preview shows nothing of the line: where a value begins and ends is the tool's word, and it may be wrong. */
function describe(leak: Leak, lines: readonly string[]): FoundSecret {
  const { line, column, endLine, endColumn } = leak;
  const first = lines[line - 1] ?? '';
  const value = endLine === line ? first.slice(column - 1, endColumn) : lines.slice(line - 1, endLine).join('\n');
  const around =
    endLine === line
      ? `${first.slice(0, Math.max(0, column - 1 - MARGIN))}${MASK}${first.slice(endColumn + MARGIN)}`
      : MASK;
  // A rule that is called what the file holds may be called so to get the value out.
  const rule = lines.some((one) => one.includes(leak.rule)) ? UNNAMED : leak.rule;
  const path = shownPath(leak.path);
  const strong = isStrong(rule, 'high', value);
  return {
    fingerprint: fingerprintOf({ rule, path, value, maskedLine: around, strong }),
    rule,
    path,
    line,
    column,
    endLine,
    endColumn,
    confidence: 'high',
    preview: MASK,
    inTests: isTestPath(leak.path),
  };
}
