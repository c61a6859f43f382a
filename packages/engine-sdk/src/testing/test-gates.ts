import {
  BOUNDS,
  canonicalJson,
  compileParamsSchema,
  coversCapability,
  type DeterminismLevel,
  findCapability,
  utf8Length,
} from '@mex/envelope';
import type { EngineDefinition, Operation } from '../define-engine.ts';
import type { TestBroker } from './test-broker.ts';
import type { TestReport } from './test-context.ts';
import type { ReadyInput } from './test-input.ts';

/** Why an operation did not succeed. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly retryable?: boolean;
}

/** What was planned. */
export interface TestPlan {
  readonly name: string;
  readonly params: unknown;
  readonly inputs: readonly ReadyInput[];
  readonly capabilities: readonly string[];
  readonly level: DeterminismLevel;
}

/** What may run. */
export interface CheckedPlan {
  readonly operation: Operation;
  readonly params: Record<string, unknown>;
}

const RANK: Readonly<Record<DeterminismLevel, number>> = { D0: 0, D1: 1, D2: 2, D3: 3 };

/** The one that promises less. */
export function lowerLevel(a: DeterminismLevel, b: DeterminismLevel): DeterminismLevel {
  return RANK[a] < RANK[b] ? a : b;
}

/** What the gates say before, in their order, of what a test can get wrong (CONTRACT §8). */
export function checkBefore(
  engine: EngineDefinition,
  operation: Operation | undefined,
  { name, params, inputs, capabilities, level }: TestPlan,
): CheckedPlan | Refusal {
  if (operation === undefined) {
    const known = Object.keys(engine.operations).join(', ');
    return { code: 'OPERATION_UNKNOWN', message: `${engine.id} has no operation ${name}; it has: ${known}` };
  }
  const schema: unknown = JSON.parse(JSON.stringify(operation.params));
  const checker = compileParamsSchema(schema);
  if (!checker.check(params)) {
    const issues = checker.issues(params, 3).map(({ path, message }) => `${path}: ${message}`);
    return { code: 'PARAMS_INVALID', message: `params do not fit the schema of ${name}: ${issues.join('; ')}` };
  }
  const { min, max } = operation.inputs ?? { min: 0, max: 0 };
  if (inputs.length < min || inputs.length > max) {
    return { code: 'INPUT_COUNT', message: `${name} takes ${min} to ${max} inputs; ${inputs.length} were given.` };
  }
  for (const id of capabilities) {
    if (findCapability(id) === undefined) return { code: 'HSK-4001', message: `Unknown capability "${id}".` };
    if (operation.capabilities.some((declared) => coversCapability(declared, id))) continue;
    return { code: 'CAPABILITY_NOT_DECLARED', message: `${name} does not declare "${id}".` };
  }
  const tooLarge = checkInline('params', params);
  if (tooLarge !== undefined) return tooLarge;
  const ceiling = operation.determinism ?? engine.determinism;
  if (RANK[level] > RANK[ceiling]) {
    const message = `${name} promises at most ${ceiling}; ${level} was asked for.`;
    return { code: 'DETERMINISM_OVER_CEILING', message };
  }
  return { operation, params };
}

/** What came of a run. */
export interface TestOutcome {
  readonly broker: TestBroker;
  readonly summary: Readonly<Record<string, unknown>>;
  readonly report: TestReport;
}

/** What the gates say afterwards, in their order. */
export function checkAfter(
  operation: Operation,
  level: DeterminismLevel,
  { broker, summary, report }: TestOutcome,
): Refusal | undefined {
  const missing = operation.outputs.find(({ name, optional }) => optional !== true && !broker.outputs.has(name));
  if (missing !== undefined) {
    return { code: 'OUTPUT_MISSING', message: `The engine did not write its output "${missing.name}".` };
  }
  return (
    checkInline('The summary', summary) ?? checkDeterminism(level, broker) ?? checkSecrets(broker, summary, report)
  );
}

function checkInline(what: string, value: unknown): Refusal | undefined {
  const bytes = utf8Length(canonicalJson(value));
  if (bytes <= BOUNDS.maxInlineBytes) return undefined;
  const message = `${what} has ${bytes} bytes; the rule is ${BOUNDS.maxInlineBytes}. Put what is large into an artifact.`;
  return { code: 'INLINE_TOO_LARGE', message };
}

function checkDeterminism(level: DeterminismLevel, { used, outputs }: TestBroker): Refusal | undefined {
  if (RANK[level] < RANK.D2) {
    if ([...outputs.values()].some(({ declaration }) => declaration.evidence === true)) return undefined;
    return {
      code: 'EVIDENCE_MISSING',
      message: `${level} needs evidence; the engine wrote no output with evidence: true.`,
    };
  }
  const outside = [...used].find((id) => id !== 'fs.read:inputs' && !id.startsWith('fs.write:'));
  if (outside === undefined) return undefined;
  return { code: 'DETERMINISM_BROKEN', message: `A ${level} operation used ${outside}.` };
}

/** Plain occurrences only; the real host also finds encoded ones (CONTRACT §9 Secrets). */
function checkSecrets(
  { handed, outputs }: TestBroker,
  summary: Readonly<Record<string, unknown>>,
  { log, problems }: TestReport,
): Refusal | undefined {
  const said = JSON.stringify([summary, log, problems]);
  for (const [id, value] of handed) {
    const output = [...outputs].find(([, { bytes }]) => Buffer.from(bytes).includes(value));
    const where = output === undefined ? 'what it says' : `the output ${output[0]}`;
    if (output === undefined && !said.includes(JSON.stringify(value).slice(1, -1))) continue;
    return { code: 'SECURITY_SECRET_LEAKED', message: `The engine put the secret "${id}" into ${where}.` };
  }
  return undefined;
}
