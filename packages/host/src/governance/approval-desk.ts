import { randomUUID } from 'node:crypto';
import { canonicalJson, type EngineResult, MexError, type PlannedOperation, parseOperation } from '@mex/envelope';
import type { Gate, PreFacts } from '@mex/gates';
import { type DecisionRequest, type DecisionView, decide } from '@mex/governance';
import type { Registry } from '@mex/registry';
import type { Caller } from '@mex/runtime';
import { approvalDenial, type HoldCode, type Ticket } from './approval-denial.ts';
import { subjectRef } from './approval-view.ts';
import { AlreadyAsked } from './decision-tables.ts';
import type { ApprovalRule, GovernancePolicy } from './governance-policy.ts';
import { describeHeld, type EngineIdentity, exactTarget, findRule, kindTarget } from './held-operation.ts';
import type { InboxParts } from './inbox.ts';

type Operation = string | Uint8Array | object;

/** Operations that policy wants a decision about, on their way into the runtime. */
export interface ApprovalDesk {
  /** Last of all gates, so that nobody is asked about what would be denied anyway; absent when no rule asks for it. */
  readonly gates: readonly Gate[];
  /** Runs an operation if it may run, and holds it if a person has to say so. */
  readonly execute: (
    operation: Operation,
    caller: Caller,
    run: (operation: Operation) => Promise<EngineResult>,
  ) => Promise<EngineResult>;
}

/** One operation that a rule fits. */
interface Candidate {
  readonly operation: PlannedOperation;
  readonly caller: Caller;
  readonly rule: ApprovalRule;
  readonly engine: EngineIdentity;
  readonly targetRef: string;
  readonly kindRef: string;
}

export function createApprovalDesk(policy: GovernancePolicy, registry: Registry, inbox: InboxParts): ApprovalDesk {
  const rules = policy.approvals;
  /** By op_id: what the gate may know. It is looked up before, because a gate looks nothing up. */
  const tickets = new Map<string, Ticket>();
  if (rules.length === 0) return { gates: [], execute: (operation, _caller, run) => run(operation) };

  const examine = (operation: Operation, caller: Caller): Candidate | undefined => {
    const planned = readPlan(operation);
    const rule = planned && findRule(rules, planned, caller.id);
    if (planned === undefined || rule === undefined) return undefined;
    const { engine: found } = registry.resolve(planned.engine_id, planned.engine_version_req);
    // What the registry does not know is denied by the gates, in their words.
    if (found === undefined) return undefined;
    const engine = { version: found.manifest.engine_version, bundleSha256: found.bundle.sha256 };
    const targetRef = exactTarget(planned, caller.id, engine);
    return {
      operation: planned,
      caller,
      rule,
      engine,
      targetRef,
      kindRef: kindTarget(planned, caller.id, engine, rule),
    };
  };

  const execute: ApprovalDesk['execute'] = async (operation, caller, run) => {
    const candidate = examine(operation, caller);
    if (candidate === undefined) return run(operation);
    const { op_id } = candidate.operation;
    const ticket = await present(candidate, policy, inbox);
    tickets.set(op_id, ticket);
    try {
      // What was looked at is what runs, whatever becomes of the caller's object meanwhile.
      const result = await run(canonicalJson(candidate.operation));
      if (!wasHeld(result, ticket)) return result;
      return await hold(candidate, ticket, policy, inbox, result);
    } finally {
      if (tickets.get(op_id) === ticket) tickets.delete(op_id);
    }
  };

  const pre = (operation: PlannedOperation, facts: PreFacts) => {
    const actorId = facts.caller?.id ?? 'unknown';
    if (!facts.engine.found || findRule(rules, operation, actorId) === undefined) return undefined;
    const { manifest, loadedBundleSha256 = '' } = facts.engine;
    const ticket = tickets.get(operation.op_id);
    const engine = { version: manifest.engine_version, bundleSha256: loadedBundleSha256 };
    // Compared with what is about to run: an engine replaced since it was approved is another one.
    if (ticket?.cleared === exactTarget(operation, actorId, engine)) return undefined;
    return approvalDenial(ticket);
  };
  return { gates: [{ id: 'G-APPROVAL', pre }], execute };
}

function readPlan(operation: Operation): PlannedOperation | undefined {
  try {
    const isText = typeof operation === 'string' || operation instanceof Uint8Array;
    return parseOperation(isText ? operation : canonicalJson(operation));
  } catch (error) {
    // The runtime refuses it in words, with an event and a Problem.
    if (error instanceof MexError) return undefined;
    throw error;
  }
}

