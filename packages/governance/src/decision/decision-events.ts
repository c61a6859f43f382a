import type { FlightEvent, GovernanceVerdict } from '@mex/envelope';
import type { Answer, ApprovalScope, DecisionCase } from './decision-case.ts';
import { APPROVAL_SCOPES, caseDigest } from './decision-case.ts';

/* FR-EVT-GOV-001 … 005, in the sequence of CONTRACT §12: 001 → (004 → 005) → 003 → 002. */

type GovType =
  | 'gov_decision_created'
  | 'gov_decision_applied'
  | 'gov_auto_signature_created'
  | 'gov_human_intervention_requested'
  | 'gov_human_intervention_received';

type GovEvent = Extract<FlightEvent, { type: GovType }>;

interface Facts {
  readonly eventId: string;
  readonly at: number;
  readonly actor?: DecisionCase['actor'];
  readonly evidence?: readonly string[];
  readonly decision?: GovernanceVerdict;
  readonly userId?: string;
  readonly rationale?: string;
}

function govEvent<T extends GovType>(type: T, subject: DecisionCase, facts: Facts): FlightEvent {
  const { id, kind } = facts.actor ?? subject.actor;
  const event = {
    event_id: facts.eventId,
    timestamp: new Date(facts.at).toISOString(),
    actor: { kind, id },
    // The story of a decision is found under its id, as that of an operation is.
    activity_span_id: subject.decisionId,
    policy_decision_id: subject.decisionId,
    ...(subject.runId === undefined ? {} : { session_span_id: subject.runId }),
    decision_id: subject.decisionId,
    gate_type: subject.gateType,
    target_ref: subject.targetRef,
    automation_level: subject.level,
    confidence: subject.confidence,
    evidence_refs: [...(facts.evidence ?? [])],
    ...(facts.decision === undefined ? {} : { decision: facts.decision }),
    ...(facts.userId === undefined ? {} : { user_id: facts.userId }),
    ...(facts.rationale === undefined ? {} : { rationale: facts.rationale }),
  };
  return { ...event, type };
}

/** Digests of the documents of an automatic decision, as the artifact store has them. */
export interface AutoDocuments {
  readonly decisionSha256: string;
  readonly signatureSha256: string;
}

const CASE = 'case:sha256:';
const DOCUMENT = 'sha256:';
const USED_BY = 'used-by:';

/** What is recorded when a case is made: 001, then 003 when it signs itself or 004 when a person is asked. */
export function createdEvents(
  subject: DecisionCase,
  documents: AutoDocuments | undefined,
  newId: () => string,
): FlightEvent[] {
  const at = subject.createdAt;
  const { rationale } = subject;
  const own = [`${CASE}${caseDigest(subject)}`];
  if (documents !== undefined) {
    const evidence = [...own, `${DOCUMENT}${documents.decisionSha256}`];
    const signed = [`${DOCUMENT}${documents.signatureSha256}`];
    return [
      govEvent('gov_decision_created', subject, { eventId: newId(), at, evidence, decision: 'approve', rationale }),
      govEvent('gov_auto_signature_created', subject, { eventId: newId(), at, evidence: signed, decision: 'approve' }),
    ];
  }
  const halted = subject.halted === undefined ? {} : { decision: subject.halted };
  const created = govEvent('gov_decision_created', subject, {
    eventId: newId(),
    at,
    evidence: own,
    rationale,
    ...halted,
  });
  if (subject.outcome === 'halt') return [created];
  return [created, govEvent('gov_human_intervention_requested', subject, { eventId: newId(), at })];
}

/** 005: one person's answer, with how far it reaches. */
export function answeredEvent(subject: DecisionCase, answer: Answer, eventId: string): FlightEvent {
  const { userId, verdict, rationale, at } = answer;
  return govEvent('gov_human_intervention_received', subject, {
    eventId,
    at,
    actor: { id: userId, kind: 'human' },
    evidence: [`scope:${answer.scope}`, ...(answer.until === undefined ? [] : [`until:${answer.until}`])],
    decision: verdict,
    userId,
    ...(rationale === '' ? {} : { rationale }),
  });
}

/** 002: a decision was put to use. */
export function appliedEvent(subject: DecisionCase, usedBy: string, eventId: string, at: number): FlightEvent {
  return govEvent('gov_decision_applied', subject, {
    eventId,
    at,
    evidence: [`${USED_BY}${usedBy}`],
    decision: 'approve',
  });
}

/** What the log proves of a case. Rows beside it are lookups. */
export interface CaseEvidence {
  /** The case was made exactly so, by the log. */
  readonly caseSha256: string | undefined;
  readonly decisionSha256: string | undefined;
  readonly signatureSha256: string | undefined;
  readonly answers: readonly Answer[];
  /** Who has used it, in order. */
  readonly uses: readonly string[];
}

/** Reads the events of one decision. */
export function readEvidence(events: readonly FlightEvent[]): CaseEvidence {
  const gov = events.filter((event): event is GovEvent => event.type.startsWith('gov_'));
  const created = gov.find(({ type }) => type === 'gov_decision_created')?.evidence_refs;
  const signed = gov.find(({ type }) => type === 'gov_auto_signature_created')?.evidence_refs;
  return {
    caseSha256: refAfter(created, CASE),
    decisionSha256: refAfter(created, DOCUMENT),
    signatureSha256: refAfter(signed, DOCUMENT),
    answers: gov.filter(({ type }) => type === 'gov_human_intervention_received').flatMap(readAnswer),
    uses: gov
      .filter(({ type }) => type === 'gov_decision_applied')
      .flatMap(({ evidence_refs }) => refAfter(evidence_refs, USED_BY) ?? []),
  };
}

function refAfter(refs: readonly string[] | undefined, prefix: string): string | undefined {
  return refs?.find((ref) => ref.startsWith(prefix))?.slice(prefix.length);
}

function readAnswer(event: GovEvent): Answer[] {
  const scope = readScope(refAfter(event.evidence_refs, 'scope:'));
  const { user_id: userId, decision: verdict, rationale = '' } = event;
  if (userId === undefined || verdict === undefined || scope === undefined) return [];
  const until = refAfter(event.evidence_refs, 'until:');
  const end = until === undefined ? {} : { until: Number(until) };
  return [{ userId, verdict, scope, ...end, rationale, at: Date.parse(event.timestamp) }];
}

function readScope(text: string | undefined): ApprovalScope | undefined {
  return APPROVAL_SCOPES.find((scope) => scope === text);
}
