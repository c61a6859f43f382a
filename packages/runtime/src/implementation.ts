import {
  type DeterminismLevel,
  type EngineManifest,
  type ErrorData,
  type Implementation,
  MexError,
  type OperationManifest,
  toErrorData,
} from '@mex/envelope';
import type { ImplementationFact } from '@mex/gates';
import type { RegisteredEngine } from '@mex/registry';

/** What a resolution asks of the world. */
export interface ImplementationSources {
  /** Id of the implementation that policy names for an engine; `undefined` where it names none. */
  readonly implementationFor: ((engineId: string) => string | undefined) | undefined;
  /** Finds, checks and hashes an external tool. @throws MexError `TOOL_…`, `SECURITY_UNTRUSTED_EXECUTION` */
  readonly resolveTool: ((tool: string) => Promise<unknown>) | undefined;
}

const RANK: Readonly<Record<DeterminismLevel, number>> = { D0: 0, D1: 1, D2: 2, D3: 3 };

/**
 * The implementation of one operation. What policy names is used or nothing is: a name that does not exist, or a tool that
 * cannot be run, never falls back to another one (CONTRACT §2). An operation it does not do is done by the first one
 * that needs no tool.
 */
export async function resolveImplementation(
  { manifest }: Pick<RegisteredEngine, 'manifest'>,
  operation: string,
  { implementationFor, resolveTool }: ImplementationSources,
): Promise<ImplementationFact> {
  const named = nameImplementation(manifest, operation, implementationFor?.(manifest.engine_id));
  const { implementation } = named;
  if (implementation?.kind !== 'external') return named;
  if (implementation.tool === undefined) return { error: unavailable(implementation.id, 'its manifest names no tool') };
  try {
    if (resolveTool === undefined) throw noTools();
    await resolveTool(implementation.tool);
    return named;
  } catch (error) {
    if (!(error instanceof MexError)) throw error;
    const { code, message, remedy } = toErrorData(error);
    return { error: unavailable(implementation.id, `${message} (${code})`, remedy) };
  }
}

/** As `resolveImplementation`, without looking for the tool. */
export function nameImplementation(
  manifest: EngineManifest,
  operation: string,
  id: string | undefined,
): ImplementationFact {
  const all = manifest.implementations;
  const does = ({ operations }: Implementation): boolean => operations?.includes(operation) ?? true;
  const named = id === undefined ? undefined : all.find((one) => one.id === id);
  if (id !== undefined && named === undefined) return { error: unknown(manifest, id) };
  const chosen = named !== undefined && does(named) ? named : all.find((one) => one.kind === 'builtin' && does(one));
  return chosen === undefined ? { error: nobody(manifest, operation) } : { implementation: chosen };
}

/** What gates judge by: the operation as this implementation does it, with what it needs and the least that either promises. */
export function implementedOperation(operation: OperationManifest, implementation: Implementation): OperationManifest {
  const { kind, tool, capabilities = [], determinism_ceiling } = implementation;
  const needed = kind === 'external' && tool !== undefined ? [`proc.exec:${tool}`, ...capabilities] : capabilities;
  // What a tool does depends on the tool: no manifest can promise more for it (CONTRACT §6).
  const most = kind === 'external' ? lower('D1', determinism_ceiling) : determinism_ceiling;
  return {
    ...operation,
    capabilities: [...new Set([...operation.capabilities, ...needed])],
    determinism_ceiling: lower(operation.determinism_ceiling, most),
  };
}

function lower(level: DeterminismLevel, other: DeterminismLevel | undefined): DeterminismLevel {
  return other !== undefined && RANK[other] < RANK[level] ? other : level;
}

function noTools(): MexError {
  return new MexError({
    code: 'TOOL_NOT_ALLOWED',
    kind: 'policy',
    message: 'The policy names no external programs.',
    remedy: 'Add the tool to "tools" of policy.json.',
  });
}

function unavailable(id: string, why: string, remedy?: string): ErrorData {
  return {
    code: 'IMPLEMENTATION_UNAVAILABLE',
    kind: 'tool',
    retryable: false,
    message: `Policy names the implementation "${id}", and it cannot be used: ${why}`,
    remedy: `${remedy ?? 'Correct the engine.'} Or take the engine out of "implementations" of policy.json.`,
  };
}

function unknown({ engine_id, implementations }: EngineManifest, id: string): ErrorData {
  return {
    code: 'IMPLEMENTATION_UNKNOWN',
    kind: 'policy',
    retryable: false,
    message: `Policy names the implementation "${id}" for ${engine_id}, which has none of that name.`,
    remedy: `Name one of ${implementations.map((one) => one.id).join(', ')} in "implementations" of policy.json.`,
  };
}

function nobody({ engine_id }: EngineManifest, operation: string): ErrorData {
  return {
    code: 'IMPLEMENTATION_UNKNOWN',
    kind: 'policy',
    retryable: false,
    message: `${engine_id} has no built-in implementation of ${operation}, and policy names none that does it.`,
    remedy: `Name one in "implementations" of policy.json; see them with: mex engines show ${engine_id}`,
  };
}
