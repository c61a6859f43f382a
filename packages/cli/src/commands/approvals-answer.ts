import type { ApprovalReply, ApprovalView } from '@mex/host';
import { statePiece } from '../approval-view.ts';
import { argumentText, type CommandRun, type Invocation, optionText } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { withHost } from '../home.ts';
import { hint } from '../output/hint.ts';
import { dim } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { parseUntil } from '../until-option.ts';

const SCOPES = ['once', 'operation', 'run', 'capability'] as const;

/** `mex approvals approve <id>` */
export const approve: CommandRun = async (invocation, terminal) => {
  const reply = readReply(invocation);
  const id = argumentText(invocation, 'id');
  const approval = await withHost(invocation, (host) => host.approvals.approve(id, host.caller, reply));
  terminal.document(approval);
  tell(terminal, approval);
  if (approval.state === 'approved') tellNext(terminal, invocation, approval);
  if (approval.state === 'approved' || approval.state === 'pending') return EXIT.done;
  // Said again by somebody who had approved it before, when it was over: nothing came of it.
  terminal.line(dim('It is over, and lets nothing happen. Send the operation again to have it asked again.'));
  return EXIT.denied;
};

/** `mex approvals reject <id>` */
export const reject: CommandRun = async (invocation, terminal) => {
  const { reason } = readReply(invocation);
  const id = argumentText(invocation, 'id');
  const words = reason === undefined ? {} : { reason };
  const approval = await withHost(invocation, (host) => host.approvals.reject(id, host.caller, words));
  terminal.document(approval);
  tell(terminal, approval);
  return EXIT.done;
};

/** Nothing runs by being approved. */
function tellNext(terminal: Terminal, invocation: Invocation, { engine_id, run_id }: ApprovalView): void {
  const isChangeSet = engine_id === 'mex' && run_id !== undefined;
  if (!isChangeSet) terminal.line(dim('Send the same operation again to run it.'));
  else terminal.line(dim('Then:  '), hint(invocation, `mex runs apply <the same change set> --run ${run_id}`));
}

function readReply(invocation: Invocation): ApprovalReply {
  const scope = SCOPES.find((one) => one === optionText(invocation, 'scope'));
  const until = optionText(invocation, 'until');
  const reason = optionText(invocation, 'reason');
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(until === undefined ? {} : { until: parseUntil(until, Date.now()) }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function tell(terminal: Terminal, approval: ApprovalView): void {
  const { actor_id, engine_id, operation, approvals_needed, answers } = approval;
  terminal.line(statePiece(approval.state), `  ${engine_id} ${operation} for ${actor_id}`);
  if (approval.state !== 'pending') return;
  const given = new Set(answers.filter(({ decision }) => decision === 'approve').map(({ user_id }) => user_id)).size;
  terminal.line(`${given} of ${approvals_needed} approvals`);
}
