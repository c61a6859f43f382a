import { openInbox } from '@mex/host/governance';
import { approvalRow } from '../approval-view.ts';
import { type CommandRun, optionCount, optionFlag } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLog } from '../home.ts';
import { hint } from '../output/hint.ts';
import { dim, green } from '../output/style.ts';

const DEFAULT_LIMIT = 100;

/** `mex approvals list` */
export const listApprovals: CommandRun = async (invocation, terminal) => {
  const now = Date.now();
  const all = optionFlag(invocation, 'all');
  const recorder = await openLog(invocation);
  try {
    const inbox = openInbox(recorder);
    const approvals = inbox.list({ all, limit: optionCount(invocation, 'limit') ?? DEFAULT_LIMIT });
    const waiting = inbox.countOpen();
    terminal.document({ approvals, waiting });
    terminal.table(approvals.map((approval) => approvalRow(approval, now)));
    if (waiting === 0) terminal.line(green('Nothing waits for a person.'));
    else terminal.line(dim(`${waiting} waiting. `), hint(invocation, 'mex approvals show <id>'));
    return EXIT.done;
  } finally {
    await recorder.close();
  }
};
