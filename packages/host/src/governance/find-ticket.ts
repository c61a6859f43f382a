import { randomUUID } from 'node:crypto';
import { MexError } from '@mex/envelope';
import { type DecisionView, decide } from '@mex/governance';
import type { HoldCode, Ticket } from './approval-denial.ts';
import { bindingOf, type Candidate } from './candidate.ts';
import type { ApprovalRule, GovernancePolicy } from './governance-policy.ts';
import type { InboxParts } from './inbox.ts';

/** Looks for an approval that fits, and says what the gate has to answer. Records and uses nothing. */
export async function findTicket(
  candidate: Candidate,
  policy: GovernancePolicy,
  inbox: Pick<InboxParts, 'decisions' | 'tables'>,
): Promise<Ticket> {
  const { rule, targetRef, level } = candidate;
  if (level === 'LOCKED') return newTicket('GOVERNANCE_LOCKED');
  let known: Ticket | undefined;
  for (const id of inbox.tables.find({ ...bindingOf(candidate), now: Date.now() })) {
    const found = await tryDecision(id, candidate, inbox);
    if (found?.cleared !== undefined) return found;
    known ??= found;
  }
  if (known !== undefined) return known;
  const ticket = newTicket('APPROVAL_REQUIRED');
  const { kind } = decide(rule.gateType, level, 0, policy.table);
  if (kind === 'auto') return { ...ticket, cleared: targetRef, signsItself: true };
  const waiting = inbox.tables.countOpenOf(candidate.caller.id, Date.now());
  return waiting < policy.maxPending ? ticket : newTicket('APPROVAL_LIMIT');
}

export function newTicket(code: HoldCode): Ticket {
  return { code, approvalId: randomUUID(), asked: false };
}

/** What one decision means for an operation; nothing when it is over, or about something else. */
async function tryDecision(
  id: string,
  candidate: Candidate,
  { decisions }: Pick<InboxParts, 'decisions'>,
): Promise<Ticket | undefined> {
  try {
    const view = decisions.view(id);
    const { state, subject } = view;
    const isExact = subject.targetRef === candidate.targetRef && subject.gateType === candidate.rule.gateType;
    if (isExact && state === 'pending') return { code: 'APPROVAL_REQUIRED', approvalId: id, asked: true };
    if (isExact && state === 'rejected') return { code: 'APPROVAL_REJECTED', approvalId: id, asked: true };
    if (state !== 'approved' || !satisfies(view, candidate.rule)) return undefined;
    await decisions.check(id, bindingOf(candidate));
    return { code: 'APPROVAL_REQUIRED', approvalId: id, asked: true, cleared: candidate.targetRef };
  } catch (error) {
    // A decision that does not hold is none; the next one may.
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** A decision that does not hold, as the protocol says it. */
export function isRefusal(error: unknown): boolean {
  return error instanceof MexError && error.code.startsWith('GOVERNANCE_');
}

/** What was approved when less was asked for is not enough for the rule of today. */
function satisfies({ subject, answers }: DecisionView, { approvals, approvers }: ApprovalRule): boolean {
  if (subject.outcome === 'auto') return true;
  const people = answers.filter(({ verdict }) => verdict === 'approve').map(({ userId }) => userId);
  const counted = approvers.length === 0 ? people : people.filter((id) => approvers.includes(id));
  return new Set(counted).size >= approvals;
}
