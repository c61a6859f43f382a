import type { EngineContext, EngineProblem } from '@mex/engine-sdk';
import type { Judged } from './baseline.ts';
import { clip } from './clip.ts';
import { type FoundSecret, severityOf } from './finding.ts';
import { historyRemedy, historyTitle } from './history/gap-words.ts';
import type { HistoryGap } from './history/gaps.ts';
import type { SecretWarningCode } from './problem-codes.ts';
import { gapsOf, originName, titleOf } from './report.ts';
import type { ScanResult } from './scan-tree.ts';

/** Problems of one kind shown one by one; the report has them all. */
const MOST_SHOWN = 100;
const MAX_MESSAGE = 4_000;

type Said = Omit<EngineProblem, 'code'> & { readonly code: SecretWarningCode };

function secretProblems({ open }: Judged): Said[] {
  return open.slice(0, MOST_SHOWN).map((secret) => ({
    code: 'SECRET_FOUND',
    severity: severityOf(secret),
    title: titleOf(secret),
    message: clip(
      `${secret.preview}\n${remedyOf(secret)} Fingerprint for the baseline: ${secret.fingerprint}.`,
      MAX_MESSAGE,
    ),
    locations: [{ path: clip(secret.path, 4_096), line: secret.line, column: secret.column }],
  }));
}

function remedyOf({ origin }: FoundSecret): string {
  if (origin?.at !== 'history') return 'Take it out, revoke it where it was issued, and keep it in a secret store.';
  return `It came in with ${originName(origin)}. Revoke it where it was issued: every clone has it, also after the history is rewritten.`;
}

function historyProblems({ history }: ScanResult): Said[] {
  return (history?.gaps ?? []).map((gap) => ({
    code: 'SECRET_HISTORY_INCOMPLETE',
    severity: 'error',
    title: historyTitle(gap),
    message: clip(`${historyRemedy(gap.reason)}\n${gap.examples.map(exampleText).join('\n')}`, MAX_MESSAGE),
  }));
}

function exampleText({ object, path, message }: HistoryGap['examples'][number]): string {
  const where = [object, path].filter((part) => part !== undefined).join(' ');
  return where === '' ? message : `${where}: ${message}`;
}

function gapProblems(scan: ScanResult): Said[] {
  return gapsOf(scan)
    .slice(0, MOST_SHOWN)
    .map(({ path, reason, size, message }) => ({
      code: reason === 'unreadable' ? 'SECRET_FILE_UNREADABLE' : 'SECRET_FILE_TOO_LARGE',
      severity: reason === 'unreadable' ? 'error' : 'warning',
      title: clip(reason === 'unreadable' ? `${path} could not be read` : `${path} is too large to scan`, 500),
      message: clip(
        reason === 'unreadable'
          ? `It was not scanned: ${message ?? ''}`
          : `It has ${size} bytes and was not scanned. Raise max_file_bytes, or leave it out of the directory.`,
        MAX_MESSAGE,
      ),
      locations: [{ path: clip(path, 4_096) }],
    }));
}

function baselineProblems({ expired, unused }: Judged, today: string | undefined): Said[] {
  const why = today === undefined ? 'No time was given (params.timestamp), so no entry counts.' : `Today is ${today}.`;
  const late = expired.slice(0, MOST_SHOWN).map(
    (entry): Said => ({
      code: 'SECRET_BASELINE_EXPIRED',
      severity: 'warning',
      title: `Baseline entry ${entry.fingerprint} does not count`,
      message: clip(
        `It was accepted until ${entry.expires} by ${entry.author}: ${entry.reason}. ${why} Renew it or remove the secret.`,
        MAX_MESSAGE,
      ),
    }),
  );
  if (unused.length === 0) return late;
  const message = `Remove them from the baseline: ${unused.map(({ fingerprint }) => fingerprint).join(', ')}`;
  const title = `${unused.length} baseline entries accept nothing that is there`;
  return [...late, { code: 'SECRET_BASELINE_UNUSED', severity: 'hint', title, message: clip(message, MAX_MESSAGE) }];
}

function scopeProblems(scan: ScanResult): Said[] {
  const said: Said[] = [];
  const quiet = scan.skipped.filter(({ reason }) => reason !== 'unreadable' && reason !== 'too-large');
  const count = (wanted: string) => quiet.filter(({ reason }) => reason === wanted).length;
  if (quiet.length > 0) {
    said.push({
      code: 'SECRET_FILES_SKIPPED',
      severity: 'info',
      title: `${quiet.length} of ${quiet.length + scan.scanned} files were not scanned`,
      message: `${count('ignored')} ignored by git, ${count('binary')} binary, ${count('installed')} of installed packages, ${count('internal')} of the version control. Each is named in secrets.raw.json.`,
    });
  }
  if (scan.beyond > 0) {
    said.push({
      code: 'SECRET_TOO_MANY',
      severity: 'error',
      title: `${scan.beyond} more secrets were found than are described`,
      message: 'Remove the cause of the first ones, and scan again.',
    });
  }
  if (scan.ignorePatternsLeftOut > 0) {
    said.push({
      code: 'SECRET_IGNORE_PATTERNS',
      severity: 'warning',
      title: `${scan.ignorePatternsLeftOut} patterns of ignore files were not used`,
      message:
        'They are longer than 512 characters, hold more than 8 stars, or follow 2,000 others in their file. What they would leave out was scanned.',
    });
  }
  return said;
}

/** Tells an operator what was found and what was left out. */
export function reportProblems(
  context: EngineContext,
  scan: ScanResult,
  judged: Judged,
  today: string | undefined,
): void {
  const all = [
    ...secretProblems(judged),
    ...gapProblems(scan),
    ...historyProblems(scan),
    ...baselineProblems(judged, today),
    ...scopeProblems(scan),
  ];
  for (const problem of all) context.problem(problem);
}
