import { ATTEMPTS } from './attempts.ts';
import type { Finding, TierRun } from './run-attempts.ts';

/** Events of every operation: what an attempt adds to them is what an operator looks for. */
const ORDINARY: ReadonlySet<string> = new Set(['capability_check', 'operation.checked', 'engine.run', 'tool_call']);

/** Rows as lines of aligned columns; the last column takes what it takes. */
function layout(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

export function printControl(control: ReadonlyMap<string, boolean>): string[] {
  const rows = ATTEMPTS.flatMap(({ operation, what }) => {
    const through = control.get(operation);
    return through === undefined ? [] : [[`  ${what}`, through ? 'gets through' : 'fails too']];
  });
  return ['Without a sandbox, in an ordinary Node process:', ...layout(rows), ''];
}

/** @param withProblems the Problems in full, too; they are the same in every tier */
export function printTier(run: TierRun, withProblems: boolean): string[] {
  const title = `Tier ${run.tier}`;
  if (run.unavailable !== undefined) return [`${title}: not available on this machine. ${run.unavailable}`, ''];
  const head = ['  tried', 'stopped by', 'result', 'code', 'also recorded', 'next operation'];
  const lines = layout([head, ...run.findings.map(rowOf)]);
  const { logVerifies, left, held } = run;
  return [
    `${title}: ${run.findings.filter((finding) => finding.stopped).length} of ${run.findings.length} stopped`,
    ...lines,
    '',
    ...(withProblems ? ['  What an operator sees: mex problems list', ...run.findings.flatMap(problemLines), ''] : []),
    `  log verify: ${logVerifies ? 'the log is what was recorded' : 'THE LOG IS NOT WHAT WAS RECORDED'}`,
    `  home: ${left.length === 0 ? 'holds no secret and nothing of the host' : left.join('; ')}`,
    `  ${held ? 'The host is well.' : 'SOMETHING GOT THROUGH.'}`,
    '',
  ];
}

function rowOf(finding: Finding): string[] {
  const { attempt, stoppedBy, status, code, events, damage, nextIsClean, stopped } = finding;
  const extra = [...new Set(events.filter((name) => !ORDINARY.has(name)))].join(', ');
  return [
    `${stopped ? '  ' : '! '}${attempt.what}`,
    damage.length === 0 ? stoppedBy : damage.join('; '),
    status,
    code,
    extra,
    nextIsClean ? 'runs, clean' : 'NOT CLEAN',
  ];
}

function problemLines({ problems, attempt }: Finding): string[] {
  if (problems.length === 0) return [`  ! ${attempt.what}: no Problem`];
  return problems.flatMap(({ severity, title, message }) => [
    `  ${severity.padEnd(7)} ${title}`,
    `          ${message}`,
  ]);
}
