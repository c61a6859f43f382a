import { randomUUID } from 'node:crypto';
import { clipText, type FlightEvent } from '@mex/envelope';
import { redact, stripControl } from '@mex/guard';
import type { Caller } from '@mex/runtime';

type CloudType =
  | 'cloud_escalation_requested'
  | 'cloud_escalation_approved'
  | 'cloud_escalation_denied'
  | 'cloud_escalation_executed';

/** What every event of one escalation says. */
export interface CloudStory {
  readonly requestId: string;
  readonly reason: string;
  readonly modelId: string;
  readonly caller: Caller;
  readonly planId?: string;
  readonly receiptId?: string;
  readonly jobId?: string;
  readonly runId?: string;
}

const MAX_REASON = 1_000;

/** FR-EVT-CLOUD-001 … 004. The story of an escalation is found under its request id, which is its op_id, too. */
export function cloudEvent(type: CloudType, story: CloudStory, now: number, outcome?: string): FlightEvent {
  const { requestId, reason, modelId, caller, planId, receiptId, jobId, runId } = story;
  const event = {
    event_id: randomUUID(),
    timestamp: new Date(now).toISOString(),
    actor: { kind: caller.kind, id: caller.id },
    activity_span_id: requestId,
    ...(runId === undefined ? {} : { session_span_id: runId }),
    ...(jobId === undefined ? {} : { job_id: jobId }),
    request_id: requestId,
    reason: cleanReason(reason),
    requested_model_id: modelId,
    ...(planId === undefined ? {} : { projection_plan_id: planId }),
    ...(receiptId === undefined ? {} : { consent_receipt_id: receiptId }),
    ...(outcome === undefined ? {} : { outcome }),
  };
  return { ...event, type };
}

/** A planner's words on their way into the record. */
export function cleanReason(reason: string): string {
  return clipText(redact(stripControl(reason)), MAX_REASON);
}
