import type { ArtifactStore } from '@mex/artifacts';
import type { FlightRecorder } from '@mex/flight-recorder';
import type { Registry } from '@mex/registry';
import { type ApprovalDesk, createApprovalDesk } from './approval-desk.ts';
import { createDecisionDocuments } from './decision-documents.ts';
import { DEFAULT_GOVERNANCE, type GovernancePolicy } from './governance-policy.ts';
import { type Approvals, createInbox } from './inbox.ts';

/** What people answer, and what waits for them. */
export interface Governed {
  readonly approvals: Approvals;
  readonly desk: ApprovalDesk;
}

/** Wires the approvals of a home. Without a policy for them nothing waits, and answers to old requests still count. */
export function openApprovals(parts: {
  readonly recorder: FlightRecorder;
  readonly artifacts: ArtifactStore;
  readonly registry: Registry;
  readonly policy: GovernancePolicy | undefined;
}): Governed {
  const policy = parts.policy ?? DEFAULT_GOVERNANCE;
  const inbox = createInbox(parts.recorder, createDecisionDocuments(parts.artifacts), policy, Date.now);
  return { approvals: inbox.approvals, desk: createApprovalDesk(policy, parts.registry, inbox) };
}
