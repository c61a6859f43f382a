import { clipText } from '@mex/envelope';
import { decide } from '../automation/decide.ts';
import type { DecisionTable } from '../automation/decision-table.ts';
import { type AutomationLevel, strictestLevel } from '../automation/level.ts';
import { type Person, verifyPerson } from '../person.ts';
import { applyDecision, type Binding, checkDecision, type PreparedUse, prepareUse } from './apply-decision.ts';
import {
  type Answer,
  type ApprovalScope,
  type CaseState,
  caseDigest,
  caseState,
  type DecisionCase,
  isTargetRef,
  scopeOf,
} from './decision-case.ts';
import { type AutoDocuments, answeredEvent, createdEvents, readEvidence } from './decision-events.ts';
import type { DecisionDocuments, DecisionStore, Judgement } from './decision-store.ts';
import { decisionDocument, signatureDocument } from './documents.ts';
import { altered, closed, foreign, invalidEnd, invalidScope, invalidTarget, notAnApprover } from './refusals.ts';

const DAY_MS = 86_400_000;
const MAX_WORDS = 1_000;

/** A gated step that wants a decision. */
export interface DecisionRequest {
  readonly gateType: string;
  /** Made with `targetRef`. */
  readonly targetRef: string;
  /** The kind of thing it is, for approvals that reach further; made with `targetRef`. */
  readonly kindRef?: string;
  /** What the people who are asked are shown, secrets masked. */
  readonly detail?: string;
  /** Default a new one. */
  readonly decisionId?: string;
  /** Of the model that asks, 0 to 1. */
  readonly confidence: number;
  readonly rationale: string;
  readonly evidenceRefs?: readonly string[];
  /** Who asks. */
  readonly actor: DecisionCase['actor'];
  /** The model behind it; default the id of `actor`. */
  readonly modelId?: string;
  readonly runId?: string;
  /** Of that run; the stricter one of it and the policy's counts. Default the policy's. */
  readonly level?: AutomationLevel;
  /** Approvals it takes when a person decides; default 1. */
  readonly approvals?: number;
  /** Who may approve; default any person. */
  readonly approvers?: readonly string[];
  /** How long it may be answered and applied, in ms; default one day. */
  readonly lastsMs?: number;
}

export interface DecisionsOptions {
  readonly store: DecisionStore;
  readonly documents: DecisionDocuments;
  readonly level: AutomationLevel;
  readonly table: DecisionTable;
  /** Ms since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
  /** Makes words fit to be kept and shown. */
  readonly clean: (text: string) => string;
}

/** A case and what became of it, as the log proves it. */
export interface DecisionView {
  readonly subject: DecisionCase;
  readonly state: CaseState;
  readonly answers: readonly Answer[];
  readonly scope: ApprovalScope;
  readonly uses: readonly string[];
}

export interface Reply {
  readonly verdict: Answer['verdict'];
  /** Default `once`. */
  readonly scope?: ApprovalScope;
  /** When the approval ends, in ms since 1970, at most 30 days away; default the end of the request. */
  readonly until?: number;
  readonly rationale?: string;
}

/** The protocol of decisions (CONTRACT §12). */
export interface Decisions {
  /**
   * Puts a step up for decision: it signs itself, waits for people, or halts. Resolves when that is on the disk.
   * @throws MexError `GOVERNANCE_GATE_UNKNOWN`, `GOVERNANCE_CONFIDENCE_INVALID`, `GOVERNANCE_TARGET_INVALID`
   */
  readonly request: (request: DecisionRequest) => Promise<DecisionView>;
  /**
   * Takes one person's answer. The same answer of the same person counts once; a rejection also takes an approval back.
   * @throws MexError `GOVERNANCE_FOREIGN`, `GOVERNANCE_NOT_A_PERSON`, `GOVERNANCE_NOT_AN_APPROVER`, `GOVERNANCE_CLOSED`,
   * `GOVERNANCE_ALTERED`
   */
  readonly answer: (decisionId: string, by: Person, reply: Reply) => Promise<DecisionView>;
  /**
   * Puts a decision to use, after everything about it was verified again from the store.
   * @throws MexError `GOVERNANCE_FOREIGN`, `_ALTERED`, `_BINDING_MISMATCH`, `_LOCKED`, `_NOT_APPROVED`, `_STALE`,
   * `_GATE_FORBIDDEN`, `_DOCUMENT_INVALID`, `_REPLAYED`
   */
  readonly apply: (decisionId: string, binding: Binding) => Promise<DecisionView>;
  /** Verifies as `apply` does, and uses nothing. @throws MexError as `apply` */
  readonly check: (decisionId: string, binding: Binding) => Promise<DecisionView>;
  /**
   * Verifies as `apply` does. The caller records the use and its event in one transaction with what the decision is used
   * for, and finds out there whether somebody was faster. @throws MexError as `apply`
   */
  readonly prepare: (decisionId: string, binding: Binding) => Promise<PreparedUse>;
  /** @throws MexError `GOVERNANCE_FOREIGN`, `GOVERNANCE_ALTERED` */
  readonly view: (decisionId: string) => DecisionView;
}

