import { type Static, Type } from '@sinclair/typebox';
import { BOUNDS } from '../bounds.ts';
import { ArtifactHandle } from './artifact.ts';
import { FullBudget } from './budget.ts';
import {
  CapabilityId,
  CLOSED,
  Code,
  Determinism,
  EngineId,
  ErrorKindSchema,
  Message,
  mapOf,
  OperationName,
  Sha256,
  ShortId,
  Timestamp,
  Uuid,
  Version,
} from './primitives.ts';

export const ResultStatus = Type.Union([
  Type.Literal('succeeded'),
  Type.Literal('failed'),
  Type.Literal('denied'),
  Type.Literal('cancelled'),
  Type.Literal('timed_out'),
]);
export type ResultStatus = Static<typeof ResultStatus>;

/** Isolation tiers of CONTRACT §9; `none` when nothing ran. */
export const IsolationTier = Type.Union([
  Type.Literal('thread'),
  Type.Literal('process'),
  Type.Literal('wasm'),
  Type.Literal('none'),
]);
export type IsolationTier = Static<typeof IsolationTier>;

export const ResultError = Type.Object(
  {
    code: Code,
    kind: ErrorKindSchema,
    message: Message,
    retryable: Type.Boolean(),
    remedy: Type.Optional(Message),
    gate: Type.Optional(ShortId),
    details_ref: Type.Optional(ArtifactHandle),
  },
  CLOSED,
);
export type ResultError = Static<typeof ResultError>;

/** Where and with what it ran: everything that can change a result besides inputs and config. */
export const Environment = Type.Object(
  {
    runtime: ShortId,
    runtime_version: ShortId,
    os: ShortId,
    arch: ShortId,
    /** The tier really enforced, not the one asked for. */
    isolation_tier: IsolationTier,
    tool_versions: mapOf(Type.String({ maxLength: 256 })),
    advisory_db_version: Type.Optional(ShortId),
    contract_version: ShortId,
  },
  CLOSED,
);
export type Environment = Static<typeof Environment>;

const CapabilityGrantRecord = Type.Object({ capability_id: CapabilityId, consent_id: Type.Optional(ShortId) }, CLOSED);

/** CONTRACT §4. For an operation denied before an engine was found, the engine parts say what was asked for. */
export const Provenance = Type.Object(
  {
    engine_id: EngineId,
    engine_version: Type.Optional(Version),
    operation: OperationName,
    implementation: Type.Optional(ShortId),
    bundle_sha256: Type.Optional(Sha256),
    inputs: Type.Array(Sha256, { maxItems: BOUNDS.maxInputs }),
    outputs: Type.Array(Sha256, { maxItems: BOUNDS.maxOutputs }),
    /** Digest of what configured the run: params, grant, policy and registry digests. */
    config_hash: Type.Optional(Sha256),
    operation_sha256: Sha256,
    capabilities_granted: Type.Array(CapabilityGrantRecord, { maxItems: BOUNDS.maxCapabilities }),
    determinism: Determinism,
    environment: Environment,
    cached_from: Type.Optional(Uuid),
  },
  CLOSED,
);
export type Provenance = Static<typeof Provenance>;

/** What a planner gets for every well-formed request, denials included (CONTRACT §4). */
export const EngineResult = Type.Object(
  {
    schema_version: Type.Literal('mex.engine_result@1.0'),
    op_id: Uuid,
    status: ResultStatus,
    started_at: Timestamp,
    ended_at: Timestamp,
    outputs: Type.Array(ArtifactHandle, { maxItems: BOUNDS.maxOutputs }),
    evidence: Type.Array(ArtifactHandle, { maxItems: BOUNDS.maxOutputs }),
    provenance: Provenance,
    errors: Type.Array(ResultError, { maxItems: BOUNDS.maxErrors }),
    /** Small facts for a person, ≤ 32 KB canonical; the real results are the outputs. */
    summary: Type.Optional(mapOf(Type.Unknown())),
    budget: FullBudget,
    usage: FullBudget,
    logs_ref: Type.Optional(ArtifactHandle),
  },
  { ...CLOSED, $id: 'mex:engine-result' },
);
export type EngineResult = Static<typeof EngineResult>;