/** Looks for an approval and puts it to use; or says what the gate has to answer. */
async function present(candidate: Candidate, policy: GovernancePolicy, inbox: InboxParts): Promise<Ticket> {
  const { rule, targetRef } = candidate;
  if (policy.automationLevel === 'LOCKED') return newTicket('GOVERNANCE_LOCKED');
  let known: Ticket | undefined;
  for (const id of inbox.tables.find({ ...bindingOf(candidate), now: Date.now() })) {
    const found = await tryDecision(id, candidate, inbox);
    if (found?.cleared !== undefined) return found;
    known ??= found;
  }
  if (known !== undefined) return known;
  const { kind } = decide(rule.gateType, policy.automationLevel, 0, policy.table);
  if (kind !== 'auto') return newTicket('APPROVAL_REQUIRED');
  const { subject } = await inbox.decisions.request(toRequest(candidate, randomUUID(), policy));
  await inbox.decisions.apply(subject.decisionId, bindingOf(candidate));
  return { ...newTicket('APPROVAL_REQUIRED'), approvalId: subject.decisionId, cleared: targetRef };
}

function newTicket(code: HoldCode): Ticket {
  return { code, approvalId: randomUUID(), asked: false };
}

function bindingOf({ rule, targetRef, kindRef, operation }: Candidate) {
  const runId = operation.context?.run_id;
  return {
    gateType: rule.gateType,
    targetRef,
    kindRef,
    usedBy: operation.op_id,
    ...(runId === undefined ? {} : { runId }),
  };
}

/** What one decision means for an operation; nothing when it is over, or about something else. */
async function tryDecision(id: string, candidate: Candidate, { decisions }: InboxParts): Promise<Ticket | undefined> {
  try {
    const view = decisions.view(id);
    const { state, subject } = view;
    const isExact = subject.targetRef === candidate.targetRef && subject.gateType === candidate.rule.gateType;
    if (isExact && state === 'pending') return { code: 'APPROVAL_REQUIRED', approvalId: id, asked: true };
    if (isExact && state === 'rejected') return { code: 'APPROVAL_REJECTED', approvalId: id, asked: true };
    if (state !== 'approved' || !satisfies(view, candidate.rule)) return undefined;
    await decisions.apply(id, bindingOf(candidate));
    return { code: 'APPROVAL_REQUIRED', approvalId: id, asked: true, cleared: candidate.targetRef };
  } catch (error) {
    // A decision that does not hold is none; the next one may.
    if (error instanceof MexError && error.code.startsWith('GOVERNANCE_')) return undefined;
    throw error;
  }
}

/** What was approved when less was asked for is not enough for the rule of today. */
function satisfies({ subject, answers }: DecisionView, { approvals, approvers }: ApprovalRule): boolean {
  if (subject.outcome === 'auto') return true;
  const people = answers.filter(({ verdict }) => verdict === 'approve').map(({ userId }) => userId);
  const counted = approvers.length === 0 ? people : people.filter((id) => approvers.includes(id));
  return new Set(counted).size >= approvals;
}

function wasHeld({ status, errors }: EngineResult, ticket: Ticket): boolean {
  const [error] = errors;
  return status === 'denied' && error?.gate === 'G-APPROVAL' && error.code === ticket.code && !ticket.asked;
}

/** Puts it up for decision. When somebody else did so in this moment, the result names theirs. */
async function hold(
  candidate: Candidate,
  ticket: Ticket,
  policy: GovernancePolicy,
  inbox: InboxParts,
  result: EngineResult,
): Promise<EngineResult> {
  try {
    await inbox.decisions.request(toRequest(candidate, ticket.approvalId, policy));
    return result;
  } catch (error) {
    if (!(error instanceof AlreadyAsked)) throw error;
    const [asked = ticket.approvalId] = inbox.tables.find({ ...bindingOf(candidate), now: Date.now() });
    const { reason: message, remedy } = approvalDenial({ ...ticket, approvalId: asked });
    return { ...result, errors: result.errors.map((one) => ({ ...one, message, remedy })) };
  }
}

function toRequest(candidate: Candidate, decisionId: string, policy: GovernancePolicy): DecisionRequest {
  const { operation, caller, rule, engine, targetRef, kindRef } = candidate;
  const { run_id, actor } = operation.context ?? {};
  return {
    decisionId,
    gateType: rule.gateType,
    targetRef,
    kindRef,
    detail: describeHeld(operation, engine),
    // The planner's word on itself is no evidence (CONTRACT §2).
    confidence: 0,
    rationale: rule.reason,
    evidenceRefs: [subjectRef(operation.engine_id, operation.operation), `op:${operation.op_id}`],
    actor: { id: caller.id, kind: caller.kind },
    ...(actor?.model_id === undefined ? {} : { modelId: actor.model_id }),
    ...(run_id === undefined ? {} : { runId: run_id }),
    approvals: rule.approvals,
    approvers: rule.approvers,
    lastsMs: policy.requestLastsMs,
  };
}
