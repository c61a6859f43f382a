import type { Problem, ProblemStatus, Severity } from '@mex/envelope';
import { type CommandRun, optionCount, optionText } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLog } from '../home.ts';
import { hint } from '../output/hint.ts';
import { severityPiece } from '../output/severity.ts';
import { dim, green, type Piece } from '../output/style.ts';

const DEFAULT_LIMIT = 100;
const STATUSES: readonly ProblemStatus[] = ['open', 'acknowledged', 'muted', 'resolved'];
const SEVERITIES: readonly Severity[] = ['fatal', 'error', 'warning', 'info', 'hint'];

/** `mex problems list` */
export const listProblems: CommandRun = async (invocation, terminal) => {
  const wanted = optionText(invocation, 'status') ?? 'open';
  const status = STATUSES.find((one) => one === wanted);
  const severity = SEVERITIES.find((one) => one === optionText(invocation, 'severity'));
  const limit = optionCount(invocation, 'limit') ?? DEFAULT_LIMIT;
  const recorder = await openLog(invocation);
  try {
    const problems = recorder.problems.list({
      limit,
      ...(status === undefined ? {} : { status }),
      ...(severity === undefined ? {} : { severity }),
    });
    terminal.document({ problems });
    terminal.table(problems.map(problemRow));
    if (problems.length === 0) terminal.line(green(wanted === 'open' ? 'No open problems.' : 'No such problems.'));
    else terminal.line(dim('More: '), hint(invocation, 'mex problems show <id>'));
    return EXIT.done;
  } finally {
    await recorder.close();
  }
};

function problemRow(problem: Problem): Piece[] {
  const times = problem.count > 1 ? `${problem.count}×` : '';
  return [
    dim(problem.id.slice(0, 8)),
    severityPiece(problem.severity),
    dim(problem.status),
    dim(times),
    problem.title,
    dim(problem.code),
  ];
}
