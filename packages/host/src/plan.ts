import {
  type ArtifactHandle,
  type Budget,
  type DeterminismLevel,
  MexError,
  type OperationContext,
  type PlannedOperation,
} from '@mex/envelope';
import { newEventId } from '@mex/flight-recorder';
import type { Registry } from '@mex/registry';
import { implementedOperation, nameImplementation } from '@mex/runtime';

/** What a caller has to say; the rest follows from the engine's manifest. */
export interface PlanRequest {
  readonly engineId: string;
  readonly operation: string;
  readonly inputs?: readonly ArtifactHandle[];
  readonly params?: Readonly<Record<string, unknown>>;
  /** Default: everything the operation declares, and what its implementation needs. */
  readonly capabilities?: readonly string[];
  readonly budget?: Budget;
  /** Default: the most that operation and implementation promise. */
  readonly determinism?: DeterminismLevel;
  readonly context?: OperationContext;
}

/**
 * Writes a PlannedOperation. It only plans: the gates judge the result like anyone's.
 * @param implementationFor id of the implementation that policy names for an engine
 * @throws MexError `ENGINE_UNKNOWN` or `OPERATION_UNKNOWN`.
 */
export function planOperation(
  registry: Registry,
  request: PlanRequest,
  implementationFor: (engineId: string) => string | undefined = () => undefined,
): PlannedOperation {
  const { engine, error } = registry.resolve(request.engineId);
  if (engine === undefined) throw new MexError({ ...error, code: 'ENGINE_UNKNOWN' });
  const operation = engine.operations.get(request.operation);
  if (operation === undefined) {
    const known = [...engine.operations.keys()].join(', ');
    throw new MexError({
      code: 'OPERATION_UNKNOWN',
      kind: 'validation',
      message: `${request.engineId} has no operation ${request.operation}.`,
      remedy: `It has: ${known}`,
    });
  }
  const { implementation } = nameImplementation(
    engine.manifest,
    request.operation,
    implementationFor(request.engineId),
  );
  // Where policy names what is not there, the gates say so.
  const { manifest } = operation;
  const wanted = implementation === undefined ? manifest : implementedOperation(manifest, implementation);
  const determinism = request.determinism ?? wanted.determinism_ceiling;
  return {
    schema_version: 'poe-1.0',
    op_id: newEventId(),
    engine_id: request.engineId,
    operation: request.operation,
    inputs: [...(request.inputs ?? [])],
    params: { ...request.params },
    capabilities_requested: [...(request.capabilities ?? wanted.capabilities)],
    budget: { ...request.budget },
    determinism,
    ...(determinism === 'D0' || determinism === 'D1' ? { evidence_policy: { min_items: 1 } } : {}),
    output_spec: {},
    ...(request.context === undefined ? {} : { context: request.context }),
  };
}