export function createDecisions(options: DecisionsOptions): Decisions {
  const { store, now } = options;
  const view = (decisionId: string): DecisionView => viewDecision(store, decisionId, now());
  return {
    view,
    request: async (request) => {
      const subject = draftCase(request, options);
      const documents = await keepAutoDocuments(subject, options);
      await store.insert(subject, createdEvents(subject, documents, options.newId));
      return view(subject.decisionId);
    },
    answer: async (decisionId, by, reply) => {
      verifyPerson(by, 'answer a request for approval');
      await takeAnswer(view(decisionId), by, reply, options);
      const after = view(decisionId);
      // Made again when it is applied, should this process end here.
      if (after.state === 'approved') await options.documents.keep(decisionDocument(after.subject, after.answers));
      return after;
    },
    check: async (decisionId, binding) => {
      const found = view(decisionId);
      await checkDecision(found, binding, options);
      return found;
    },
    prepare: async (decisionId, binding) => prepareUse(view(decisionId), binding, options),
    apply: async (decisionId, binding) => {
      await applyDecision(view(decisionId), binding, options);
      return view(decisionId);
    },
  };
}

/** Rows are lookups: what counts is in the log, and the log has to know exactly this case. */
function viewDecision(store: DecisionStore, decisionId: string, now: number): DecisionView {
  const subject = store.get(decisionId);
  if (subject === undefined) throw foreign(decisionId);
  const { caseSha256, answers, uses: proven } = readEvidence(store.events(decisionId));
  if (caseSha256 !== caseDigest(subject)) throw altered(decisionId);
  // A row that somebody took away gives nothing back: the log says that it was used, too.
  const uses = [...new Set([...proven, ...store.uses(decisionId)])];
  return { subject, answers, uses, state: caseState(subject, answers, now), scope: scopeOf(answers) };
}

function draftCase(request: DecisionRequest, options: DecisionsOptions): DecisionCase {
  const { table, now, newId, clean } = options;
  const { targetRef: target, kindRef, detail } = request;
  if (!isTargetRef(target) || (kindRef !== undefined && !isTargetRef(kindRef))) throw invalidTarget();
  const level = strictestLevel(options.level, request.level ?? options.level);
  const outcome = decide(request.gateType, level, request.confidence, table);
  const createdAt = now();
  return {
    decisionId: request.decisionId ?? newId(),
    gateType: request.gateType,
    targetRef: target,
    ...(kindRef === undefined ? {} : { kindRef }),
    level,
    confidence: request.confidence,
    rationale: clipText(clean(request.rationale), MAX_WORDS),
    ...(detail === undefined ? {} : { detail }),
    evidenceRefs: [...(request.evidenceRefs ?? [])],
    outcome: outcome.kind,
    ...(outcome.kind === 'halt' ? { halted: outcome.verdict } : {}),
    actor: { id: request.actor.id, kind: request.actor.kind },
    modelId: request.modelId ?? request.actor.id,
    ...(outcome.kind === 'auto' ? { autoSignatureId: newId() } : {}),
    ...(request.runId === undefined ? {} : { runId: request.runId }),
    approvals: request.approvals ?? 1,
    approvers: [...(request.approvers ?? [])],
    createdAt,
    expiresAt: createdAt + (request.lastsMs ?? DAY_MS),
  };
}

async function keepAutoDocuments(
  subject: DecisionCase,
  { documents }: DecisionsOptions,
): Promise<AutoDocuments | undefined> {
  if (subject.autoSignatureId === undefined) return undefined;
  const decisionSha256 = await documents.keep(decisionDocument(subject, []));
  const signatureSha256 = await documents.keep(signatureDocument(subject, subject.autoSignatureId));
  return { decisionSha256, signatureSha256 };
}

async function takeAnswer(
  { subject, state, answers }: DecisionView,
  by: Person,
  reply: Reply,
  { store, now, newId, clean }: DecisionsOptions,
): Promise<void> {
  const { decisionId, approvers } = subject;
  if (approvers.length > 0 && !approvers.includes(by.id)) throw notAnApprover(decisionId, by.id, approvers);
  if (answers.some((known) => known.userId === by.id && known.verdict === reply.verdict)) return;
  const at = now();
  const answer: Answer = {
    userId: by.id,
    verdict: reply.verdict,
    scope: reply.scope ?? 'once',
    ...(reply.until === undefined ? {} : { until: verifyUntil(reply.until, at) }),
    rationale: clipText(clean(reply.rationale ?? ''), MAX_WORDS),
    at,
  };
  verifyScope(subject, answer);
  const judge = (before: readonly Answer[]): Judgement => judgeAnswer(subject, before, answer);
  if (judge(answers) === 'refuse') throw closed(decisionId, state);
  const taken = await store.answer(decisionId, answer, answeredEvent(subject, answer, newId()), judge);
  // Between our look and our write somebody else ended it; their answer stands.
  if (taken === 'refused') throw closed(decisionId, 'answered');
}

function verifyScope({ runId, kindRef }: DecisionCase, { verdict, scope }: Answer): void {
  if (verdict !== 'approve') return;
  if (scope === 'run' && runId === undefined) throw invalidScope('it was asked for outside of any run');
  if (scope === 'capability' && kindRef === undefined) throw invalidScope('it is one of a kind');
}

const MAX_APPROVAL_MS = 30 * DAY_MS;

/** The proof of an approval is in the log, which keeps events for 30 days (CONTRACT §11). */
function verifyUntil(until: number, now: number): number {
  if (Number.isSafeInteger(until) && until > now && until <= now + MAX_APPROVAL_MS) return until;
  throw invalidEnd();
}

/** Approvals come while it is open. A person may also say no to what was approved: it is not used from then on. */
function judgeAnswer(subject: DecisionCase, before: readonly Answer[], answer: Answer): Judgement {
  const state = caseState(subject, before, answer.at);
  if (state !== 'pending' && !(state === 'approved' && answer.verdict === 'reject')) return 'refuse';
  return caseState(subject, [...before, answer], answer.at) === 'pending' ? 'open' : 'close';
}
