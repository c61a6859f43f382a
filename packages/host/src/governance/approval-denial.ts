import type { GateDenial } from '@mex/gates';

/** Codes an operation that waits for a decision is denied with. */
export type ApprovalErrorCode = 'APPROVAL_REQUIRED' | 'APPROVAL_REJECTED' | 'APPROVAL_LIMIT';
export type HoldCode = ApprovalErrorCode | 'GOVERNANCE_LOCKED';

/** What is known of one operation when its gate is asked. */
export interface Ticket {
  readonly code: HoldCode;
  /** Of the decision it has, or will have when it is held. */
  readonly approvalId: string;
  /** Somebody was asked before. */
  readonly asked: boolean;
  /** The target it may run for. The approval is used when the grant is recorded, in the same transaction. */
  readonly cleared?: string;
  /** No approval is there yet: policy lets it sign itself when the grant is recorded. */
  readonly signsItself?: boolean;
}

/** What the gate says. Without a ticket nobody has looked: fail closed (CONTRACT §2). */
export function approvalDenial(ticket: Ticket | undefined): GateDenial {
  const base = { gate: 'G-APPROVAL', kind: 'policy', retryable: true } as const;
  if (ticket === undefined) {
    return {
      ...base,
      code: 'APPROVAL_REQUIRED',
      severity: 'error',
      reason: 'Policy wants a person to decide this operation, and nobody was asked.',
      remedy: 'Send it through host.execute.',
    };
  }
  const { code, approvalId } = ticket;
  if (code === 'GOVERNANCE_LOCKED') {
    return {
      ...base,
      code,
      severity: 'error',
      reason: `The automation level is LOCKED: this needs a person, and nobody is asked. Recorded as ${approvalId}.`,
      remedy:
        'An operator unlocks it with governance.automation_level in policy.json; a run that was opened LOCKED stays so.',
    };
  }
  if (code === 'APPROVAL_LIMIT') {
    return {
      ...base,
      code,
      severity: 'error',
      reason: 'Too much of this caller waits for a person already; this was not put up for decision.',
      remedy: 'Have some of it answered: mex approvals list. The bound is governance.max_pending of policy.json.',
    };
  }
  if (code === 'APPROVAL_REJECTED') {
    return {
      ...base,
      code,
      severity: 'warning',
      retryable: false,
      reason: `A person said no to exactly this: ${approvalId}.`,
      remedy: `Read why: mex approvals show ${approvalId}`,
    };
  }
  return {
    ...base,
    code,
    severity: 'info',
    reason: `It waits for a person: approval ${approvalId}.`,
    remedy: `mex approvals show ${approvalId}, then approve it, and send the same operation again.`,
  };
}
