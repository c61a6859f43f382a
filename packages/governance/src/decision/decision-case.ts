import type { GovernanceVerdict } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import type { AutomationLevel } from '../automation/level.ts';

/**
 * How far an approval reaches, the narrowest first; the narrowest one that any approver gave counts. `once`: one use of
 * exactly this. `operation`: exactly this, again and again. `run`: this kind of thing in this run. `capability`: this
 * kind of thing. All of them end with their time.
 */
export const APPROVAL_SCOPES = ['once', 'operation', 'run', 'capability'] as const;
export type ApprovalScope = (typeof APPROVAL_SCOPES)[number];

/** One gated step as it was put up for decision. Nothing in it ever changes; its digest is in the log. */
export interface DecisionCase {
  readonly decisionId: string;
  readonly gateType: string;
  /** What is decided about, with the digest of exactly that: see `targetRef`. */
  readonly targetRef: string;
  /** What is decided about when an approval reaches further: everything of this kind, in the same form. */
  readonly kindRef?: string;
  readonly level: AutomationLevel;
  readonly confidence: number;
  readonly rationale: string;
  /** What the people who are asked are shown, whole; secrets masked. */
  readonly detail?: string;
  readonly evidenceRefs: readonly string[];
  readonly outcome: 'auto' | 'human' | 'halt';
  /** What LOCKED made of it. */
  readonly halted?: 'reject' | 'defer';
  /** Who asks, as the host application authenticated it. */
  readonly actor: { readonly id: string; readonly kind: 'human' | 'agent' | 'system' };
  /** The model behind it; signs when it may. */
  readonly modelId: string;
  readonly autoSignatureId?: string;
  readonly runId?: string;
  /** Approvals it takes. */
  readonly approvals: number;
  /** Who may approve; empty: any person. */
  readonly approvers: readonly string[];
  /** Ms since 1970. */
  readonly createdAt: number;
  /** Ms since 1970: neither can it be answered afterwards, nor applied. */
  readonly expiresAt: number;
}

/** One person's answer. */
export interface Answer {
  readonly userId: string;
  readonly verdict: GovernanceVerdict;
  readonly scope: ApprovalScope;
  /** When an approval ends, in ms since 1970; default the end of the case. */
  readonly until?: number;
  readonly rationale: string;
  readonly at: number;
}

export type CaseState = 'pending' | 'approved' | 'rejected' | 'expired' | 'halted';

/** Digest of everything that was put up for decision. */
export function caseDigest(subject: DecisionCase): string {
  return digestJson(subject);
}

const TARGET = /^[^\s\p{Cc}@]{1,180}@sha256:[0-9a-f]{64}$/u;

/**
 * Names what a decision is about together with the digest of exactly that, so that nothing else ever fits.
 * @param what e.g. `operation` or `spec:ab-12`; no white space and no `@`
 */
export function targetRef(what: string, sha256: string): string {
  const ref = `${what}@sha256:${sha256}`;
  if (!isTargetRef(ref)) throw new RangeError(`no target of a decision: ${what}`);
  return ref;
}

export function isTargetRef(ref: string): boolean {
  return TARGET.test(ref);
}

/** What answers make of a case. One rejection ends it; `defer` leaves it open. */
export function caseState(subject: DecisionCase, answers: readonly Answer[], now: number): CaseState {
  if (subject.outcome === 'halt') return 'halted';
  if (answers.some((answer) => answer.verdict === 'reject')) return 'rejected';
  const approved = new Set(answers.filter(({ verdict }) => verdict === 'approve').map(({ userId }) => userId));
  const isApproved = subject.outcome === 'auto' || approved.size >= subject.approvals;
  const end = isApproved ? approvalEnd(subject, answers) : subject.expiresAt;
  if (end <= now) return 'expired';
  return isApproved ? 'approved' : 'pending';
}

/** When an approval ends: the earliest end that any approver named, else that of the case. Ms since 1970. */
export function approvalEnd(subject: DecisionCase, answers: readonly Answer[]): number {
  const given = answers.filter(({ verdict }) => verdict === 'approve');
  return given.length === 0 ? subject.expiresAt : Math.min(...given.map(({ until }) => until ?? subject.expiresAt));
}

/** The reach of an approval; an automatic one is good for one use. */
export function scopeOf(answers: readonly Answer[]): ApprovalScope {
  const given = answers.filter(({ verdict }) => verdict === 'approve').map(({ scope }) => scope);
  return APPROVAL_SCOPES.find((scope) => given.includes(scope)) ?? 'once';
}
