import { randomUUID } from 'node:crypto';
import { MexError } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import { type AutomationLevel, type DecisionRequest, targetRef } from '@mex/governance';
import type { Alongside, ChangeSet, PreparedChange, RunView } from '@mex/runs';
import type { HoldCode } from '../governance/approval-denial.ts';
import { approvalDenial } from '../governance/approval-denial.ts';
import { subjectRef } from '../governance/approval-view.ts';
import { AlreadyAsked, recordUse } from '../governance/decision-tables.ts';
import type { ApprovalRule, GovernancePolicy } from '../governance/governance-policy.ts';
import type { InboxParts } from '../governance/inbox.ts';
import { describeChange } from './describe-change.ts';
import { runLevel } from './run-level.ts';

/** How rules of `governance.approvals` name the step: `{"when": {"operation": "change_set.apply"}, …}`. */
const APPLY = 'change_set.apply';
/** Rules with this gate type are about change sets over their budget, and about nothing else. */
const OVERRIDE = 'ChangeBudgetOverride';

/** Without a rule of its own: a person decides, unless the operator's table says otherwise for this gate. */
const DEFAULT_RULE: ApprovalRule = {
  when: { operation: APPLY },
  gateType: 'ScopeChange',
  approvals: 1,
  approvers: [],
  reason: 'A change set is to be applied to a workspace.',
};

/** One change set on its way into a workspace. */
export interface ChangeCase {
  readonly run: RunView;
  readonly set: ChangeSet;
  readonly prepared: PreparedChange;
  readonly changeId: string;
}

/**
 * The approval of exactly one change set, for exactly one workspace and run; spent in the transaction that begins the
 * change (CONTRACT §12). One over its change budget needs a decision about that as well, apart from the one about
 * applying it. What is missing is put up for decision, all at once.
 * @throws MexError `APPROVAL_REQUIRED`, `APPROVAL_REJECTED`, `APPROVAL_LIMIT`, `GOVERNANCE_LOCKED`
 */
export async function approveChange(
  policy: GovernancePolicy,
  inbox: InboxParts,
  change: ChangeCase,
): Promise<Alongside> {
  const { run, prepared, changeId } = change;
  const { run_id: runId, actor } = run.definition;
  const level = runLevel(policy, run);
  const target = targetRef('change_set', digestOf(run, prepared));
  const uses: Alongside[] = [];
  const waiting: string[] = [];
  for (const rule of rulesFor(policy, actor.id, prepared)) {
    const binding: Binding = { gateType: rule.gateType, targetRef: target, usedBy: changeId, runId, level };
    const found = await findDecision(policy, inbox, change, rule, binding);
    if ('companion' in found) uses.push(found);
    else if (found.code === 'APPROVAL_REQUIRED') waiting.push(found.approvalId);
    else throw refusal(found.code, [found.approvalId]);
  }
  if (waiting.length > 0) throw refusal('APPROVAL_REQUIRED', waiting);
  return {
    events: uses.flatMap(({ events }) => events),
    companion: (db) => {
      for (const { companion } of uses) companion(db);
    },
  };
}

/** Whether policy lets anybody allow this actor more than its change budget. */
export function findOverrideRule({ approvals }: GovernancePolicy, actorId: string): ApprovalRule | undefined {
  return approvals.find((rule) => rule.gateType === OVERRIDE && fitsApply(rule, actorId));
}

/** @throws MexError `POLICY_CHANGE_BUDGET_EXCEEDED` when nobody may allow it */
function rulesFor(policy: GovernancePolicy, actorId: string, { overBudget }: PreparedChange): ApprovalRule[] {
  const apply = policy.approvals.find((rule) => rule.gateType !== OVERRIDE && fitsApply(rule, actorId)) ?? DEFAULT_RULE;
  if (overBudget === undefined) return [apply];
  const override = findOverrideRule(policy, actorId);
  if (override !== undefined) return [override, apply];
  const remedy = 'Split the change.';
  throw new MexError({ code: 'POLICY_CHANGE_BUDGET_EXCEEDED', kind: 'policy', message: overBudget, remedy });
}

function fitsApply({ when }: ApprovalRule, actorId: string): boolean {
  return (
    when.operation === APPLY &&
    when.engine === undefined &&
    when.capability === undefined &&
    (when.actor === undefined || when.actor === actorId)
  );
}

function digestOf({ definition }: RunView, { changeSetSha256, workspace }: PreparedChange): string {
  return digestJson({ change_set: changeSetSha256, workspace, run_id: definition.run_id, actor: definition.actor.id });
}

