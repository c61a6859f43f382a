import { openInbox } from '@mex/host/governance';
import { printApproval } from '../approval-view.ts';
import { argumentText, type CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLog } from '../home.ts';
import { hint } from '../output/hint.ts';
import { dim } from '../output/style.ts';

/** `mex approvals show <id>` */
export const showApproval: CommandRun = async (invocation, terminal) => {
  const recorder = await openLog(invocation);
  try {
    const approval = openInbox(recorder).show(argumentText(invocation, 'id'));
    terminal.document(approval);
    printApproval(terminal, approval, Date.now());
    if (approval.state === 'pending') {
      const short = approval.approval_id.slice(0, 8);
      terminal.line(dim('Next: '), hint(invocation, `mex approvals approve ${short}`));
      terminal.line(dim('or    '), hint(invocation, `mex approvals reject ${short}`));
    }
    return EXIT.done;
  } finally {
    await recorder.close();
  }
};
