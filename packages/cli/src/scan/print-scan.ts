import { resolve } from 'node:path';
import type { EngineResult } from '@mex/envelope';
import type { Invocation } from '../command.ts';
import { hint } from '../output/hint.ts';
import { severityPiece } from '../output/severity.ts';
import { bold, dim, green, type Piece, red, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { formatBytes, formatDuration, plural, shortHash } from '../output/units.ts';
import { NOTHING_FOUND, type ScanOutcome } from './run-scan.ts';

const MAX_PROBLEMS = 20;
const INCOMPLETE = 'something could not be read and is missing from the SBOM, so this is not a pass.';

/** Shows a scan to a person: what was found, what was made, what is wrong, where to look next. */
export function printScan(terminal: Terminal, invocation: Invocation, root: string, outcome: ScanOutcome): void {
  printHeading(terminal, root, outcome);
  printLockfiles(terminal, outcome.result.summary ?? {});
  printOutputs(terminal, invocation, outcome.result);
  printErrors(terminal, outcome);
  printProblems(terminal, invocation, outcome);
  printNext(terminal, invocation, outcome);
}

function printHeading(terminal: Terminal, root: string, outcome: ScanOutcome): void {
  const took = formatDuration(Date.parse(outcome.endedAt) - Date.parse(outcome.startedAt));
  const verdict: Piece = outcome.verdict === 'pass' ? green('pass') : red(outcome.verdict);
  terminal.line(bold('SBOM of '), bold(root), '  ', verdict, dim(`  ${took}`));
  terminal.line();
}

function printLockfiles(terminal: Terminal, summary: Readonly<Record<string, unknown>>): void {
  const lockfiles = recordsOf(summary['lockfiles']);
  if (lockfiles.length === 0) return;
  const head = ['lockfile', 'format', 'packages', 'dev', 'optional'].map(dim);
  const rows = lockfiles.map((lockfile): Piece[] =>
    ['path', 'format', 'packages', 'dev', 'optional'].map((name) => textOf(lockfile[name])),
  );
  terminal.table([head, ...rows], { indent: 2, right: [2, 3, 4] });
  const count = Number(summary['lockfile_count'] ?? 0);
  if (count > lockfiles.length) terminal.line(dim(`  and ${count - lockfiles.length} more; the report lists them all`));
  const packages = plural(Number(summary['packages'] ?? 0), 'package');
  terminal.line('  ', bold(packages), ` in ${plural(count, 'lockfile')}`);
  terminal.line();
}

function printOutputs(terminal: Terminal, invocation: Invocation, result: EngineResult): void {
  if (result.outputs.length === 0) return;
  const { engine_version = '', environment, determinism } = result.provenance;
  terminal.line(
    bold('Artifacts'),
    dim(`  ${result.provenance.engine_id} ${engine_version}, ${determinism}, ${environment.isolation_tier} sandbox`),
  );
  const rows = result.outputs.map((output): Piece[] => [
    output.name ?? output.kind,
    formatBytes(output.size_bytes),
    dim(`sha256 ${shortHash(output.sha256)}…`),
    hint(invocation, `mex artifacts cat ${shortHash(output.sha256)}`),
  ]);
  terminal.table(rows, { indent: 2, right: [1] });
  terminal.line();
}

function printErrors(terminal: Terminal, { result, nothingFound, verdict }: ScanOutcome): void {
  if (nothingFound) return terminal.line(yellow('warning: '), NOTHING_FOUND);
  if (result.status === 'succeeded' && verdict !== 'pass') terminal.line(red('incomplete: '), INCOMPLETE);
  for (const error of result.errors) {
    terminal.line(red(`${result.status}: `), error.message, dim(` (${error.code})`));
    if (error.remedy !== undefined) terminal.line('  → ', error.remedy);
  }
}

function printProblems(terminal: Terminal, invocation: Invocation, { problems }: ScanOutcome): void {
  if (problems.length === 0) return;
  terminal.line(bold('Problems'));
  for (const { severity, message, code, locations } of problems.slice(0, MAX_PROBLEMS)) {
    const [place] = locations;
    const line = place?.range?.start.line;
    const where = place?.path === undefined ? '' : `${place.path}${line === undefined ? '' : `:${line}`}: `;
    terminal.line('  ', severityPiece(severity), '  ', where, message, dim(` (${code})`));
  }
  const more = problems.length - MAX_PROBLEMS;
  if (more > 0) terminal.line(dim(`  and ${more} more`));
  terminal.line('  ', dim('all of them: '), hint(invocation, 'mex problems list'));
  terminal.line();
}

function printNext(terminal: Terminal, invocation: Invocation, { result }: ScanOutcome): void {
  terminal.line(dim('Kept in  '), resolve(invocation.home));
  terminal.line(
    dim('Next     '),
    hint(invocation, `mex log list --op ${result.op_id}`),
    dim('   what happened, step by step'),
  );
  terminal.line('         ', hint(invocation, 'mex log verify'), dim('   that the record is what was recorded'));
}

/** Summaries are an engine's words: nothing is taken for granted. */
function recordsOf(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null);
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
