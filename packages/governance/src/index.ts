export { decide, type Outcome } from './automation/decide.ts';
export {
  CONTRACT_TABLE,
  checkDecisionTable,
  DEFAULT_TABLE,
  type DecidingLevel,
  type DecisionRow,
  type DecisionRule,
  type DecisionTable,
} from './automation/decision-table.ts';
export { type AutomationLevel, parseAutomationLevel, strictestLevel } from './automation/level.ts';
export { draftReceipt, type ReceiptRequest, verifyReceipt } from './cloud/receipt.ts';
export {
  type ConsentRequest,
  type ConsentState,
  consentDigest,
  consentState,
  DEFAULT_CONSENT_MS,
  MAX_CONSENT_MS,
} from './consent/consent.ts';
export type { ConsentEvidence, ConsentFilter, ConsentStanding, ConsentStore } from './consent/consent-store.ts';
export { type ConsentFact, type Consents, type ConsentsOptions, createConsents } from './consent/consents.ts';
export type { Binding, PreparedUse } from './decision/apply-decision.ts';
export {
  type Answer,
  APPROVAL_SCOPES,
  type ApprovalScope,
  approvalEnd,
  type CaseState,
  type DecisionCase,
  targetRef,
} from './decision/decision-case.ts';
export type { DecisionDocuments, DecisionStore, Judgement } from './decision/decision-store.ts';
export {
  createDecisions,
  type DecisionRequest,
  type Decisions,
  type DecisionsOptions,
  type DecisionView,
  type Reply,
} from './decision/decisions.ts';
export { verifyAutoSignature } from './decision/documents.ts';
export { parseAnswer, parseCase } from './decision/parse-case.ts';
export type { GovernanceErrorCode } from './errors.ts';
export type { Person } from './person.ts';
