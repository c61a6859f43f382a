import type { ArtifactStore } from '@mex/artifacts';
import type { FlightRecorder } from '@mex/flight-recorder';
import type { Gate } from '@mex/gates';
import type { AutomationLevel } from '@mex/governance';
import type { Registry } from '@mex/registry';
import { type ApprovalDesk, createApprovalDesk } from './approval-desk.ts';
import { cloudGate, type PreparedSend } from './cloud/cloud-gate.ts';
import { cloudRule } from './cloud/cloud-policy.ts';
import { type EscalatePowers, receiptEvents } from './cloud/escalate.ts';
import { createDecisionDocuments } from './decision-documents.ts';
import { DEFAULT_GOVERNANCE, type GovernancePolicy } from './governance-policy.ts';
import { type Approvals, createInbox } from './inbox.ts';

/** What people answer, and what waits for them. */
export interface Governed {
  readonly approvals: Approvals;
  readonly desk: ApprovalDesk;
  /** Added gates, in their order: nobody is asked about what another one denies. */
  readonly gates: readonly Gate[];
  readonly policy: GovernancePolicy;
  /** What is needed to send something to a model elsewhere, apart from running it. */
  readonly cloud: Pick<
    EscalatePowers,
    'policy' | 'prepared' | 'flights' | 'recorder' | 'artifacts' | 'now' | 'approvalOf'
  >;
}

/** Wires the approvals of a home. Without a policy for them nothing waits, and answers to old requests still count. */
export function openApprovals(parts: {
  readonly recorder: FlightRecorder;
  readonly artifacts: ArtifactStore;
  readonly registry: Registry;
  readonly policy: GovernancePolicy | undefined;
  /** The automation level in a run, or outside of any. */
  readonly levelOf: (runId: string | undefined) => AutomationLevel;
}): Governed {
  const { recorder, artifacts, registry } = parts;
  const policy = withCloud(parts.policy ?? DEFAULT_GOVERNANCE);
  const inbox = createInbox(recorder, createDecisionDocuments(artifacts), policy, Date.now);
  const prepared = new Map<string, PreparedSend>();
  const sending = { prepared, artifacts, now: Date.now };
  const desk = createApprovalDesk(policy, registry, inbox, parts.levelOf, (operation, caller, view) =>
    receiptEvents(operation, caller, view, sending),
  );
  const approvalOf: EscalatePowers['approvalOf'] = async (operation, caller) => {
    const found = await desk.lookUp(operation, caller);
    return found?.ticket.asked === true ? found.ticket.approvalId : undefined;
  };
  const gates = policy.cloud === undefined ? desk.gates : [cloudGate(prepared), ...desk.gates];
  return {
    approvals: inbox.approvals,
    desk,
    gates,
    policy,
    cloud: { policy, recorder, ...sending, approvalOf, flights: new Map() },
  };
}

function withCloud(policy: GovernancePolicy): GovernancePolicy {
  return policy.cloud === undefined ? policy : { ...policy, approvals: [cloudRule(policy.cloud), ...policy.approvals] };
}