type Binding = Parameters<InboxParts['decisions']['prepare']>[1] & { readonly level: AutomationLevel };

/** Looks for a decision that fits; without one, it is put up. */
async function findDecision(
  policy: GovernancePolicy,
  inbox: InboxParts,
  change: ChangeCase,
  rule: ApprovalRule,
  binding: Binding,
): Promise<Alongside | Waiting> {
  const isLocked = binding.level === 'LOCKED';
  for (const id of isLocked ? [] : idsFor(inbox, binding)) {
    const found = await tryUse(inbox, id, binding, rule);
    if (found !== undefined) return found;
  }
  const request = requestFor(change, rule, binding, policy);
  const { decisionId, outcome } = await ask(inbox, request, binding);
  // Recorded as reject or defer, and nobody is asked.
  if (isLocked || outcome === 'halt') return { code: 'GOVERNANCE_LOCKED', approvalId: decisionId };
  const used = outcome === 'auto' ? await tryUse(inbox, decisionId, binding, rule) : undefined;
  return used ?? { code: 'APPROVAL_REQUIRED', approvalId: decisionId };
}

function idsFor({ tables }: InboxParts, { targetRef: target, usedBy }: Binding): string[] {
  return tables.find({ targetRef: target, kindRef: target, usedBy, now: Date.now() });
}

interface Waiting {
  readonly code: HoldCode;
  readonly approvalId: string;
}

/** Nothing when the decision is over, does not hold, or is about something else; the next one may. */
async function tryUse(
  { decisions }: InboxParts,
  approvalId: string,
  binding: Binding,
  rule: ApprovalRule,
): Promise<Alongside | Waiting | undefined> {
  try {
    const { state, subject, answers } = decisions.view(approvalId);
    if (subject.gateType !== rule.gateType) return undefined;
    if (state === 'pending') return { code: 'APPROVAL_REQUIRED', approvalId };
    if (state === 'rejected') return { code: 'APPROVAL_REJECTED', approvalId };
    const people = answers.filter(({ verdict }) => verdict === 'approve').map(({ userId }) => userId);
    const counted = new Set(people.filter((id) => rule.approvers.length === 0 || rule.approvers.includes(id)));
    // Approved when less was asked for.
    if (subject.outcome !== 'auto' && counted.size < rule.approvals) return undefined;
    const use = await decisions.prepare(approvalId, binding);
    return {
      events: [use.event],
      companion: (db) => {
        if (recordUse(db, use) !== 'recorded') throw refusal('APPROVAL_REQUIRED', [approvalId]);
      },
    };
  } catch (error) {
    if (error instanceof MexError && error.code.startsWith('GOVERNANCE_')) return undefined;
    throw error;
  }
}

/** When somebody else asked in this moment, theirs is the one that waits. */
async function ask(
  inbox: InboxParts,
  request: DecisionRequest,
  binding: Binding,
): Promise<{ decisionId: string; outcome: 'human' | 'auto' | 'halt' }> {
  const { decisions } = inbox;
  try {
    return (await decisions.request(request)).subject;
  } catch (error) {
    const subjects = idsFor(inbox, binding).map((id) => decisions.view(id).subject);
    const known = subjects.find(({ gateType }) => gateType === binding.gateType);
    if (!(error instanceof AlreadyAsked) || known === undefined) throw error;
    return known;
  }
}

function requestFor(
  { run, set, prepared }: ChangeCase,
  rule: ApprovalRule,
  binding: Binding,
  { requestLastsMs }: GovernancePolicy,
): DecisionRequest {
  const { actor, run_id: runId } = run.definition;
  return {
    decisionId: randomUUID(),
    gateType: rule.gateType,
    level: binding.level,
    targetRef: binding.targetRef,
    detail: describeChange(run, set, prepared),
    // The planner's word on itself is no evidence (CONTRACT §2).
    confidence: 0,
    rationale: rule.reason,
    evidenceRefs: [subjectRef('mex', APPLY), `change_set:${prepared.changeSetSha256}`],
    actor: { id: actor.id, kind: actor.kind },
    runId,
    approvals: rule.approvals,
    approvers: rule.approvers,
    lastsMs: requestLastsMs,
  };
}

function refusal(code: HoldCode, [approvalId = '', ...more]: readonly string[]): MexError {
  const { reason, remedy } = approvalDenial({ code, approvalId, asked: true });
  const also = more.length === 0 ? '' : ` And for approval ${more.join(', ')}: both are needed.`;
  const retryable = code === 'APPROVAL_REQUIRED';
  return new MexError({ code, kind: 'policy', message: `${reason}${also}`, remedy, retryable });
}
