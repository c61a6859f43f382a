import { type TProperties, Type } from '@sinclair/typebox';
import { BOUNDS } from '../bounds.ts';
import { ArtifactHandle } from './artifact.ts';
import { FullBudget } from './budget.ts';
import { event, Path, Ref, Refs } from './event-base.ts';
import { Actor } from './operation.ts';
import {
  CapabilityId,
  CLOSED,
  Code,
  Count,
  EngineId,
  Message,
  OperationName,
  Sha256,
  ShortId,
  Timestamp,
  Uuid,
  Version,
} from './primitives.ts';
import { IsolationTier, ResultStatus } from './result.ts';

const GateVerdict = Type.Object(
  {
    gate: ShortId,
    outcome: Type.Union([Type.Literal('pass'), Type.Literal('deny')]),
    code: Type.Optional(Code),
    reason: Type.Optional(Message),
  },
  CLOSED,
);

const system = <S extends string, P extends TProperties>(subject: S, body: P) =>
  event('system', { subject: Type.Literal(subject), body: Type.Object(body, CLOSED) });

/** `system` events: one typed body per subject. Adding a subject is a contract change of this package. */
export const SystemEvents = [
  /** The plan came in, was digested and judged. With `grant`: what it may do; it starts once this is on the disk. */
  system('operation.checked', {
    op_id: Uuid,
    engine_id: EngineId,
    operation: OperationName,
    operation_sha256: Sha256,
    /** Pre-gates in the order asked; those after a denial were not asked. */
    gates: Type.Array(GateVerdict, { maxItems: 64 }),
    /** Digest of the facts the gates decided on. */
    facts_sha256: Sha256,
    /** Who the plan says it is from; `actor` is who sent it. */
    claimed_actor: Type.Optional(Actor),
    /** Whether a valid certificate for exactly this bundle was held (CONTRACT §10), and which. */
    certified: Type.Optional(Type.Boolean()),
    certificate_sha256: Type.Optional(Sha256),
    grant: Type.Optional(
      Type.Object({ grant_sha256: Sha256, tier: IsolationTier, bundle_sha256: Sha256, budget: FullBudget }, CLOSED),
    ),
  }),
  /** Refused at the door: no operation, or one that may not be asked for in this form. Nothing of it is kept but its digest. */
  system('operation.refused', { input_sha256: Sha256, code: Code }),
  system('engine.run', {
    op_id: Uuid,
    engine_id: EngineId,
    engine_version: Type.Optional(Version),
    operation: OperationName,
    status: ResultStatus,
    tier: IsolationTier,
    /** Post-gates in the order asked; empty when the engine did not get that far. */
    gates: Type.Array(GateVerdict, { maxItems: 64 }),
    artifact_refs: Refs,
    evidence_refs: Refs,
    result_sha256: Sha256,
    usage: FullBudget,
    error_codes: Type.Array(Code, { maxItems: BOUNDS.maxErrors }),
    diagnostic_ids: Type.Optional(Type.Array(Uuid, { maxItems: 1_000 })),
    /** Nothing ran: the recorded result of that operation was proven, verified and served again. `tier` is where it was made. */
    cached_from: Type.Optional(Uuid),
    /** The result may be served again under this key. Proves the cache's entry, and the Problems that go with it. */
    cache: Type.Optional(Type.Object({ key_sha256: Sha256, problems_sha256: Sha256 }, CLOSED)),
  }),
  /** A kept result was not what it was; it was not served, and the engine ran. */
  system('cache.refused', { op_id: Uuid, cached_op_id: Uuid, key_sha256: Sha256, code: Code }),
  /** A recorded operation was held against a second run, or against its evidence. `activity_span_id` is that operation. */
  system('operation.replayed', {
    replayed_op_id: Uuid,
    /** Digest of the recorded result that was compared. */
    result_sha256: Type.Optional(Sha256),
    /** The second run; absent where nothing was run. */
    op_id: Type.Optional(Uuid),
    verdict: Type.Union([
      Type.Literal('equal'),
      Type.Literal('differs'),
      Type.Literal('evidence_checked'),
      Type.Literal('not_replayable'),
      Type.Literal('damaged'),
    ]),
    compared: Type.Union([
      Type.Literal('bytes'),
      Type.Literal('canonical'),
      Type.Literal('evidence'),
      Type.Literal('nothing'),
    ]),
    differences: Count,
    /** Why it was not replayed, or what is damaged. */
    reason: Type.Optional(ShortId),
  }),
  system('broker.denied', { op_id: Uuid, call: ShortId, code: Code }),
  /** One request on the wire, or refused on its way there. No query, no headers, no payload. */
  system('broker.http', {
    op_id: Uuid,
    method: ShortId,
    origin: Type.String({ maxLength: 300 }),
    path: Type.String({ maxLength: 512 }),
    capability_id: CapabilityId,
    hop: Count,
    status: Type.Optional(Count),
    code: Type.Optional(Code),
    bytes_sent: Count,
    bytes_received: Count,
    duration_ms: Count,
  }),
  system('worker.killed', { op_id: Uuid, reason: Code }),
  /** A tier was tried with escapes on this machine: how many it stopped, and the names of those it did not. */
  system('sandbox.proven', {
    tier: IsolationTier,
    held: Type.Boolean(),
    stopped: Count,
    escaped: Type.Array(ShortId, { maxItems: 64 }),
  }),
  /** A sandbox was told to end and has not: V8 does not interrupt every loop. */
  system('sandbox.unstoppable', { tier: IsolationTier, engine_id: EngineId }),
  system('host.started', {
    host_version: ShortId,
    registry_sha256: Sha256,
    policy_sha256: Sha256,
    development: Type.Boolean(),
  }),
  system('host.stopped', { reason: ShortId }),
  /** An operator consented (CONTRACT §7); `actor` is who. The digest is over the canonical ConsentRecord without `revocation`. */
  system('consent.granted', {
    consent_id: Uuid,
    actor_id: ShortId,
    capability_id: CapabilityId,
    valid_until: Timestamp,
    record_sha256: Sha256,
  }),
  system('consent.revoked', { consent_id: Uuid }),
  /** A group of operations was opened. The digest is over its whole definition: actor, budgets, workspace. */
  system('run.opened', { run_id: Uuid, actor_id: ShortId, automation_level: ShortId, run_sha256: Sha256 }),
  system('run.state_changed', { run_id: Uuid, from: ShortId, to: ShortId, reason: Message }),
  /** From here on a workspace is being changed; the snapshot says from what to what. On the disk before the first write. */
  system('change_set.started', {
    change_id: Uuid,
    run_id: Uuid,
    direction: Type.Union([Type.Literal('apply'), Type.Literal('rollback')]),
    change_set_sha256: Sha256,
    snapshot_sha256: Sha256,
    files: Count,
    changed_lines: Count,
  }),
  /** `undone`: the workspace is as it was before. `conflicts`: paths that somebody else changed meanwhile, left as they are. */
  system('change_set.ended', {
    change_id: Uuid,
    run_id: Uuid,
    direction: Type.Union([Type.Literal('apply'), Type.Literal('rollback')]),
    outcome: Type.Union([Type.Literal('done'), Type.Literal('undone')]),
    recovered: Type.Boolean(),
    conflicts: Type.Array(Path, { maxItems: 100 }),
  }),
  /** Nothing of it was written. */
  system('change_set.refused', {
    run_id: Uuid,
    change_set_sha256: Sha256,
    code: Code,
    conflicts: Type.Array(Path, { maxItems: 100 }),
  }),
  system('registry.entry_disabled', { engine_id: ShortId, code: Code }),
  system('registry.engine_added', {
    engine_id: EngineId,
    engine_version: Version,
    bundle_sha256: Sha256,
    certificate_sha256: Type.Optional(Sha256),
  }),
  system('registry.engine_removed', { engine_id: ShortId }),
  system('registry.engine_disabled', { engine_id: ShortId }),
  system('registry.engine_enabled', { engine_id: ShortId }),
  /** The conformance suite was run (CONTRACT §15). With `certificate_sha256`: every case passed, and it was signed. */
  system('certification.ended', {
    engine_id: EngineId,
    engine_version: Version,
    bundle_sha256: Sha256,
    manifest_sha256: Sha256,
    harness_version: Version,
    tiers: Type.Array(IsolationTier, { maxItems: 8 }),
    certified: Type.Boolean(),
    passed: Count,
    failed: Count,
    skipped: Count,
    not_applicable: Count,
    report_ref: Ref,
    report_sha256: Sha256,
    /** SHA-256 of the signed payload. */
    certificate_sha256: Type.Optional(Sha256),
    key_id: Type.Optional(Sha256),
    expires_at: Type.Optional(Timestamp),
  }),
  system('artifact.materialized', { artifact_id: Uuid, sha256: Sha256, target_sha256: Sha256 }),
  system('artifact.quarantined', {
    artifact_id: Type.Optional(Uuid),
    sha256: Sha256,
    found_sha256: Type.Optional(Sha256),
  }),
  system('directory.pinned', { artifact_id: Uuid, sha256: Sha256, entries: Count }),
  system('problem.status_changed', { diagnostic_id: Uuid, from: ShortId, to: ShortId }),
  system('log.recovered', { size: Count, root_sha256: Sha256, reason: ShortId }),
  system('log.pruned', { first_kept: Count, root_sha256: Sha256 }),
  system('meta.gc_summary', {
    report: ArtifactHandle,
    scanned: Count,
    pruned: Count,
    spared_by_pin: Count,
    spared_by_window: Count,
    bytes_freed: Count,
  }),
] as const;
