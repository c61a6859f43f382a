import type { ConsentReceipt, PlannedOperation, ProjectionPlan } from '@mex/envelope';
import type { Gate } from '@mex/gates';
import { CLOUD_ENGINE } from './cloud-engine.ts';

/** A send that host.escalate looked at just now: its plan as the store has it. */
export interface PreparedSend {
  readonly plan: ProjectionPlan;
  /** Once a person's approval is put to use. */
  receipt?: ConsentReceipt;
}

/** Whether an operation sends exactly what its plan says, to where it says (CONTRACT §12). */
export function followsPlan({ inputs, params }: PlannedOperation, plan: ProjectionPlan): boolean {
  const [payload] = inputs;
  return (
    payload !== undefined &&
    'sha256' in payload &&
    payload.sha256 === plan.payload_sha256 &&
    payload.size_bytes <= plan.max_bytes &&
    params['url'] === plan.destination &&
    params['model_id'] === plan.requested_model_id &&
    params['projection_plan_id'] === plan.projection_plan_id
  );
}

/** G-CLOUD: nothing is sent that host.escalate has not projected. What is prepared is looked up before: a gate looks nothing up. */
export function cloudGate(prepared: ReadonlyMap<string, PreparedSend>): Gate {
  return {
    id: 'G-CLOUD',
    pre: (operation) => {
      if (operation.engine_id !== CLOUD_ENGINE) return undefined;
      const send = prepared.get(operation.op_id);
      if (send !== undefined && followsPlan(operation, send.plan)) return undefined;
      return {
        gate: 'G-CLOUD',
        code: 'CLOUD_NOT_PROJECTED',
        kind: 'policy',
        reason: 'It would send something that has no projection plan here.',
        severity: 'error',
        remedy: 'Escalate through host.escalate.',
        retryable: true,
      };
    },
  };
}
