import { type AutomationLevel, DEFAULT_TABLE, type DecisionTable } from '@mex/governance';
import type { CloudPolicy } from './cloud/cloud-policy.ts';

/** Which operations wait for a decision. Every condition that is given has to fit. */
export interface ApprovalRule {
  readonly when: {
    /** An engine id, or its beginning with `.*`. */
    readonly engine?: string;
    readonly operation?: string;
    /** Fits when the operation requests something it covers, or is covered by. */
    readonly capability?: string;
    /** The caller's id. */
    readonly actor?: string;
  };
  /** A row of the decision table. */
  readonly gateType: string;
  /** Approvals it takes. */
  readonly approvals: number;
  /** Ids of who may approve; empty: any person. */
  readonly approvers: readonly string[];
  /** Why, for whoever is asked. */
  readonly reason: string;
}

/** The part of a policy that says who lets what happen (CONTRACT §12). */
export interface GovernancePolicy {
  readonly automationLevel: AutomationLevel;
  readonly table: DecisionTable;
  /** The first rule that fits counts. */
  readonly approvals: readonly ApprovalRule[];
  /** How long a request waits for its answers, in ms. */
  readonly requestLastsMs: number;
  /** Most requests of one actor that wait at the same time: whoever asks without end drowns what others ask. */
  readonly maxPending: number;
  /** What may leave for models elsewhere; absent: nothing (CONTRACT §12). */
  readonly cloud?: CloudPolicy;
}

/** In force when a policy says nothing of it. */
export const DEFAULT_GOVERNANCE: GovernancePolicy = {
  automationLevel: 'FULL_HUMAN',
  table: DEFAULT_TABLE,
  approvals: [],
  requestLastsMs: 7 * 86_400_000,
  maxPending: 1_000,
};
