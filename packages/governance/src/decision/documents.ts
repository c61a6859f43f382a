import { type AutoSignature, CHECKERS, type GovernanceDecision, MexError } from '@mex/envelope';
import { NEVER_AUTO } from '../automation/decision-table.ts';
import type { GovernanceErrorCode } from '../errors.ts';
import type { Answer, DecisionCase } from './decision-case.ts';

/* Documents are functions of what is in the store: made again after a crash, they are the same to the byte. */

/** The decision of a model, or of the person whose approval completed it. */
export function decisionDocument(subject: DecisionCase, answers: readonly Answer[]): GovernanceDecision {
  const approvals = answers.filter(({ verdict }) => verdict === 'approve').slice(0, subject.approvals);
  const last = approvals.at(-1);
  return {
    schema_version: 'hsk.gov_decision@0.4',
    decision_id: subject.decisionId,
    gate_type: subject.gateType,
    target_ref: subject.targetRef,
    decision: 'approve',
    confidence: subject.confidence,
    rationale: last?.rationale || subject.rationale,
    evidence_refs: [...subject.evidenceRefs, ...approvals.map(({ userId }) => `approver:${userId}`.slice(0, 256))],
    timestamp: new Date(last?.at ?? subject.createdAt).toISOString(),
    actor: last === undefined ? { kind: 'model', model_id: subject.modelId } : { kind: 'human', user_id: last.userId },
  };
}

export function signatureDocument(subject: DecisionCase, signatureId: string): AutoSignature {
  return {
    schema_version: 'hsk.auto_signature@0.1',
    auto_signature_id: signatureId,
    decision_id: subject.decisionId,
    gate_type: subject.gateType,
    target_ref: subject.targetRef,
    created_at: new Date(subject.createdAt).toISOString(),
    actor: { kind: 'model', model_id: subject.modelId },
  };
}

/**
 * A signature counts for exactly one decision: same id, gate type and target (CONTRACT §12).
 * @throws MexError `GOVERNANCE_DOCUMENT_INVALID`, `GOVERNANCE_GATE_FORBIDDEN`, `GOVERNANCE_BINDING_MISMATCH`
 */
export function verifyAutoSignature(signature: unknown, decision: unknown): void {
  if (!CHECKERS.autoSignature.check(signature)) throw invalidDocument('auto-signature');
  if (!CHECKERS.governanceDecision.check(decision)) throw invalidDocument('decision');
  if (NEVER_AUTO.has(signature.gate_type) || NEVER_AUTO.has(decision.gate_type))
    throw forbiddenGate(decision.gate_type);
  const fits =
    signature.decision_id === decision.decision_id &&
    signature.gate_type === decision.gate_type &&
    signature.target_ref === decision.target_ref &&
    decision.decision === 'approve' &&
    decision.actor.kind === 'model' &&
    decision.actor.model_id === signature.actor.model_id;
  if (!fits) throw bindingMismatch(`The auto-signature ${signature.auto_signature_id} is not for this decision.`);
}

export function bindingMismatch(message: string): MexError<GovernanceErrorCode> {
  return new MexError({
    code: 'GOVERNANCE_BINDING_MISMATCH',
    kind: 'policy',
    message,
    remedy: 'Have a decision made for exactly what is to be done.',
  });
}

function forbiddenGate(gateType: string): MexError<GovernanceErrorCode> {
  return new MexError({
    code: 'GOVERNANCE_GATE_FORBIDDEN',
    kind: 'policy',
    message: `${gateType} is never signed automatically.`,
    remedy: 'A person has to decide it: mex approvals list',
  });
}

function invalidDocument(what: string): MexError<GovernanceErrorCode> {
  return new MexError({
    code: 'GOVERNANCE_DOCUMENT_INVALID',
    kind: 'integrity',
    message: `The stored ${what} does not have the shape of its schema.`,
    remedy: 'Check the store: mex artifacts verify --all',
  });
}
