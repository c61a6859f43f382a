import { type Static, Type } from '@sinclair/typebox';
import { CapabilityId, CLOSED, Message, ShortId, Timestamp, Uuid } from './primitives.ts';

const Ref = Type.String({ maxLength: 256 });

/** How a consent was taken back. */
const Revocation = Type.Object({ revoked_at: Timestamp, revoked_by: ShortId, reason: Type.Optional(Message) }, CLOSED);

/**
 * An explicit consent of the operator (CONTRACT §7): who may use which capability, in which scope (that of the
 * capability id), until when. Looked up by id, never taken from an envelope.
 */
export const ConsentRecord = Type.Object(
  {
    schema_version: Type.Literal('mex.consent@1.0'),
    consent_id: Uuid,
    /** The caller it is for, as the host application authenticates it. */
    actor_id: ShortId,
    capability_id: CapabilityId,
    granted_at: Timestamp,
    valid_until: Timestamp,
    granted_by: ShortId,
    reason: Type.Optional(Message),
    revocation: Type.Optional(Revocation),
  },
  { ...CLOSED, $id: 'mex:consent' },
);
export type ConsentRecord = Static<typeof ConsentRecord>;

const Confidence = Type.Number({ minimum: 0, maximum: 1 });

export const GovernanceVerdict = Type.Union([Type.Literal('approve'), Type.Literal('reject'), Type.Literal('defer')]);
export type GovernanceVerdict = Static<typeof GovernanceVerdict>;

/** What was decided about one gated step, and by whom (CONTRACT §12). */
export const GovernanceDecision = Type.Object(
  {
    schema_version: Type.Literal('hsk.gov_decision@0.4'),
    decision_id: Uuid,
    gate_type: ShortId,
    target_ref: Ref,
    decision: GovernanceVerdict,
    confidence: Confidence,
    rationale: Message,
    evidence_refs: Type.Array(Ref, { maxItems: 1_000 }),
    timestamp: Timestamp,
    actor: Type.Object(
      {
        kind: Type.Union([Type.Literal('human'), Type.Literal('model')]),
        model_id: Type.Optional(ShortId),
        user_id: Type.Optional(ShortId),
      },
      CLOSED,
    ),
  },
  { ...CLOSED, $id: 'mex:governance-decision' },
);
export type GovernanceDecision = Static<typeof GovernanceDecision>;

/** A signature without a person. Matches its decision in id, gate type and target, or counts for nothing (CONTRACT §12). */
export const AutoSignature = Type.Object(
  {
    schema_version: Type.Literal('hsk.auto_signature@0.1'),
    auto_signature_id: Uuid,
    decision_id: Uuid,
    gate_type: ShortId,
    target_ref: Ref,
    created_at: Timestamp,
    actor: Type.Object({ kind: Type.Literal('model'), model_id: ShortId }, CLOSED),
  },
  { ...CLOSED, $id: 'mex:auto-signature' },
);
export type AutoSignature = Static<typeof AutoSignature>;
