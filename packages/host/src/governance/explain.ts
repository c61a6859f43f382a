import { BUDGET_FIELDS, type BudgetField } from '@mex/envelope';
import { checkCapability, findConsent, type GateDenial } from '@mex/gates';
import { decide } from '@mex/governance';
import type { Caller, Preview } from '@mex/runtime';
import type { LoadedPolicy } from '../policy.ts';
import { chooseTier } from '../policy-source.ts';
import type { ApprovalDesk, ForeseenApproval } from './approval-desk.ts';
import { DEFAULT_GOVERNANCE, type GovernancePolicy } from './governance-policy.ts';

/** What would become of an operation that is sent now, and what decides it (CONTRACT §16). */
export interface Explanation {
  /** `held`: it would wait for a person. `answered`: it was done before, and its recorded result would come back. */
  readonly verdict: 'allowed' | 'denied' | 'held' | 'answered';
  readonly op_id: string;
  readonly operation_sha256: string;
  readonly engine_id: string;
  readonly engine_version?: string;
  readonly operation: string;
  readonly caller: Caller;
  readonly policy: { readonly source: string; readonly sha256: string };
  /** Why not, when it would not run. */
  readonly reason?: {
    readonly code: string;
    readonly gate?: string;
    readonly message: string;
    readonly remedy: string;
  };
  /** Every gate in its order. Gates after a denial are not asked, as when it runs. */
  readonly gates: readonly ExplainedGate[];
  readonly profile: { readonly id: string; readonly capabilities: readonly string[] | null };
  readonly capabilities: readonly ExplainedCapability[];
  readonly tier: ExplainedTier | null;
  /** The rule that wants a decision, when one fits. */
  readonly approval: ExplainedApproval | null;
  readonly budget: readonly ExplainedBudget[];
}

export interface ExplainedGate {
  readonly gate: string;
  readonly outcome: 'pass' | 'deny' | 'not_asked';
  readonly code?: string;
  readonly reason?: string;
}

export interface ExplainedCapability {
  readonly capability_id: string;
  readonly allowed: boolean;
  /** What decides it, in words. */
  readonly why: string;
  readonly code?: string;
  readonly consent_id?: string;
  readonly valid_until?: string;
}

export interface ExplainedTier {
  readonly asked: 'thread' | 'process' | 'wasm';
  /** `not_tried`: a gate denies, so nobody asked for it. */
  readonly state: 'available' | 'unavailable' | 'not_tried';
}

export interface ExplainedApproval {
  /** Place of the rule among `governance.approvals`, from 0. */
  readonly rule: number;
  readonly reason: string;
  readonly gate_type: string;
  readonly automation_level: string;
  /** What the decision table says. */
  readonly decided_by: string;
  /** `would_ask`: nobody was asked yet. `signs_itself`: it needs nobody at this level. `too_many`: too much of its caller waits. */
  readonly state: 'approved' | 'pending' | 'rejected' | 'would_ask' | 'signs_itself' | 'locked' | 'too_many';
  readonly approval_id?: string;
  readonly approvals_needed: number;
  readonly approvers: readonly string[];
}

export interface ExplainedBudget {
  readonly field: BudgetField;
  readonly value: number;
  readonly from: 'operation' | 'engine default';
  readonly ceiling: number;
  readonly ceiling_from: 'engine' | 'policy';
  readonly over: boolean;
}

export interface ExplainPowers {
  readonly policy: LoadedPolicy;
  readonly desk: Pick<ApprovalDesk, 'preview'>;
  readonly preview: (operation: string | Uint8Array | object, caller: Caller) => Promise<Preview>;
}

/**
 * Asks what execution would ask, up to the moment at which a grant would be recorded, and puts it in words.
 * @throws MexError when it is no well-formed operation
 */
export async function explainOperation(
  operation: string | Uint8Array | object,
  caller: Caller,
  { policy, desk, preview }: ExplainPowers,
): Promise<Explanation> {
  const seen = await desk.preview(operation, caller, (checked) => preview(checked, caller));
  return describe(seen.preview, seen.approval, caller, policy);
}

function describe(
  preview: Preview,
  approval: ForeseenApproval | undefined,
  caller: Caller,
  policy: LoadedPolicy,
): Explanation {
  const { operation, operationSha256, facts } = preview;
  const reason = foresee(reasonOf(preview), approval);
  return {
    verdict: preview.known === 'ended' ? 'answered' : verdictOf(reason),
    op_id: operation.op_id,
    operation_sha256: operationSha256,
    engine_id: operation.engine_id,
    ...(facts.engine.found ? { engine_version: facts.engine.manifest.engine_version } : {}),
    operation: operation.operation,
    caller: { id: caller.id, kind: caller.kind },
    policy: { source: policy.source, sha256: policy.sha256 },
    ...(reason === undefined ? {} : { reason }),
    gates: gatesOf(preview),
    profile: { id: facts.policy.profileId, capabilities: facts.policy.profile ?? null },
    capabilities: operation.capabilities_requested.map((id) => capabilityOf(preview, id)),
    tier: tierOf(preview, policy),
    approval: approval === undefined ? null : approvalOf(approval, policy.policy.governance ?? DEFAULT_GOVERNANCE),
    budget: budgetOf(preview),
  };
}

