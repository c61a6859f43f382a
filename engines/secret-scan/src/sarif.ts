import { describeRule } from '@mex/guard';
import type { BaselineEntry, Judged } from './baseline.ts';
import { type FoundSecret, severityOf } from './finding.ts';
import { historyTitle } from './history/gap-words.ts';
import { gapsOf, originName, type ReportFacts } from './report.ts';
import type { ScanResult } from './scan-tree.ts';

/** A path as the relative URI that SARIF wants. */
function uriOf(path: string): string {
  return path.toWellFormed().split('/').map(encodeURIComponent).join('/');
}

function locationOf(secret: FoundSecret) {
  const { path, line, column, endLine, endColumn } = secret;
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(path), uriBaseId: 'SRCROOT' },
      region: { startLine: line, startColumn: column, endLine, endColumn },
    },
  };
}

/** For what is told of a commit and not of the tree. */
function whenOf({ origin }: FoundSecret): string {
  return origin?.at === 'history' ? ` in ${originName(origin)}` : '';
}

function resultOf(secret: FoundSecret, ruleIndex: number, entry: BaselineEntry | undefined) {
  const suppressions = entry && [
    {
      kind: 'external',
      status: 'accepted',
      justification: `${entry.reason} (${entry.author}, until ${entry.expires})`,
    },
  ];
  const { origin } = secret;
  return {
    ruleId: secret.rule,
    ruleIndex,
    level: severityOf(secret),
    message: { text: `A ${describeRule(secret.rule)}${whenOf(secret)}: ${secret.preview}` },
    locations: [locationOf(secret)],
    partialFingerprints: { 'mexSecret/v1': secret.fingerprint },
    properties: { confidence: secret.confidence, inTests: secret.inTests, ...(origin === undefined ? {} : { origin }) },
    ...(suppressions === undefined ? {} : { suppressions }),
  };
}

/** The findings as SARIF 2.1.0; accepted ones are there, suppressed with their reason. */
export function writeSarif(scan: ScanResult, judged: Judged, { version }: ReportFacts): string {
  const all = [
    ...judged.open.map((secret) => ({ secret, entry: undefined })),
    ...judged.accepted.map(({ secret, entry }) => ({ secret, entry })),
  ];
  const ids = [...new Set(all.map(({ secret }) => secret.rule))].sort();
  const indexOf = new Map(ids.map((id, index) => [id, index]));
  const notifications = gapsOf(scan).map(({ path, reason }) => ({
    level: reason === 'unreadable' ? 'error' : 'warning',
    message: { text: reason === 'unreadable' ? 'The file could not be read.' : 'The file is too large to scan.' },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(path), uriBaseId: 'SRCROOT' } } }],
  }));
  const unread = (scan.history?.gaps ?? []).map((gap) => ({ level: 'error', message: { text: historyTitle(gap) } }));
  const run = {
    tool: {
      driver: {
        name: 'engine.guard.secret_scan',
        semanticVersion: version,
        rules: ids.map((id) => ({ id, shortDescription: { text: describeRule(id) } })),
      },
    },
    columnKind: 'utf16CodeUnits',
    invocations: [
      {
        executionSuccessful: unread.length === 0 && notifications.every(({ level }) => level !== 'error'),
        toolExecutionNotifications: [...notifications, ...unread],
      },
    ],
    results: all.map(({ secret, entry }) => resultOf(secret, indexOf.get(secret.rule) ?? -1, entry)),
  };
  return `${JSON.stringify({ version: '2.1.0', runs: [run] }, null, 2)}\n`;
}
