import { type Static, Type } from '@sinclair/typebox';
import { CLOSED, Count, Message, Sha256, ShortId, Timestamp, Uuid } from './primitives.ts';

const Refs = Type.Array(Type.String({ maxLength: 256 }), { maxItems: 1_000 });

/** What is to leave for a model elsewhere: exactly this payload, and what was left out of it (CONTRACT §12). */
export const ProjectionPlan = Type.Object(
  {
    schema_version: Type.Literal('hsk.projection_plan@0.4'),
    projection_plan_id: Uuid,
    /** `sha256:<digest>` of every artifact that is part of the payload. */
    include_artifact_refs: Refs,
    /** Names of the fields that are part of it. */
    include_fields: Refs,
    /** What was masked before the digest was taken: `<rule>:<where>`. */
    redactions_applied: Refs,
    max_bytes: Count,
    /** Of the bytes that are sent. */
    payload_sha256: Sha256,
    created_at: Timestamp,
    job_id: Type.Optional(ShortId),
    requested_model_id: ShortId,
    /** Where it goes. */
    destination: Type.String({ minLength: 1, maxLength: 2_048 }),
  },
  { ...CLOSED, $id: 'mex:projection-plan' },
);
export type ProjectionPlan = Static<typeof ProjectionPlan>;

/** A person's consent to one payload, bound to its digest. Nothing leaves without one for exactly that digest (CONTRACT §12). */
export const ConsentReceipt = Type.Object(
  {
    schema_version: Type.Literal('hsk.consent_receipt@0.4'),
    consent_receipt_id: Uuid,
    projection_plan_id: Uuid,
    payload_sha256: Sha256,
    approved: Type.Boolean(),
    approved_at: Timestamp,
    user_id: ShortId,
    /** Where the person answered. */
    ui_surface: ShortId,
    notes: Message,
  },
  { ...CLOSED, $id: 'mex:consent-receipt' },
);
export type ConsentReceipt = Static<typeof ConsentReceipt>;