function verdictOf(reason: Explanation['reason']): Explanation['verdict'] {
  if (reason === undefined) return 'allowed';
  return reason.code === 'APPROVAL_REQUIRED' ? 'held' : 'denied';
}

/** Nobody was asked yet, so there is no approval whose id a person could look up. */
function foresee(reason: Explanation['reason'], approval: ForeseenApproval | undefined): Explanation['reason'] {
  if (reason === undefined || approval === undefined || approval.ticket.asked) return reason;
  if (reason.code === 'APPROVAL_REQUIRED') {
    const remedy = 'Send it; then it is in the inbox: mex approvals list';
    return { ...reason, message: 'It would wait for a person, who is asked when it is sent.', remedy };
  }
  if (reason.code !== 'GOVERNANCE_LOCKED') return reason;
  return { ...reason, message: 'The automation level is LOCKED: this needs a person, and nobody is asked.' };
}

/** As the runtime answers: an op_id that was used comes before the gates. */
function reasonOf({ known, denial, operation }: Preview): Explanation['reason'] {
  if (known === 'ended') return undefined;
  if (known === 'another') {
    const message = `op_id ${operation.op_id} was used for another operation, or by another caller.`;
    return { code: 'OPERATION_ID_REUSED', message, remedy: 'Give every operation its own op_id.' };
  }
  if (known === 'running') {
    const message = `op_id ${operation.op_id} is running.`;
    return { code: 'OPERATION_IN_PROGRESS', message, remedy: 'Ask again later.' };
  }
  return denial === undefined ? undefined : denialOf(denial);
}

function denialOf({ code, gate, reason, remedy }: GateDenial): Explanation['reason'] {
  return { code, gate, message: reason, remedy };
}

function gatesOf({ gates, outcomes }: Preview): ExplainedGate[] {
  return gates.map((gate) => outcomes.find((one) => one.gate === gate) ?? { gate, outcome: 'not_asked' });
}

/** G-CAP's own answer, one capability at a time: G-CAP itself stops at the first that is denied. */
function capabilityOf({ operation, facts }: Preview, id: string): ExplainedCapability {
  const denial = checkCapability(operation, facts, id);
  if (denial !== undefined) {
    return { capability_id: id, allowed: false, why: `${denial.reason} ${denial.remedy}`, code: denial.code };
  }
  const consent = findConsent(operation, facts, id);
  const profile = `profile ${facts.policy.profileId} includes it`;
  if (consent === undefined) return { capability_id: id, allowed: true, why: profile };
  return {
    capability_id: id,
    allowed: true,
    why: `${profile}, and consent ${consent.consentId} is in force`,
    consent_id: consent.consentId,
    valid_until: new Date(consent.validUntil).toISOString(),
  };
}

function tierOf({ engine, tier, denial, outcomes }: Preview, { policy }: LoadedPolicy): ExplainedTier | null {
  if (engine === undefined) return null;
  const isDeniedByGate = denial !== undefined && outcomes.some(({ outcome }) => outcome === 'deny');
  const state = tier !== undefined ? 'available' : isDeniedByGate ? 'not_tried' : 'unavailable';
  return { asked: chooseTier(policy.tiers, engine).tier, state };
}

function approvalOf({ candidate, ticket }: ForeseenApproval, policy: GovernancePolicy): ExplainedApproval {
  const { rule, level } = candidate;
  return {
    rule: policy.approvals.indexOf(rule),
    reason: rule.reason,
    gate_type: rule.gateType,
    automation_level: level,
    decided_by: decide(rule.gateType, level, 0, policy.table).rule,
    state: approvalState(ticket),
    ...(ticket.asked ? { approval_id: ticket.approvalId } : {}),
    approvals_needed: rule.approvals,
    approvers: rule.approvers,
  };
}

function approvalState(ticket: ForeseenApproval['ticket']): ExplainedApproval['state'] {
  if (ticket.signsItself === true) return 'signs_itself';
  if (ticket.cleared !== undefined) return 'approved';
  if (ticket.code === 'GOVERNANCE_LOCKED') return 'locked';
  if (ticket.code === 'APPROVAL_REJECTED') return 'rejected';
  if (ticket.code === 'APPROVAL_LIMIT') return 'too_many';
  return ticket.asked ? 'pending' : 'would_ask';
}

/** Figures as G-BUDGET compares them. */
function budgetOf({ operation, facts }: Preview): ExplainedBudget[] {
  if (!facts.engine.found) return [];
  const own = facts.engine.manifest.budget_ceilings;
  return BUDGET_FIELDS.map((field) => {
    const policy = facts.policy.ceilings?.[field] ?? Number.POSITIVE_INFINITY;
    const ceiling = Math.min(own[field], policy);
    return {
      field,
      value: facts.budget[field],
      from: operation.budget[field] === undefined ? 'engine default' : 'operation',
      ceiling,
      ceiling_from: policy < own[field] ? 'policy' : 'engine',
      over: facts.budget[field] > ceiling,
    };
  });
}
