import type { ArtifactHandle, ConsentReceipt, EngineResult, ProjectionPlan } from '@mex/envelope';
import type { JsonValue } from '@mex/guard';
import type { CloudErrorCode } from './cloud-errors.ts';

/** What a caller wants a model elsewhere to see. */
export interface EscalationRequest {
  /** For the person who decides. */
  readonly reason: string;
  /** One of `governance.cloud.models`. */
  readonly modelId: string;
  /** Name → value. Secrets in them are masked before anything else happens. */
  readonly fields?: Readonly<Record<string, JsonValue>>;
  /** Texts of the store; only exportable ones. */
  readonly artifacts?: readonly ArtifactHandle[];
  /** In bytes, at most what policy allows. */
  readonly maxBytes?: number;
  readonly jobId?: string;
  readonly runId?: string;
}

/** Goes on with an escalation that was held. */
export interface EscalationReference {
  readonly requestId: string;
}

/**
 * What became of an escalation. `held`: a person has to consent; then it goes on with its `request_id`. `denied`: nothing
 * left. `failed`: it was sent, or tried to be, and did not succeed.
 */
export interface Escalation {
  readonly request_id: string;
  readonly outcome: 'held' | 'denied' | 'sent' | 'failed';
  /** Why not. */
  readonly code?: CloudErrorCode | (string & {});
  readonly message?: string;
  readonly remedy?: string;
  /** What waits in the inbox, or was decided. */
  readonly approval_id?: string;
  readonly plan?: ProjectionPlan;
  readonly payload?: ArtifactHandle;
  readonly receipt?: ConsentReceipt;
  /** What the model answered. All of it is the model's word. */
  readonly response?: ArtifactHandle;
  readonly result?: EngineResult;
}
