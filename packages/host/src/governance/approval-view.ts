import type { Answer, CaseState, DecisionCase, DecisionView } from '@mex/governance';
import type { InboxRow } from './decision-tables.ts';

/** One line of the inbox. */
export interface ApprovalSummary {
  readonly approval_id: string;
  readonly state: CaseState;
  readonly gate_type: string;
  readonly actor_id: string;
  readonly reason: string;
  readonly engine_id: string;
  readonly operation: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly approvals_needed: number;
}

/** One request with everything a person decides on, as the log proves it. */
export interface ApprovalView extends ApprovalSummary {
  readonly automation_level: string;
  readonly target_ref: string;
  readonly approvers: readonly string[];
  readonly run_id?: string;
  readonly answers: readonly {
    readonly user_id: string;
    readonly decision: Answer['verdict'];
    readonly scope: Answer['scope'];
    readonly rationale: string;
    readonly timestamp: string;
    readonly until?: string;
  }[];
  /** What it was used for: op_ids. */
  readonly uses: readonly string[];
  /** The operation and the code that would run; secrets masked. */
  readonly held: unknown;
}

const SUBJECT = /^operation:([^:]+):([^:]+)$/;

/** How a held operation is named among the evidence of its case. */
export function subjectRef(engineId: string, operation: string): string {
  return `operation:${engineId}:${operation}`;
}

function summarize(subject: DecisionCase, state: CaseState): ApprovalSummary {
  const [engine_id = '', operation = ''] = subject.evidenceRefs
    .flatMap((ref) => SUBJECT.exec(ref)?.slice(1) ?? [])
    .slice(0, 2);
  return {
    approval_id: subject.decisionId,
    state,
    gate_type: subject.gateType,
    actor_id: subject.actor.id,
    reason: subject.rationale,
    engine_id,
    operation,
    created_at: new Date(subject.createdAt).toISOString(),
    expires_at: new Date(subject.expiresAt).toISOString(),
    approvals_needed: subject.approvals,
  };
}

export function summarizeRow({ subject, state, expiresAt }: InboxRow, now: number): ApprovalSummary {
  if (state === 'halted') return summarize(subject, state);
  if (state === 'ended') return summarize(subject, endedState(expiresAt, now));
  if (expiresAt <= now) return summarize(subject, 'expired');
  return summarize(subject, state === 'open' ? 'pending' : 'approved');
}

function endedState(expiresAt: number, now: number): CaseState {
  return expiresAt <= now ? 'expired' : 'rejected';
}

export function describeView({ subject, state, answers, uses }: DecisionView): ApprovalView {
  return {
    ...summarize(subject, state),
    automation_level: subject.level,
    target_ref: subject.targetRef,
    approvers: subject.approvers,
    ...(subject.runId === undefined ? {} : { run_id: subject.runId }),
    answers: answers.map(({ userId, verdict, scope, until, rationale, at }) => ({
      user_id: userId,
      decision: verdict,
      scope,
      rationale,
      timestamp: new Date(at).toISOString(),
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    })),
    uses,
    held: subject.detail === undefined ? null : JSON.parse(subject.detail),
  };
}
