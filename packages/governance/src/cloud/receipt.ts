import { CHECKERS, type ConsentReceipt, MexError, type ProjectionPlan } from '@mex/envelope';
import type { DecisionView } from '../decision/decisions.ts';
import type { GovernanceErrorCode } from '../errors.ts';

/** Where the person answered, and what for. */
export interface ReceiptRequest {
  readonly receiptId: string;
  readonly plan: ProjectionPlan;
  /** Digest of the bytes that are about to leave, as the store has them. */
  readonly payloadSha256: string;
  /** e.g. `approvals`. */
  readonly surface: string;
}

/**
 * Writes the receipt of a person's consent to one payload (CONTRACT §12): only from an approval of a person, and only for
 * the payload of the plan.
 * @throws MexError `GOVERNANCE_GATE_FORBIDDEN` without a person's approval, `GOVERNANCE_BINDING_MISMATCH` for another payload
 */
export function draftReceipt({ subject, state, answers }: DecisionView, request: ReceiptRequest): ConsentReceipt {
  const { receiptId, plan, payloadSha256, surface } = request;
  const given = answers.filter(({ verdict }) => verdict === 'approve');
  const last = given[subject.approvals - 1];
  if (subject.gateType !== 'CloudEscalation' || subject.outcome !== 'human' || state !== 'approved' || !last) {
    throw new MexError<GovernanceErrorCode>({
      code: 'GOVERNANCE_GATE_FORBIDDEN',
      kind: 'policy',
      message: 'Only a person consents to what leaves for a model elsewhere.',
      remedy: 'A person has to decide it: mex approvals list',
    });
  }
  const receipt: ConsentReceipt = {
    schema_version: 'hsk.consent_receipt@0.4',
    consent_receipt_id: receiptId,
    projection_plan_id: plan.projection_plan_id,
    payload_sha256: payloadSha256,
    approved: true,
    approved_at: new Date(last.at).toISOString(),
    user_id: last.userId,
    ui_surface: surface,
    notes: last.rationale,
  };
  verifyReceipt(receipt, plan, payloadSha256);
  return receipt;
}

/**
 * A receipt counts for exactly one plan and exactly one payload (CONTRACT §12).
 * @throws MexError `GOVERNANCE_DOCUMENT_INVALID`, `GOVERNANCE_BINDING_MISMATCH`
 */
export function verifyReceipt(receipt: unknown, plan: unknown, payloadSha256: string): void {
  if (!CHECKERS.consentReceipt.check(receipt) || !CHECKERS.projectionPlan.check(plan)) {
    throw new MexError<GovernanceErrorCode>({
      code: 'GOVERNANCE_DOCUMENT_INVALID',
      kind: 'integrity',
      message: 'The receipt or its plan does not have the shape of its schema.',
      remedy: 'Check the store: mex artifacts verify --all',
    });
  }
  const fits =
    receipt.approved &&
    receipt.projection_plan_id === plan.projection_plan_id &&
    receipt.payload_sha256 === plan.payload_sha256 &&
    receipt.payload_sha256 === payloadSha256;
  if (fits) return;
  throw new MexError<GovernanceErrorCode>({
    code: 'GOVERNANCE_BINDING_MISMATCH',
    kind: 'policy',
    message: `The receipt ${receipt.consent_receipt_id} is not for this payload.`,
    remedy: 'Have a person consent to exactly what is to be sent.',
  });
}
