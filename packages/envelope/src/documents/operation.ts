import { type Static, Type } from '@sinclair/typebox';
import { BOUNDS } from '../bounds.ts';
import { ArtifactHandle, EntityRef } from './artifact.ts';
import { Budget } from './budget.ts';
import {
  CapabilityId,
  CLOSED,
  Count,
  Determinism,
  EngineId,
  Mime,
  mapOf,
  OperationName,
  ShortId,
  Uuid,
} from './primitives.ts';

/** Who asks. Never trusted: grants and consents are looked up in the operator's store (CONTRACT §2). */
export const Actor = Type.Object(
  {
    kind: Type.Union([Type.Literal('human'), Type.Literal('agent'), Type.Literal('system')]),
    id: ShortId,
    model_id: Type.Optional(ShortId),
  },
  { ...CLOSED, $id: 'mex:actor' },
);
export type Actor = Static<typeof Actor>;

export const OperationContext = Type.Object(
  {
    actor: Type.Optional(Actor),
    run_id: Type.Optional(Uuid),
    job_id: Type.Optional(ShortId),
    trace_id: Type.Optional(ShortId),
    session_id: Type.Optional(ShortId),
    wsids: Type.Optional(Type.Array(ShortId, { maxItems: 64 })),
    capability_profile_id: Type.Optional(ShortId),
    consent_refs: Type.Optional(Type.Array(ShortId, { maxItems: BOUNDS.maxConsentRefs })),
    idempotency_key: Type.Optional(ShortId),
  },
  CLOSED,
);
export type OperationContext = Static<typeof OperationContext>;

/** What must be frozen beside the outputs. Required for D0 and D1 (CONTRACT §3, §6). */
const EvidencePolicy = Type.Object(
  {
    /** Least number of evidence artifacts the operation must leave. */
    min_items: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    retain_days: Type.Optional(Type.Integer({ minimum: 0, maximum: 36_500 })),
  },
  CLOSED,
);

/** What the planner expects back; anything else fails G-SCHEMA after the run. */
const OutputSpec = Type.Object(
  {
    types: Type.Optional(Type.Array(Mime, { maxItems: 64 })),
    max_bytes: Type.Optional(Count),
    max_count: Type.Optional(Type.Integer({ minimum: 0, maximum: BOUNDS.maxOutputs })),
  },
  CLOSED,
);

/** A request for exactly one operation of one engine, `poe-1.0` (CONTRACT §3). */
export const PlannedOperation = Type.Object(
  {
    schema_version: Type.Literal('poe-1.0'),
    op_id: Uuid,
    engine_id: EngineId,
    engine_version_req: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    operation: OperationName,
    inputs: Type.Array(Type.Union([ArtifactHandle, EntityRef]), { maxItems: BOUNDS.maxInputs }),
    params: mapOf(Type.Unknown()),
    capabilities_requested: Type.Array(CapabilityId, { maxItems: BOUNDS.maxCapabilities }),
    budget: Budget,
    determinism: Determinism,
    evidence_policy: Type.Optional(EvidencePolicy),
    output_spec: OutputSpec,
    context: Type.Optional(OperationContext),
  },
  { ...CLOSED, $id: 'mex:planned-operation' },
);
export type PlannedOperation = Static<typeof PlannedOperation>;
export type OperationInput = PlannedOperation['inputs'][number];
export type DeterminismLevel = Static<typeof Determinism>;
