import { CHECKERS, type FlightEvent } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import { decide } from '../automation/decide.ts';
import { type AutomationLevel, strictestLevel } from '../automation/level.ts';
import type { DecisionCase } from './decision-case.ts';
import { appliedEvent, readEvidence } from './decision-events.ts';
import type { DecisionsOptions, DecisionView } from './decisions.ts';
import { bindingMismatch, decisionDocument, verifyAutoSignature } from './documents.ts';
import { altered, locked, notApproved, replayed, stale } from './refusals.ts';

/** What a decision is to be used for, as its user has it now; all of it has to fit. */
export interface Binding {
  readonly gateType: string;
  readonly targetRef: string;
  /** The kind of thing it is; for approvals of scope `run` and `capability`. */
  readonly kindRef?: string;
  /** Who uses it, e.g. an op_id: the same user may come back, another one is another use. */
  readonly usedBy: string;
  /** The run it is used in; an approval of scope `run` is good in that run only. */
  readonly runId?: string;
  /** Of that run; the stricter one of it and the policy's counts. Default the policy's. */
  readonly level?: AutomationLevel;
}

/** A use of a decision that was verified and is not recorded yet. */
export interface PreparedUse {
  readonly decisionId: string;
  readonly usedBy: string;
  /** It is good for one use. */
  readonly single: boolean;
  /** FR-EVT-GOV-002: to be recorded with the use. */
  readonly event: FlightEvent;
}

/** Verifies a decision from the store, for exactly this use (CONTRACT §12). Changes nothing. @throws MexError as `Decisions.check` says */
export async function checkDecision(view: DecisionView, binding: Binding, options: DecisionsOptions): Promise<void> {
  const { subject, scope, uses } = view;
  const level = strictestLevel(options.level, binding.level ?? options.level);
  verifyBinding(subject, binding, scope);
  verifyState(view, level);
  if (subject.outcome === 'auto') await verifyAutomatic(subject, level, options);
  if (scope === 'once' && uses.some((use) => use !== binding.usedBy)) throw replayed(subject.decisionId);
}

/** Verifies, and keeps the artifact of a completed approval, also when the process that took the last answer died before it made one. */
export async function prepareUse(
  view: DecisionView,
  binding: Binding,
  options: DecisionsOptions,
): Promise<PreparedUse> {
  await checkDecision(view, binding, options);
  const { subject, answers, scope } = view;
  if (subject.outcome !== 'auto') await options.documents.keep(decisionDocument(subject, answers));
  const event = appliedEvent(subject, binding.usedBy, options.newId(), options.now());
  return { decisionId: subject.decisionId, usedBy: binding.usedBy, single: scope === 'once', event };
}

/** Verifies, then records the use. @throws MexError as `Decisions.apply` says */
export async function applyDecision(view: DecisionView, binding: Binding, options: DecisionsOptions): Promise<void> {
  const { decisionId, usedBy, single, event } = await prepareUse(view, binding, options);
  const used = await options.store.use(decisionId, usedBy, single, event);
  if (used === 'used-up') throw replayed(decisionId);
}

function verifyBinding(subject: DecisionCase, binding: Binding, scope: DecisionView['scope']): void {
  const { decisionId, gateType, targetRef, kindRef, runId } = subject;
  if (binding.gateType !== gateType) throw bindingMismatch(`Decision ${decisionId} is for the gate ${gateType}.`);
  const reachesFurther = (scope === 'run' || scope === 'capability') && kindRef !== undefined;
  const fits = reachesFurther ? binding.kindRef === kindRef : binding.targetRef === targetRef;
  if (!fits) throw bindingMismatch(`Decision ${decisionId} is for something else.`);
  if (scope !== 'run' || (runId !== undefined && binding.runId === runId)) return;
  throw bindingMismatch(`Decision ${decisionId} is for another run.`);
}

function verifyState({ subject, state }: DecisionView, level: AutomationLevel): void {
  if (level === 'LOCKED' || state === 'halted') throw locked(subject.gateType);
  if (state === 'expired') throw stale(subject.decisionId, 'its time is over');
  if (state !== 'approved') throw notApproved(subject.decisionId, state);
}

/** What signed itself must still be allowed to, and its documents must be those that were recorded. */
async function verifyAutomatic(
  subject: DecisionCase,
  level: AutomationLevel,
  options: DecisionsOptions,
): Promise<void> {
  const { decisionId, gateType, confidence } = subject;
  const { kind } = decide(gateType, level, confidence, options.table);
  const { decisionSha256, signatureSha256 } = readEvidence(options.store.events(decisionId));
  if (decisionSha256 === undefined || signatureSha256 === undefined) throw altered(decisionId);
  const decision = await options.documents.read(decisionSha256);
  const signature = await options.documents.read(signatureSha256);
  verifyAutoSignature(signature, decision);
  if (digestJson(decision) !== digestJson(decisionDocument(subject, []))) throw altered(decisionId);
  if (!CHECKERS.autoSignature.check(signature) || signature.auto_signature_id !== subject.autoSignatureId) {
    throw altered(decisionId);
  }
  if (kind !== 'auto') throw stale(decisionId, 'policy now wants a person to decide it');
}
