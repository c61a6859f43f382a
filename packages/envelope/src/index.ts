export { BOUNDS } from './bounds.ts';
export {
  CAPABILITY_AXES,
  coversCapability,
  findCapability,
  splitCapability,
  verifyCapabilities,
} from './capabilities.ts';
export { type Checker, createChecker } from './checker.ts';
export {
  type ArtifactCreator,
  ArtifactHandle,
  ArtifactKind,
  type ArtifactLayer,
  ArtifactManifest,
  type BundleEntry,
  BundleIndex,
  EntityRef,
} from './documents/artifact.ts';
export { BUDGET_FIELDS, Budget, type BudgetField, FullBudget, type Usage } from './documents/budget.ts';
export type { CertificateResource, CertificateTerms } from './documents/certificate.ts';
export { CERTIFICATE_PARTS, CertificateStatement, certificateLapse } from './documents/certificate.ts';
export { ConsentReceipt, ProjectionPlan } from './documents/cloud.ts';
export { ConformanceVector, ExpectedOutput } from './documents/conformance-vector.ts';
export {
  EngineManifest,
  type Implementation,
  type OperationManifest,
  type OutputDeclaration,
  RegistryDocument,
  RegistryEntry,
} from './documents/engine.ts';
export { EVENT_IDS, EVENT_SCHEMAS, type FlightEvent, type FlightEventType } from './documents/event.ts';
export { AutoSignature, ConsentRecord, GovernanceDecision, type GovernanceVerdict } from './documents/governance.ts';
export { Actor, type DeterminismLevel, type OperationContext, PlannedOperation } from './documents/operation.ts';
export { Problem, ProblemLocation, ProblemReport, type ProblemStatus, Severity } from './documents/problem.ts';
export {
  EngineResult,
  type Environment,
  IsolationTier,
  type Provenance,
  type ResultError,
  type ResultStatus,
} from './documents/result.ts';
export { type SupplyChainFinding, SupplyChainReport } from './documents/supply-chain-report.ts';
export { SystemEvents } from './documents/system-event.ts';
export {
  type EnvelopeErrorCode,
  type ErrorData,
  type ErrorKind,
  MexError,
  type MexErrorInit,
  toErrorData,
} from './errors.ts';
export type { SchemaIssue } from './issue.ts';
export { canonicalBytes, canonicalJson, type JsonValue, parseStrictJson, utf8Length } from './json/index.ts';
export { compileParamsSchema } from './params-schema.ts';
export { CHECKERS, flightEventIssues, isFlightEvent, parseOperation } from './parse.ts';
export { clipText, escapeControls, quoteText } from './quote.ts';
