import type { ApprovalSummary, ApprovalView } from '@mex/host';
import { bold, dim, green, type Piece, red, yellow } from './output/style.ts';
import type { Terminal } from './output/terminal.ts';
import { printValue } from './output/value.ts';
import { describeDistance } from './until-option.ts';

/** One line of the inbox. */
export function approvalRow(approval: ApprovalSummary, now: number): Piece[] {
  return [
    dim(approval.approval_id.slice(0, 8)),
    statePiece(approval.state),
    approval.actor_id,
    `${approval.engine_id} ${approval.operation}`.trim() || approval.gate_type,
    dim(describeDistance(Date.parse(approval.created_at), now)),
    approval.reason,
  ];
}

export function statePiece(state: ApprovalSummary['state']): Piece {
  if (state === 'approved') return green(state);
  return state === 'pending' ? yellow(state) : state === 'expired' ? dim(state) : red(state);
}

/** Everything a person decides on: what would run, for whom, with which rights, and who has answered. */
export function printApproval(terminal: Terminal, approval: ApprovalView, now: number): void {
  const { actor_id, engine_id, operation, reason, approvals_needed, approvers, answers, uses } = approval;
  terminal.line(statePiece(approval.state), '  ', bold(`${actor_id} wants ${engine_id} to do ${operation}`));
  terminal.line('  ', reason);
  terminal.line(
    dim('  asked '),
    describeDistance(Date.parse(approval.created_at), now),
    dim('  ends '),
    approval.expires_at,
  );
  const who = approvers.length === 0 ? 'any person' : approvers.join(', ');
  terminal.line(dim('  takes '), `${approvals_needed} of ${who}`);
  for (const { user_id, decision, scope, until, rationale, timestamp } of answers) {
    const reach = decision === 'approve' ? ` ${scope}${until === undefined ? '' : ` until ${until}`}` : '';
    terminal.line(
      '  ',
      decision === 'approve' ? green(decision) : red(decision),
      `${reach} by ${user_id} `,
      dim(timestamp),
      ` ${rationale}`,
    );
  }
  if (uses.length > 0) terminal.line(dim('  used by '), uses.join(', '));
  terminal.line(dim('  what exactly (secrets masked):'));
  printValue(terminal, approval.held);
}
