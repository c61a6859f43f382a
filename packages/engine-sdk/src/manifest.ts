import { CHECKERS, compileParamsSchema, type EngineManifest, type FullBudget, MexError } from '@mex/envelope';
import type { EngineDefinition, ExternalImplementation, Operation } from './define-engine.ts';

const MIB = 1024 * 1024;

/** What an engine gets that states no budget of its own. */
export const DEFAULT_BUDGET: FullBudget = {
  wall_time_ms: 30_000,
  cpu_time_ms: 30_000,
  memory_bytes: 512 * MIB,
  output_bytes: 64 * MIB,
  net_requests: 0,
  net_bytes: 0,
  exec_count: 0,
  file_writes: 100,
};

/** The most an engine may be given that states no ceilings of its own. */
export const DEFAULT_CEILINGS: FullBudget = {
  wall_time_ms: 600_000,
  cpu_time_ms: 600_000,
  memory_bytes: 2_048 * MIB,
  output_bytes: 1_024 * MIB,
  net_requests: 10_000,
  net_bytes: 4_096 * MIB,
  exec_count: 100,
  file_writes: 10_000,
};

/** What the SDK says of a definition that the contract does not allow. */
export type DefinitionErrorCode = 'EVIDENCE_UNDECLARED';

/** D0 and D1 leave evidence, or every run of theirs ends with `EVIDENCE_MISSING` (CONTRACT §6): better said at build time. */
function verifyEvidence(name: string, operation: Operation, ceiling: string): void {
  if (ceiling === 'D2' || ceiling === 'D3') return;
  if (operation.outputs.some(({ evidence }) => evidence === true)) return;
  throw new MexError({
    code: 'EVIDENCE_UNDECLARED' satisfies DefinitionErrorCode,
    kind: 'determinism',
    message: `${name} is ${ceiling} and declares no evidence: an operation that depends on the outside must leave what it saw.`,
    remedy: 'Declare an output with evidence: true and write it on every run, or promise D2 or D3.',
  });
}

function describeOperation(engine: EngineDefinition, name: string, operation: Operation) {
  const ceiling = operation.determinism ?? engine.determinism;
  verifyEvidence(name, operation, ceiling);
  // TypeBox marks its schemas with symbols; the manifest carries the plain JSON Schema.
  const schema: unknown = JSON.parse(JSON.stringify(operation.params));
  compileParamsSchema(schema);
  return {
    title: operation.title,
    description: operation.description,
    params_schema: schema,
    inputs: operation.inputs ?? { min: 0, max: 0 },
    outputs: operation.outputs,
    capabilities: operation.capabilities,
    determinism_ceiling: ceiling,
    error_codes: operation.errors ?? [],
    ...(operation.readableSecrets === undefined ? {} : { readable_secrets: [...operation.readableSecrets] }),
  };
}

/** Runs of a tool that an operation gets where nothing else is said. */
const DEFAULT_EXEC_COUNT = 4;

function describeImplementation(one: ExternalImplementation) {
  const { id, tool = id, description, operations, determinism = 'D1', capabilities, budget } = one;
  return {
    id,
    kind: 'external',
    tool,
    ...(description === undefined ? {} : { description }),
    ...(operations === undefined ? {} : { operations: [...operations] }),
    determinism_ceiling: determinism,
    ...(capabilities === undefined ? {} : { capabilities: [...capabilities] }),
    default_budget: { exec_count: DEFAULT_EXEC_COUNT, ...budget },
  };
}

/**
 * The manifest of an engine as the registry reads it (CONTRACT §10).
 * @param vectors what is in the package's `conformance/`
 * @throws MexError `ENVELOPE_INVALID`, `PARAMS_SCHEMA_UNSUPPORTED` or `EVIDENCE_UNDECLARED` when the definition breaks the
 * contract.
 */
export function createManifest(
  engine: EngineDefinition,
  pkg: { readonly name: string; readonly version: string },
  bundle: { readonly sha256: string; readonly size_bytes: number },
  vectors?: { readonly sha256: string; readonly count: number },
): EngineManifest {
  const operations = Object.fromEntries(
    Object.entries(engine.operations).map(([name, operation]) => [name, describeOperation(engine, name, operation)]),
  );
  const manifest: unknown = {
    schema_version: 'mex.engine@1.0',
    engine_id: engine.id,
    engine_version: engine.version,
    title: engine.title,
    description: engine.description,
    package: { name: pkg.name, version: pkg.version },
    contract_version: 'mex-1.0',
    operations,
    implementations: [
      { id: 'builtin', kind: 'builtin' },
      ...(engine.implementations ?? []).map(describeImplementation),
    ],
    determinism_ceiling: engine.determinism,
    required_gates: engine.requiredGates ?? [],
    default_budget: { ...DEFAULT_BUDGET, ...engine.budget?.default },
    budget_ceilings: { ...DEFAULT_CEILINGS, ...engine.budget?.ceiling },
    bundle,
    ...(engine.webAssembly === undefined ? {} : { webassembly: [...engine.webAssembly] }),
    ...(vectors === undefined ? {} : { conformance_vectors: vectors }),
  };
  return CHECKERS.engineManifest.parse(manifest, `The manifest of ${engine.id}`);
}
