import { createRuns } from '@mex/runs';
import { type CommandRun, optionCount } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLog } from '../home.ts';
import { hint } from '../output/hint.ts';
import { dim } from '../output/style.ts';
import { runDocument, runRow } from '../run-view.ts';

const DEFAULT_LIMIT = 100;

/** `mex runs list` */
export const listRuns: CommandRun = async (invocation, terminal) => {
  const recorder = await openLog(invocation);
  try {
    const limit = optionCount(invocation, 'limit') ?? DEFAULT_LIMIT;
    const runs = createRuns({ recorder, requireBudget: false }).list(limit);
    terminal.document({ runs: runs.map(runDocument) });
    terminal.table(runs.map(runRow));
    if (runs.length === 0) terminal.line('No runs were opened here.');
    else terminal.line(dim('What one did: '), hint(invocation, 'mex runs show <id>'));
    return EXIT.done;
  } finally {
    await recorder.close();
  }
};
