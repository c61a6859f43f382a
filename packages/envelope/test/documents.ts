import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import {
  Actor,
  Budget,
  CHECKERS,
  type Checker,
  createChecker,
  EntityRef,
  FullBudget,
  flightEventIssues,
  isFlightEvent,
  MexError,
  parseOperation,
  parseStrictJson,
} from '@mex/envelope';
import { RETENTION_CHECKERS } from '@mex/envelope/retention';

export const SCHEMAS = new URL('../schemas/', import.meta.url);
const GOLDEN = new URL('../golden/', import.meta.url);

/** A document of the wire as a receiver reads it: from bytes, and as a value that was parsed already. */
export interface GoldenDocument {
  readonly name: string;
  readonly read: (bytes: Uint8Array) => unknown;
  readonly check: (value: unknown) => boolean;
}

function fromChecker(name: string, checker: Checker<unknown>): GoldenDocument {
  return { name, read: (bytes) => checker.parse(parseStrictJson(bytes), name), check: checker.check };
}

function readEvent(bytes: Uint8Array): unknown {
  const value = parseStrictJson(bytes);
  if (isFlightEvent(value)) return value;
  const text = flightEventIssues(value).map((issue) => `${issue.path}: ${issue.message}`);
  throw new MexError({ code: 'ENVELOPE_INVALID', kind: 'validation', message: text.join('; ') });
}

/** Every document with golden cases; the names are those of the published schemas. */
export const DOCUMENTS: readonly GoldenDocument[] = [
  fromChecker('actor', createChecker(Actor)),
  fromChecker('artifact-handle', CHECKERS.artifactHandle),
  fromChecker('artifact-inventory', RETENTION_CHECKERS.inventory),
  fromChecker('artifact-manifest', CHECKERS.artifactManifest),
  fromChecker('auto-signature', CHECKERS.autoSignature),
  fromChecker('budget', createChecker(Budget)),
  fromChecker('bundle-index', CHECKERS.bundleIndex),
  fromChecker('certificate-statement', CHECKERS.certificateStatement),
  fromChecker('conformance-vector', CHECKERS.conformanceVector),
  fromChecker('consent', CHECKERS.consent),
  fromChecker('consent-receipt', CHECKERS.consentReceipt),
  fromChecker('engine-manifest', CHECKERS.engineManifest),
  fromChecker('engine-result', CHECKERS.engineResult),
  fromChecker('entity-ref', createChecker(EntityRef)),
  { name: 'flight-event', read: readEvent, check: isFlightEvent },
  fromChecker('full-budget', createChecker(FullBudget)),
  fromChecker('governance-decision', CHECKERS.governanceDecision),
  { name: 'planned-operation', read: parseOperation, check: CHECKERS.operation.check },
  fromChecker('problem', CHECKERS.problem),
  fromChecker('problem-report', CHECKERS.problemReport),
  fromChecker('projection-plan', CHECKERS.projectionPlan),
  fromChecker('prune-report', RETENTION_CHECKERS.pruneReport),
  fromChecker('registry', CHECKERS.registry),
  fromChecker('registry-entry', CHECKERS.registryEntry),
  fromChecker('supply-chain-report', CHECKERS.supplyChainReport),
];

export interface GoldenCase {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface InvalidCase extends GoldenCase {
  readonly code: string;
  /** Text that the message must have: the place, or what was found there. */
  readonly where: string;
}

export function validCases(document: string): GoldenCase[] {
  return readCases(`${document}/valid/`);
}

export function invalidCases(document: string): InvalidCase[] {
  const index = new Map<string, { code: string; where?: string }>(
    Object.entries(JSON.parse(readFileSync(new URL(`${document}/invalid.index.json`, GOLDEN), 'utf8'))),
  );
  const cases = readCases(`${document}/invalid/`);
  if (cases.length !== index.size) throw new Error(`${document}: the index and the files of invalid/ differ`);
  return cases.map((found) => {
    const expected = index.get(found.name);
    if (expected === undefined) throw new Error(`${document}/invalid/${found.name}.json is not in the index`);
    return { ...found, code: expected.code, where: expected.where ?? '' };
  });
}

export function goldenDocuments(): string[] {
  return readdirSync(GOLDEN).sort();
}

function readCases(folder: string): GoldenCase[] {
  const url = new URL(folder, GOLDEN);
  const files = readdirSync(url).sort();
  return files.map((file) => ({ name: basename(file, '.json'), bytes: readFileSync(new URL(file, url)) }));
}
