import { resolve } from 'node:path';
import type { Problem } from '@mex/envelope';
import type { Invocation } from '../command.ts';
import { hint } from '../output/hint.ts';
import { severityPiece } from '../output/severity.ts';
import { bold, dim, green, type Piece, red, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { formatBytes, formatDuration, plural, shortHash } from '../output/units.ts';
import { describeSource, doneBy } from './done-by.ts';
import { LOOKED_FOR } from './lockfile-names.ts';
import { printFindings } from './print-findings.ts';
import { DECISION_NAME } from './release-decision.ts';
import { databaseAge, type ScanOutcome } from './run-scan.ts';
import { shown } from './shown-text.ts';
import { HOW_TO_IMPORT, type ReleaseErrorCode, type ReportedCheck } from './verdict.ts';

const MAX_LINES = 20;
const NO_LOCKFILE = 'SBOM_NO_LOCKFILE';

/** Shows a scan to a person: what was checked, what was found, what is wrong, where to look next. */
export function printScan(terminal: Terminal, invocation: Invocation, root: string, outcome: ScanOutcome): void {
  printHeading(terminal, root, outcome);
  for (const check of outcome.checks) terminal.line('  ', ...checkLine(check));
  terminal.line();
  printLockfiles(terminal, outcome);
  printFindings(terminal, outcome.checks);
  printReasons(terminal, outcome);
  printProblems(terminal, invocation, outcome);
  printArtifacts(terminal, invocation, outcome);
  printNext(terminal, invocation, outcome);
}

function printHeading(terminal: Terminal, root: string, outcome: ScanOutcome): void {
  const took = formatDuration(Date.parse(outcome.endedAt) - Date.parse(outcome.startedAt));
  const verdict: Piece = outcome.verdict === 'pass' ? green('pass') : red(outcome.verdict);
  terminal.line(bold(outcome.release ? 'Release scan of ' : 'Scan of '), bold(root), '  ', verdict, dim(`  ${took}`));
  // Otherwise "pass" above a list of findings reads as if they were none.
  if (outcome.verdict === 'pass' && !outcome.release)
    terminal.line(dim('Every check that was asked for ran. What they found blocks nothing without --release.'));
  terminal.line();
}

function checkLine(ran: ReportedCheck): Piece[] {
  const { check, result, report, missing } = ran;
  const job = check.job.padEnd(14);
  if (missing !== undefined) return [job, red('not run'), `  ${missing}`];
  if (report === undefined) return [job, red(result.status), `  ${shown(result.errors[0]?.message ?? '', 300)}`];
  const facts = FACTS[check.name](report.summary, ran);
  const { cached_from } = result.provenance;
  const notes = [doneBy(result), cached_from === undefined ? '' : 'cached'].filter((note) => note !== '');
  return [job, facts.join(', '), dim(notes.map((note) => `  ${note}`).join(''))];
}

type Facts = (summary: Readonly<Record<string, unknown>>, ran: ReportedCheck) => string[];

const FACTS: Readonly<Record<ReportedCheck['check']['name'], Facts>> = {
  sbom: (summary) => [
    plural(numberOf(summary['packages']), 'package'),
    `${plural(numberOf(summary['lockfile_count']), 'lockfile')}`,
  ],
  vuln: (summary, ran) => {
    const components = recordOf(summary['components']);
    const age = databaseAge(ran) ?? 0;
    return [
      plural(numberOf(summary['findings']), 'vulnerability', 'vulnerabilities'),
      ...counted(numberOf(summary['suppressed']), 'allowed'),
      `${numberOf(components['checked'])} packages checked`,
      ...counted(numberOf(components['not_checked']), 'not checked'),
      describeSource(recordOf(summary['database'])['source'], age === 0 ? 'of today' : `${plural(age, 'day')} old`),
    ];
  },
  license: (summary) => [
    plural(numberOf(summary['packages']), 'package'),
    `${numberOf(summary['unknown'])} unknown`,
    ...counted(numberOf(summary['denied']), 'denied'),
    ...counted(numberOf(summary['not_allowed']), 'not allowed'),
    ...counted(numberOf(summary['excepted']), 'by exception'),
  ],
  secret: (summary) => [
    plural(numberOf(summary['secrets']), 'secret'),
    ...counted(numberOf(summary['accepted']), 'accepted'),
    `${plural(numberOf(summary['files_scanned']), 'file')} scanned`,
    ...historyFacts(summary),
  ],
};

function historyFacts({ history_scanned, history }: Readonly<Record<string, unknown>>): string[] {
  if (history_scanned !== true) return [];
  const { blobs, commits } = recordOf(history);
  return [`history: ${plural(numberOf(blobs), 'blob')} of ${plural(numberOf(commits), 'commit')}`];
}

function counted(count: number, word: string): string[] {
  return count === 0 ? [] : [`${count} ${word}`];
}

function printLockfiles(terminal: Terminal, { checks }: ScanOutcome): void {
  const sbom = checks.find(({ check }) => check.name === 'sbom');
  const listed = sbom?.result.summary?.['lockfiles'];
  const lockfiles = (Array.isArray(listed) ? listed : []).map(recordOf);
  if (lockfiles.length === 0) return;
  const head = ['lockfile', 'format', 'packages', 'dev', 'optional'].map(dim);
  const rows = lockfiles
    .slice(0, MAX_LINES)
    .map((lockfile): Piece[] => ['path', 'format', 'packages', 'dev', 'optional'].map((name) => shown(lockfile[name])));
  terminal.table([head, ...rows], { indent: 2, right: [2, 3, 4] });
  const more = numberOf(sbom?.result.summary?.['lockfile_count']) - rows.length;
  if (more > 0) terminal.line(dim(`  and ${more} more; the report lists them all`));
  terminal.line();
}

const BLOCKS: readonly (readonly [code: ReleaseErrorCode, words: (count: number) => string])[] = [
  ['RELEASE_VULNERABILITY', (count) => plural(count, 'grave vulnerability', 'grave vulnerabilities')],
  ['RELEASE_LICENSE', (count) => `${plural(count, 'package')} with a license that is unknown or against the policy`],
  ['RELEASE_SECRET', (count) => plural(count, 'secret')],
  ['RELEASE_DATABASE', () => 'vulnerabilities could not be looked up'],
];

/** Why this is no pass, in words, before everything else that was noticed. */
function printReasons(terminal: Terminal, { checks, objections, release, verdict, database }: ScanOutcome): void {
  if (verdict === 'pass') return;
  if (checks.some(({ result }) => result.errors.some(({ code }) => code === NO_LOCKFILE)))
    terminal.line(yellow('warning: '), `No lockfile was found. Looked for: ${LOOKED_FOR}.`);
  for (const [code, words] of BLOCKS) {
    const count = objections.filter((one) => one.kind === 'block' && one.code === code).length;
    if (count > 0) terminal.line(red('blocked: '), words(count), dim(` (${code})`));
  }
  const missing = objections.filter(({ kind }) => kind === 'error');
  for (const { title } of missing.slice(0, MAX_LINES)) terminal.line(red('incomplete: '), shown(title, 400));
  if (missing.length > MAX_LINES) terminal.line(dim(`  and ${missing.length - MAX_LINES} more`));
  if (objections.some(({ code }) => code === 'RELEASE_DATABASE')) {
    if ('absent' in database) terminal.line('  ', shown(database.absent.message, 400));
    terminal.line('  → ', HOW_TO_IMPORT);
  }
  if (missing.length > 0 && !release) terminal.line(dim('What was not looked at is no pass.'));
  terminal.line();
}

/** Told above, each in its table. */
const TOLD = /^(?:VULN_(?:CRITICAL|HIGH|UNRATED)|LICENSE_(?:UNKNOWN|DENIED|NOT_ALLOWED)|SECRET_FOUND|RELEASE_)/;

function printProblems(terminal: Terminal, invocation: Invocation, { problems, checks }: ScanOutcome): void {
  const failures = new Set(checks.flatMap(({ result }) => result.errors.map(({ code }) => code)));
  const isNews = ({ code, severity }: Problem): boolean =>
    !TOLD.test(code) && !failures.has(code) && severity !== 'hint' && severity !== 'info';
  const rest = problems.filter(isNews);
  if (rest.length > 0) terminal.line(bold('Problems'));
  for (const { severity, message, code, locations } of rest.slice(0, MAX_LINES)) {
    const [place] = locations;
    const line = place?.range?.start.line;
    const where = place?.path === undefined ? '' : `${place.path}${line === undefined ? '' : `:${line}`}: `;
    terminal.line('  ', severityPiece(severity), '  ', shown(where, 200), shown(message, 400), dim(` (${code})`));
  }
  if (rest.length > MAX_LINES) terminal.line(dim(`  and ${rest.length - MAX_LINES} more`));
  if (problems.length > 0) terminal.line(dim('All problems: '), hint(invocation, 'mex problems list'));
  if (problems.length > 0) terminal.line();
}

function printArtifacts(terminal: Terminal, invocation: Invocation, { checks, decision }: ScanOutcome): void {
  const outputs = checks.flatMap(({ check, result }) => result.outputs.map((handle) => ({ job: check.job, handle })));
  const all = decision === undefined ? outputs : [...outputs, { job: 'decision', handle: decision }];
  if (all.length === 0) return;
  const ran = checks.filter(({ result }) => result.outputs.length > 0);
  const tiers = new Set(ran.map(({ result }) => result.provenance.environment.isolation_tier));
  terminal.line(bold('Artifacts'), dim(`  ${[...tiers].join(', ')} sandbox`));
  const rows = all.map(({ job, handle }): Piece[] => [
    dim(job),
    handle.name ?? handle.kind,
    formatBytes(handle.size_bytes),
    hint(invocation, `mex artifacts cat ${shortHash(handle.sha256)}`),
  ]);
  terminal.table(rows, { indent: 2, right: [2] });
  if (decision !== undefined) terminal.line('  ', DECISION_NAME, dim(' is signed with the key of this home'));
  terminal.line();
}

function printNext(terminal: Terminal, invocation: Invocation, { runId, checks }: ScanOutcome): void {
  terminal.line(dim('Kept in  '), resolve(invocation.home));
  terminal.line(
    dim('Next     '),
    hint(invocation, `mex log list --run ${runId}`),
    dim('   what happened, step by step'),
  );
  const [first] = checks;
  if (first !== undefined)
    terminal.line(
      '         ',
      hint(invocation, `mex log list --op ${first.result.op_id}`),
      dim(`   of ${first.check.job} alone`),
    );
  terminal.line('         ', hint(invocation, 'mex log verify'), dim('   that the record is what was recorded'));
}

/** Summaries are an engine's words: nothing is taken for granted. */
function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
