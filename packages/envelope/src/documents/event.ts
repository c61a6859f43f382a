import { type Static, type TProperties, Type } from '@sinclair/typebox';
import { BOUNDS } from '../bounds.ts';
import { ArtifactHandle } from './artifact.ts';
import { FullBudget } from './budget.ts';
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
import { Severity } from './problem.ts';
import { IsolationTier, ResultStatus } from './result.ts';

/** Members every event may carry (CONTRACT §11). An operation's events share `activity_span_id` = op_id; a run's, `session_span_id` = run_id. */
const base = {
  event_id: Uuid,
  timestamp: Timestamp,
  actor: Actor,
  job_id: Type.Optional(ShortId),
  trace_id: Type.Optional(ShortId),
  model_id: Type.Optional(ShortId),
  wsids: Type.Optional(Type.Array(ShortId, { maxItems: 64 })),
  activity_span_id: Type.Optional(ShortId),
  session_span_id: Type.Optional(ShortId),
  capability_id: Type.Optional(ShortId),
  policy_decision_id: Type.Optional(ShortId),
};

const event = <T extends string, P extends TProperties>(type: T, body: P) =>
  Type.Object({ ...base, type: Type.Literal(type), ...body }, CLOSED);

const Path = Type.String({ maxLength: BOUNDS.maxPathChars });
const Ref = Type.String({ maxLength: 256 });
const Refs = Type.Array(Ref, { maxItems: 1_000 });
const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

/** FR-EVT-001 */
const TerminalCommandEvent = event('terminal_command', {
  session_id: ShortId,
  cwd: Path,
  command: Path,
  args: Type.Array(Type.String({ maxLength: 4_096 }), { maxItems: 1_000 }),
  exit_code: Nullable(Type.Integer()),
  duration_ms: Type.Number({ minimum: 0 }),
  stdout_ref: Nullable(Ref),
  stderr_ref: Nullable(Ref),
  env_ref: Nullable(Ref),
});

/** FR-EVT-002 */
const EditorEditEvent = event('editor_edit', {
  editor_surface: ShortId,
  path: Path,
  before_hash: Nullable(Sha256),
  after_hash: Nullable(Sha256),
  diff_hash: Nullable(Sha256),
  ops: Count,
});

/** FR-EVT-003 */
const DiagnosticEvent = event('diagnostic', {
  diagnostic_id: Uuid,
  severity: Severity,
  source: ShortId,
  wsid: Type.Optional(ShortId),
});

/** FR-EVT-005 */
const DebugBundleExportEvent = event('debug_bundle_export', {
  bundle_id: Uuid,
  scope: ShortId,
  redaction_mode: Type.Union([Type.Literal('SAFE_DEFAULT'), Type.Literal('WORKSPACE'), Type.Literal('FULL_LOCAL')]),
  included_ids: Refs,
  missing_evidence: Refs,
});

/** FR-EVT-006 */
const LlmInferenceEvent = event('llm_inference', {
  trace_id: ShortId,
  model_id: ShortId,
  token_usage: Type.Object({ input: Count, output: Count }, CLOSED),
  latency_ms: Type.Number({ minimum: 0 }),
  prompt_hash: Sha256,
  response_hash: Sha256,
});

/** FR-EVT-007 */
const ToolCallEvent = event('tool_call', {
  tool_call_id: Uuid,
  tool_id: ShortId,
  tool_version: ShortId,
  transport: Type.Union([Type.Literal('local'), Type.Literal('mcp'), Type.Literal('mex'), Type.Literal('other')]),
  side_effect: Type.Union([
    Type.Literal('none'),
    Type.Literal('read'),
    Type.Literal('write'),
    Type.Literal('external'),
  ]),
  idempotency: Type.Union([Type.Literal('idempotent'), Type.Literal('keyed'), Type.Literal('none')]),
  idempotency_key: Type.Optional(ShortId),
  ok: Type.Boolean(),
  args_hash: Sha256,
  args_ref: Type.Optional(Ref),
  result_hash: Nullable(Sha256),
  result_ref: Type.Optional(Ref),
  error: Nullable(Code),
  timing: Type.Object({ started_at: Timestamp, duration_ms: Type.Number({ minimum: 0 }) }, CLOSED),
  resources_touched: Refs,
  capability_ids: Type.Array(ShortId, { maxItems: 64 }),
});

/** FR-EVT-WF-RECOVERY */
const WorkflowRecoveryEvent = event('workflow_recovery', {
  workflow_run_id: ShortId,
  from_state: ShortId,
  to_state: ShortId,
  reason: Message,
  last_heartbeat_ts: Nullable(Timestamp),
  threshold_secs: Type.Number({ minimum: 0 }),
});

