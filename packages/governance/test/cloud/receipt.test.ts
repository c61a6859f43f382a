import type { ConsentReceipt, ProjectionPlan } from '@mex/envelope';
import { type DecisionView, draftReceipt, verifyReceipt } from '@mex/governance';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const uuid = (last: number): string => `00000000-0000-4000-8000-00000000000${last}`;
const PLAN: ProjectionPlan = {
  schema_version: 'hsk.projection_plan@0.4',
  projection_plan_id: uuid(1),
  include_artifact_refs: [],
  include_fields: ['question'],
  redactions_applied: [],
  max_bytes: 100,
  payload_sha256: A,
  created_at: '2026-11-21T10:00:00.000Z',
  requested_model_id: 'model-1',
  destination: 'https://model.example/',
};
const view = (over: Partial<DecisionView> = {}, subject: Partial<DecisionView['subject']> = {}): DecisionView => ({
  subject: {
    decisionId: uuid(2),
    gateType: 'CloudEscalation',
    targetRef: `operation@sha256:${A}`,
    level: 'AUTONOMOUS',
    confidence: 1,
    rationale: '',
    evidenceRefs: [],
    outcome: 'human',
    actor: { id: 'app:planner', kind: 'agent' },
    modelId: 'planner-1',
    approvals: 1,
    approvers: [],
    createdAt: 0,
    expiresAt: 1_000,
    ...subject,
  },
  state: 'approved',
  answers: [{ userId: 'os:ada', verdict: 'approve', scope: 'once', rationale: 'fine', at: 500 }],
  scope: 'once',
  uses: [],
  ...over,
});
const draft = (from: DecisionView, payloadSha256 = A): ConsentReceipt =>
  draftReceipt(from, { receiptId: uuid(3), plan: PLAN, payloadSha256, surface: 'approvals' });

describe("[§12] a receipt is a person's, for one payload", () => {
  it('says who consented to what', () => {
    const receipt = draft(view());
    expect(receipt).toMatchObject({ approved: true, user_id: 'os:ada', payload_sha256: A, notes: 'fine' });
    verifyReceipt(receipt, PLAN, A);
  });

  it.each([
    ['a signature of its own', view({}, { outcome: 'auto' })],
    ['another gate', view({}, { gateType: 'SpecApproval' })],
    ['no answer', view({ answers: [] })],
    ['one of two answers', view({}, { approvals: 2 })],
    ['what is not approved', view({ state: 'rejected' })],
    ['what is over', view({ state: 'expired' })],
  ])('[T-GOV-004] %s is none', (_name, from) => {
    expect(() => draft(from)).toThrow(expect.objectContaining({ code: 'GOVERNANCE_GATE_FORBIDDEN' }));
  });

  it('another payload is refused, whoever changed what', () => {
    expect(() => draft(view(), B)).toThrow(expect.objectContaining({ code: 'GOVERNANCE_BINDING_MISMATCH' }));
    const receipt = draft(view());
    const digest = fc.constantFrom(A, B, 'c'.repeat(64));
    fc.assert(
      fc.property(digest, digest, digest, fc.boolean(), (own, planned, sent, approved) => {
        const check = () =>
          verifyReceipt({ ...receipt, payload_sha256: own, approved }, { ...PLAN, payload_sha256: planned }, sent);
        if (approved && own === planned && planned === sent) check();
        else expect(check).toThrow(expect.objectContaining({ code: 'GOVERNANCE_BINDING_MISMATCH' }));
      }),
      { seed: 1 },
    );
    expect(() => verifyReceipt(receipt, { ...PLAN, projection_plan_id: uuid(9) }, A)).toThrow(/not for this payload/);
    expect(() => verifyReceipt({ ...receipt, extra: 1 }, PLAN, A)).toThrow(/shape/);
  });
});
