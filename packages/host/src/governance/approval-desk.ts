import { randomUUID } from 'node:crypto';
import { canonicalJson, type EngineResult, type FlightEvent, type PlannedOperation } from '@mex/envelope';
import type { Gate, PreFacts } from '@mex/gates';
import type { AutomationLevel, DecisionView } from '@mex/governance';
import type { Registry } from '@mex/registry';
import { type AtGrant, type Caller, GrantRefused } from '@mex/runtime';
import { approvalDenial, type Ticket } from './approval-denial.ts';
import { bindingOf, type Candidate, findCandidate, requestFor } from './candidate.ts';
import { AlreadyAsked, isTooMany, recordUse } from './decision-tables.ts';
import { findTicket, isRefusal, newTicket } from './find-ticket.ts';
import type { GovernancePolicy } from './governance-policy.ts';
import { type EngineIdentity, findRule } from './held-operation.ts';
import type { InboxParts } from './inbox.ts';
import { isSameJson } from './same-json.ts';

type Operation = string | Uint8Array | object;

/** What policy wants of an operation, and what there is of it. */
export interface ForeseenApproval {
  readonly candidate: Candidate;
  readonly ticket: Ticket;
}

/** Operations that policy wants a decision about, on their way into the runtime. */
export interface ApprovalDesk {
  /** Last of all gates, so that nobody is asked about what would be denied anyway; absent when no rule asks for it. */
  readonly gates: readonly Gate[];
  /** Spends the approval in the transaction of the grant. */
  readonly atGrant: AtGrant;
  /** Runs an operation if it may run, and holds it if a person has to say so. */
  readonly execute: (
    operation: Operation,
    caller: Caller,
    run: (operation: Operation) => Promise<EngineResult>,
  ) => Promise<EngineResult>;
  /** What policy wants of an operation, if anything. Records nothing. */
  readonly lookUp: (operation: Operation, caller: Caller) => Promise<ForeseenApproval | undefined>;
  /** Has the gates asked with what is known of the operation. Records, uses and asks nothing. */
  readonly preview: <T>(
    operation: Operation,
    caller: Caller,
    run: (operation: Operation) => Promise<T>,
  ) => Promise<{ readonly preview: T; readonly approval: ForeseenApproval | undefined }>;
}

/** One operation on its way. */
interface Slot {
  readonly candidate: Candidate;
  ticket: Ticket;
  readonly isPreview: boolean;
}

/** Events that are recorded when an approval is put to use, with the grant. What throws keeps the grant from being given. */
export type OnUse = (
  operation: PlannedOperation,
  caller: Caller,
  view: DecisionView,
) => Promise<readonly FlightEvent[]>;

export function createApprovalDesk(
  policy: GovernancePolicy,
  registry: Registry,
  inbox: InboxParts,
  levelOf: (runId: string | undefined) => AutomationLevel,
  onUse: OnUse = () => Promise.resolve([]),
): ApprovalDesk {
  const rules = policy.approvals;
  const slots = new Slots();
  const examine = (operation: Operation, caller: Caller): Candidate | undefined =>
    rules.length === 0 ? undefined : findCandidate(operation, caller, rules, registry, levelOf);

  const execute: ApprovalDesk['execute'] = async (operation, caller, run) => {
    const candidate = examine(operation, caller);
    if (candidate === undefined) return run(operation);
    const slot: Slot = { candidate, ticket: await findTicket(candidate, policy, inbox), isPreview: false };
    return slots.during(slot, async () => {
      // What was looked at is what runs, whatever becomes of the caller's object meanwhile.
      const result = await run(canonicalJson(candidate.operation));
      return wasHeld(result, slot.ticket) ? hold(slot, policy, inbox, result) : result;
    });
  };

  const lookUp: ApprovalDesk['lookUp'] = async (operation, caller) => {
    const candidate = examine(operation, caller);
    return candidate && { candidate, ticket: await findTicket(candidate, policy, inbox) };
  };

  const preview: ApprovalDesk['preview'] = async (operation, caller, run) => {
    const approval = await lookUp(operation, caller);
    if (approval === undefined) return { preview: await run(operation), approval };
    const { candidate } = approval;
    const slot: Slot = { ...approval, isPreview: true };
    return slots.during(slot, async () => ({ preview: await run(canonicalJson(candidate.operation)), approval }));
  };

  const pre = (operation: PlannedOperation, facts: PreFacts) => {
    const actorId = facts.caller?.id ?? 'unknown';
    if (!facts.engine.found || findRule(rules, operation, actorId) === undefined) return undefined;
    const { manifest, loadedBundleSha256 = '' } = facts.engine;
    const engine = { version: manifest.engine_version, bundleSha256: loadedBundleSha256 };
    // Compared with what is about to run: an engine replaced since it was approved is another one.
    const slot = slots.find(operation, actorId, engine);
    return slot.isCleared ? undefined : approvalDenial(slot.ticket);
  };

  const atGrant: AtGrant = (operation, caller) => {
    const actorId = caller?.id ?? 'unknown';
    if (findRule(rules, operation, actorId) === undefined) return undefined;
    return spend(slots.findGranted(operation, actorId), policy, inbox, onUse);
  };
  return { gates: rules.length === 0 ? [] : [{ id: 'G-APPROVAL', pre }], atGrant, execute, lookUp, preview };
}