/** CONTRACT §7: exactly these besides the base members. */
const CapabilityCheckEvent = Type.Object(
  {
    ...base,
    type: Type.Literal('capability_check'),
    capability_id: ShortId,
    actor_id: ShortId,
    job_id: ShortId,
    decision_outcome: Type.Union([Type.Literal('allow'), Type.Literal('deny')]),
  },
  CLOSED,
);

const govBody = {
  decision_id: Uuid,
  gate_type: ShortId,
  target_ref: Ref,
  automation_level: ShortId,
  decision: Type.Optional(Type.Union([Type.Literal('approve'), Type.Literal('reject'), Type.Literal('defer')])),
  confidence: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  rationale: Type.Optional(Message),
  evidence_refs: Type.Optional(Refs),
  user_id: Type.Optional(ShortId),
};

/** FR-EVT-GOV-001 … 005 */
const GovDecisionCreatedEvent = event('gov_decision_created', govBody);
const GovDecisionAppliedEvent = event('gov_decision_applied', govBody);
const GovAutoSignatureCreatedEvent = event('gov_auto_signature_created', govBody);
const GovHumanInterventionRequestedEvent = event('gov_human_intervention_requested', govBody);
const GovHumanInterventionReceivedEvent = event('gov_human_intervention_received', govBody);

const cloudBody = {
  request_id: Uuid,
  reason: Message,
  requested_model_id: ShortId,
  projection_plan_id: Type.Optional(Uuid),
  consent_receipt_id: Type.Optional(Uuid),
  outcome: Type.Optional(ShortId),
};

/** FR-EVT-CLOUD-001 … 004 */
const CloudEscalationRequestedEvent = event('cloud_escalation_requested', cloudBody);
const CloudEscalationApprovedEvent = event('cloud_escalation_approved', cloudBody);
const CloudEscalationDeniedEvent = event('cloud_escalation_denied', cloudBody);
const CloudEscalationExecutedEvent = event('cloud_escalation_executed', cloudBody);

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

/** Every event a recorder accepts, by `type` (and `subject` for `system`). */
export const EVENT_SCHEMAS = {
  terminal_command: TerminalCommandEvent,
  editor_edit: EditorEditEvent,
  diagnostic: DiagnosticEvent,
  debug_bundle_export: DebugBundleExportEvent,
  llm_inference: LlmInferenceEvent,
  tool_call: ToolCallEvent,
  workflow_recovery: WorkflowRecoveryEvent,
  capability_check: CapabilityCheckEvent,
  gov_decision_created: GovDecisionCreatedEvent,
  gov_decision_applied: GovDecisionAppliedEvent,
  gov_auto_signature_created: GovAutoSignatureCreatedEvent,
  gov_human_intervention_requested: GovHumanInterventionRequestedEvent,
  gov_human_intervention_received: GovHumanInterventionReceivedEvent,
  cloud_escalation_requested: CloudEscalationRequestedEvent,
  cloud_escalation_approved: CloudEscalationApprovedEvent,
  cloud_escalation_denied: CloudEscalationDeniedEvent,
  cloud_escalation_executed: CloudEscalationExecutedEvent,
} as const;

export type SystemEvent = Static<(typeof SystemEvents)[number]>;
type PlainEvent = { [K in keyof typeof EVENT_SCHEMAS]: Static<(typeof EVENT_SCHEMAS)[K]> }[keyof typeof EVENT_SCHEMAS];
/** Anything the flight recorder may hold. */
export type FlightEvent = PlainEvent | SystemEvent;
export type FlightEventType = FlightEvent['type'];
export type SystemSubject = SystemEvent['subject'];

/** The FR-EVT id of each event type (CONTRACT §11); `system` and `capability_check` have none. */
export const EVENT_IDS: Readonly<Partial<Record<FlightEventType, string>>> = {
  terminal_command: 'FR-EVT-001',
  editor_edit: 'FR-EVT-002',
  diagnostic: 'FR-EVT-003',
  debug_bundle_export: 'FR-EVT-005',
  llm_inference: 'FR-EVT-006',
  tool_call: 'FR-EVT-007',
  workflow_recovery: 'FR-EVT-WF-RECOVERY',
  gov_decision_created: 'FR-EVT-GOV-001',
  gov_decision_applied: 'FR-EVT-GOV-002',
  gov_auto_signature_created: 'FR-EVT-GOV-003',
  gov_human_intervention_requested: 'FR-EVT-GOV-004',
  gov_human_intervention_received: 'FR-EVT-GOV-005',
  cloud_escalation_requested: 'FR-EVT-CLOUD-001',
  cloud_escalation_approved: 'FR-EVT-CLOUD-002',
  cloud_escalation_denied: 'FR-EVT-CLOUD-003',
  cloud_escalation_executed: 'FR-EVT-CLOUD-004',
};
