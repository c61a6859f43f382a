import { describeRule } from '@mex/guard';
import type { Judged } from './baseline.ts';
import { clip } from './clip.ts';
import { type FoundSecret, type Origin, severityOf } from './finding.ts';
import { hasScanned, historyTitle } from './history/gap-words.ts';
import type { HistoryGap } from './history/gaps.ts';
import type { SecretWarningCode } from './problem-codes.ts';
import type { ScanResult, SkippedFile, SkipReason } from './scan-tree.ts';

/** What a report says about itself. */
export interface ReportFacts {
  readonly timestamp: string;
  readonly version: string;
}

/** Files of each reason to be left out. */
type SkipCounts = Readonly<Record<SkipReason, number>>;

function countSkipped(skipped: readonly SkippedFile[]): SkipCounts {
  const counts = { ignored: 0, internal: 0, installed: 0, binary: 0, 'too-large': 0, unreadable: 0 };
  for (const { reason } of skipped) counts[reason]++;
  return counts;
}

function countBy(values: readonly string[], most: number): Record<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, most));
}

/** Small facts for a person and for a release decision. */
export function summarize(scan: ScanResult, judged: Judged): Record<string, unknown> {
  const { open } = judged;
  return {
    secrets: open.length + scan.beyond,
    errors: open.filter((secret) => severityOf(secret) === 'error').length,
    warnings: open.filter((secret) => severityOf(secret) === 'warning').length,
    by_rule: countBy(
      open.map(({ rule }) => rule),
      50,
    ),
    by_confidence: countBy(
      open.map(({ confidence }) => confidence),
      3,
    ),
    files_with_secrets: new Set(open.map(({ path }) => path)).size,
    not_described: scan.beyond,
    accepted: judged.accepted.length,
    baseline_expired: judged.expired.length,
    baseline_unused: judged.unused.length,
    files_scanned: scan.scanned,
    bytes_scanned: scan.bytes,
    files_skipped: countSkipped(scan.skipped),
    ...summarizeHistory(scan, judged),
  };
}

function summarizeHistory({ history }: ScanResult, { open }: Judged): object {
  if (history === undefined || !hasScanned(history)) return { history_scanned: false };
  const { commits, blobs, binary, inTree, bytes, installed, gaps } = history;
  return {
    history_scanned: true,
    history: {
      commits,
      blobs: blobs + binary + inTree,
      blobs_scanned: blobs,
      blobs_binary: binary,
      blobs_in_tree: inTree,
      bytes_scanned: bytes,
      directories_installed: installed,
      secrets_not_in_tree: open.filter(({ origin }) => origin?.inTree === false).length,
      complete: gaps.length === 0,
    },
  };
}

/** What a secret is, where, in one line for a person. */
export function titleOf(secret: FoundSecret): string {
  const { origin } = secret;
  const where = `${describeRule(secret.rule)} in ${secret.path}:${secret.line}`;
  if (origin?.at !== 'history') return clip(where, 500);
  const rest = origin.inTree ? 'its value is in the tree, too' : 'no longer in the tree';
  return clip(`${clip(where, 300)} of ${originName(origin)} (${rest})`, 500);
}

/** The commit in which a secret came in, or what leads to it without one. */
export function originName({ commit, ref = '' }: Origin): string {
  return commit === undefined ? ref : `commit ${commit.slice(0, 12)}`;
}

function originProperties(origin: Origin | undefined): object {
  if (origin === undefined) return {};
  const { at: _, inTree, ...since } = origin;
  return { ...since, in_tree: inTree };
}

function secretFinding(secret: FoundSecret, index: number) {
  const { fingerprint, rule, path, line, column, confidence, preview, inTests, origin } = secret;
  return {
    id: `${fingerprint}:${index}`,
    code: 'SECRET_FOUND' satisfies SecretWarningCode,
    severity: severityOf(secret),
    title: titleOf(secret),
    locations: [
      {
        path: clip(path, 4_096),
        range: { start: { line, column }, end: { line: secret.endLine, column: secret.endColumn } },
      },
    ],
    properties: { rule, fingerprint, confidence, preview, in_tests: inTests, ...originProperties(origin) },
  };
}

/** A file that should have been scanned and was not: a check that did not run is no pass (CONTRACT §14 E). */
function gapFinding({ path, reason, size }: SkippedFile, index: number) {
  const unreadable = reason === 'unreadable';
  return {
    id: `gap:${index}`,
    code: unreadable ? 'SECRET_FILE_UNREADABLE' : 'SECRET_FILE_TOO_LARGE',
    severity: unreadable ? 'error' : 'warning',
    title: clip(unreadable ? `${path} could not be read` : `${path} is too large to scan: ${size} bytes`, 4_000),
    locations: [{ path: clip(path, 4_096) }],
  };
}

/** Files that a reader of the report has to know were not scanned. */
export function gapsOf(scan: ScanResult): readonly SkippedFile[] {
  return scan.skipped.filter(({ reason }) => reason === 'unreadable' || reason === 'too-large');
}

/** Part of a history that was asked for and was not looked at. */
function historyFinding({ reason, count, examples }: HistoryGap) {
  return {
    id: `history:${reason}`,
    code: 'SECRET_HISTORY_INCOMPLETE' satisfies SecretWarningCode,
    severity: 'error',
    title: historyTitle({ reason, count }),
    locations: [],
    properties: { reason, count, examples },
  };
}

/** The SupplyChainReport of CONTRACT §13. */
export function writeReport(scan: ScanResult, judged: Judged, summary: object, facts: ReportFacts): string {
  const report = {
    schema_version: 'mex.supply_chain_report@1.0',
    kind: 'Secret',
    engine_version: facts.version,
    timestamp: facts.timestamp,
    findings: [
      ...judged.open.map(secretFinding),
      ...gapsOf(scan).map(gapFinding),
      ...(scan.history?.gaps ?? []).map(historyFinding),
    ],
    summary,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** Everything the scan saw, for whoever checks it later: accepted findings and every file that was left out, with the reason. */
export function writeRaw(scan: ScanResult, judged: Judged, summary: object, facts: ReportFacts): string {
  const raw = {
    schema_version: 'mex.secret_scan_raw@1',
    engine_version: facts.version,
    timestamp: facts.timestamp,
    summary,
    open: judged.open,
    accepted: judged.accepted.map(({ secret, entry }) => ({ ...secret, accepted: entry })),
    baseline: { expired: judged.expired, unused: judged.unused },
    ignore_patterns_left_out: scan.ignorePatternsLeftOut,
    skipped: scan.skipped,
    ...(scan.history === undefined ? {} : { history_gaps: scan.history.gaps }),
  };
  return `${JSON.stringify(raw)}\n`;
}