/** What the gate may know, by op_id. It is looked up before, because a gate looks nothing up. */
class Slots {
  readonly #byId = new Map<string, Set<Slot>>();

  async during<T>(slot: Slot, work: () => Promise<T>): Promise<T> {
    const id = slot.candidate.operation.op_id;
    const all = this.#byId.get(id) ?? new Set();
    this.#byId.set(id, all.add(slot));
    try {
      return await work();
    } finally {
      all.delete(slot);
      if (all.size === 0) this.#byId.delete(id);
    }
  }

  /** Whether exactly this was cleared; and if not, what is known of it. */
  find(
    operation: PlannedOperation,
    actorId: string,
    engine: EngineIdentity,
  ): { readonly isCleared: boolean; readonly ticket: Ticket | undefined } {
    const all = this.#byId.get(operation.op_id);
    let first: Ticket | undefined;
    for (const slot of all ?? []) {
      if (isClearedFor(slot, operation, actorId, engine)) return { isCleared: true, ticket: slot.ticket };
      first ??= slot.ticket;
    }
    return { isCleared: false, ticket: first };
  }

  /** The one that cleared exactly this. */
  findGranted(operation: PlannedOperation, actorId: string): Slot | undefined {
    const all = [...(this.#byId.get(operation.op_id) ?? [])];
    return all.find((slot) => !slot.isPreview && isClearedFor(slot, operation, actorId, slot.candidate.engine));
  }
}

/** Looking member by member is several times faster than a digest, and every operation with a rule waits for it. */
function isClearedFor(
  { candidate, ticket }: Slot,
  operation: PlannedOperation,
  actorId: string,
  { version, bundleSha256 }: EngineIdentity,
): boolean {
  return (
    ticket.cleared === candidate.targetRef &&
    candidate.caller.id === actorId &&
    candidate.engine.bundleSha256 === bundleSha256 &&
    candidate.engine.version === version &&
    isSameJson(candidate.operation, operation)
  );
}

/** The use of an approval, to be recorded with the grant; or no grant, when somebody else has used it meanwhile. */
async function spend(slot: Slot | undefined, policy: GovernancePolicy, inbox: InboxParts, onUse: OnUse) {
  if (slot === undefined) throw new GrantRefused(approvalDenial(undefined));
  const { candidate, ticket } = slot;
  const lost = (): GrantRefused => {
    slot.ticket = newTicket('APPROVAL_REQUIRED');
    return new GrantRefused(approvalDenial(slot.ticket));
  };
  try {
    // A signature of its own is made only now, for something that every gate has let pass.
    const id = ticket.signsItself ? await signItself(candidate, policy, inbox) : ticket.approvalId;
    const prepared = await inbox.decisions.prepare(id, bindingOf(candidate));
    const view = inbox.decisions.view(id);
    // A use and its grant are on the disk together: whoever used it has its result, and does not come here again.
    if (view.uses.includes(prepared.usedBy)) throw lost();
    const more = await onUse(candidate.operation, candidate.caller, view);
    const companion = (db: Parameters<typeof recordUse>[0]): void => {
      if (recordUse(db, prepared) !== 'recorded') throw lost();
    };
    return { events: [prepared.event, ...more], companion };
  } catch (error) {
    if (isRefusal(error)) throw lost();
    throw error;
  }
}

async function signItself(candidate: Candidate, policy: GovernancePolicy, inbox: InboxParts): Promise<string> {
  const { subject } = await inbox.decisions.request(requestFor(candidate, randomUUID(), policy));
  return subject.decisionId;
}

function wasHeld({ status, errors }: EngineResult, ticket: Ticket): boolean {
  const [error] = errors;
  const isAsked = ticket.asked || ticket.code === 'APPROVAL_LIMIT';
  return status === 'denied' && error?.gate === 'G-APPROVAL' && error.code === ticket.code && !isAsked;
}

/** Puts it up for decision. When somebody else did so in this moment, the result names theirs. */
async function hold(
  { candidate, ticket }: Slot,
  policy: GovernancePolicy,
  inbox: InboxParts,
  result: EngineResult,
): Promise<EngineResult> {
  let { approvalId, code } = ticket;
  try {
    await inbox.decisions.request(requestFor(candidate, approvalId, policy));
  } catch (error) {
    // Others asked for so much in this moment that this one is one too many.
    if (isTooMany(error)) code = 'APPROVAL_LIMIT';
    else if (!(error instanceof AlreadyAsked)) throw error;
    else approvalId = inbox.tables.find({ ...bindingOf(candidate), now: Date.now() })[0] ?? approvalId;
  }
  const { reason: message, remedy } = approvalDenial({ ...ticket, code, approvalId });
  return { ...result, errors: result.errors.map((one) => ({ ...one, code, message, remedy })) };
}
