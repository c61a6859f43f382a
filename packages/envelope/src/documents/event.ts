import { type Static, Type } from '@sinclair/typebox';
import { event, eventBase, Nullable, Path, Ref, Refs } from './event-base.ts';
import { CLOSED, Code, Count, Message, Sha256, ShortId, Timestamp, Uuid } from './primitives.ts';
import { Severity } from './problem.ts';
import { SystemEvents } from './system-event.ts';

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
    ...eventBase,
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
