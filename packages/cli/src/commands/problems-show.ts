import { argumentText, type CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findProblem } from '../find-problem.ts';
import { openLog } from '../home.ts';
import { hint } from '../output/hint.ts';
import { severityPiece } from '../output/severity.ts';
import { bold, dim } from '../output/style.ts';
import { printValue } from '../output/value.ts';

/** `mex problems show <id>` */
export const showProblem: CommandRun = async (invocation, terminal) => {
  const recorder = await openLog(invocation);
  try {
    const problem = findProblem(recorder, argumentText(invocation, 'id'));
    terminal.document(problem);
    const { title, severity, message, ...rest } = problem;
    terminal.line(severityPiece(severity), '  ', bold(title));
    terminal.line('  ', message);
    printValue(terminal, rest);
    terminal.line(dim('Next: '), hint(invocation, `mex problems ack ${problem.id.slice(0, 8)}`));
    return EXIT.done;
  } finally {
    await recorder.close();
  }
};
