import { type Checker, createChecker } from './checker.ts';
import { ArtifactHandle, ArtifactManifest, BundleIndex } from './documents/artifact.ts';
import { CertificateStatement } from './documents/certificate.ts';
import { ConsentReceipt, ProjectionPlan } from './documents/cloud.ts';
import { ConformanceVector } from './documents/conformance-vector.ts';
import { EngineManifest, RegistryDocument, RegistryEntry } from './documents/engine.ts';
import { EVENT_SCHEMAS, type FlightEvent } from './documents/event.ts';
import { AutoSignature, ConsentRecord, GovernanceDecision } from './documents/governance.ts';
import { PlannedOperation } from './documents/operation.ts';
import { Problem, ProblemReport } from './documents/problem.ts';
import { EngineResult } from './documents/result.ts';
import { SupplyChainReport } from './documents/supply-chain-report.ts';
import { SystemEvents } from './documents/system-event.ts';
import { MexError } from './errors.ts';
import { issueAt, type SchemaIssue } from './issue.ts';
import { parseStrictJson } from './json/index.ts';
import { quoteText } from './quote.ts';

/** One checker a document, compiled at first use. */
export const CHECKERS = {
  artifactHandle: createChecker(ArtifactHandle),
  artifactManifest: createChecker(ArtifactManifest),
  autoSignature: createChecker(AutoSignature),
  bundleIndex: createChecker(BundleIndex),
  certificateStatement: createChecker(CertificateStatement),
  conformanceVector: createChecker(ConformanceVector),
  consent: createChecker(ConsentRecord),
  consentReceipt: createChecker(ConsentReceipt),
  engineManifest: createChecker(EngineManifest),
  engineResult: createChecker(EngineResult),
  governanceDecision: createChecker(GovernanceDecision),
  operation: createChecker(PlannedOperation),
  problem: createChecker(Problem),
  problemReport: createChecker(ProblemReport),
  projectionPlan: createChecker(ProjectionPlan),
  registry: createChecker(RegistryDocument),
  registryEntry: createChecker(RegistryEntry),
  supplyChainReport: createChecker(SupplyChainReport),
} as const;

/**
 * Reads a PlannedOperation from hostile text or from a value (CONTRACT §3). The strict door applies to text;
 * a value is taken as JSON that was already parsed strictly.
 * @throws MexError `ENVELOPE_SCHEMA_VERSION`, `ENVELOPE_INVALID`, or a code of the strict JSON door.
 */
export function parseOperation(input: string | Uint8Array | object): PlannedOperation {
  // Asking a view what it is runs no code of a stranger; asking a proxy does.
  const isText = typeof input === 'string' || (ArrayBuffer.isView(input) && input instanceof Uint8Array);
  const value = isText ? parseStrictJson(input) : input;
  const version = readMember(value, 'schema_version');
  if (typeof version === 'string' && version !== 'poe-1.0') {
    throw new MexError({
      code: 'ENVELOPE_SCHEMA_VERSION',
      kind: 'validation',
      message: `The operation says schema_version ${quoteText(version)}; this MEX reads "poe-1.0".`,
      remedy: 'Set schema_version to "poe-1.0".',
    });
  }
  return CHECKERS.operation.parse(value, 'The operation');
}

const plainEvents = new Map<string, Checker<unknown>>(
  Object.entries(EVENT_SCHEMAS).map(([type, schema]) => [type, createChecker(schema)]),
);
const systemEvents = new Map<string, Checker<unknown>>(
  SystemEvents.map((schema) => [schema.properties.subject.const, createChecker(schema)]),
);

function eventChecker(value: unknown): Checker<unknown> | undefined {
  const type = readMember(value, 'type');
  if (typeof type !== 'string') return undefined;
  if (type !== 'system') return plainEvents.get(type);
  const subject = readMember(value, 'subject');
  return typeof subject === 'string' ? systemEvents.get(subject) : undefined;
}

/** Whether a value is an event the recorder accepts. Unknown types and subjects are not (CONTRACT §11). */
export function isFlightEvent(value: unknown): value is FlightEvent {
  return eventChecker(value)?.check(value) ?? false;
}

/** Why a value is no event; empty when it is one. */
export function flightEventIssues(value: unknown): SchemaIssue[] {
  const checker = eventChecker(value);
  if (checker === undefined) return [issueAt(['type'], 'Unknown event type or system subject')];
  return checker.issues(value);
}

function readMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  // Only a plain member says anything; an accessor or proxy trap is left to the checker, which survives it.
  try {
    return Object.getOwnPropertyDescriptor(value, name)?.value;
  } catch {
    return undefined;
  }
}
