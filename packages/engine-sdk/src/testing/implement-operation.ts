import type { DeterminismLevel } from '@mex/envelope';
import type { EngineContext } from '../context.ts';
import type { EngineDefinition, Operation } from '../define-engine.ts';
import { lowerLevel, type Refusal } from './test-gates.ts';

/** An operation, and who does it. */
export interface Implemented {
  /** As the gates judge it. `undefined`: there is none of that name. */
  readonly operation: Operation | undefined;
  readonly implementation: EngineContext['implementation'];
}

const OWN: EngineContext['implementation'] = { id: 'builtin', kind: 'builtin' };

/**
 * The operation as an implementation does it: with the capabilities that one needs, and the least that either promises
 * (CONTRACT §6). What an implementation does not do, the engine does itself.
 */
export function implementOperation(
  engine: EngineDefinition,
  name: string,
  operation: Operation | undefined,
  id: string | undefined,
): Implemented | Refusal {
  if (id === undefined || id === OWN.id) return { operation, implementation: OWN };
  const { implementations = [] } = engine;
  const named = implementations.find((one) => one.id === id);
  if (named === undefined) {
    const known = [OWN, ...implementations].map((one) => one.id).join(', ');
    return { code: 'IMPLEMENTATION_UNKNOWN', message: `${engine.id} has no implementation "${id}"; it has: ${known}` };
  }
  if (operation === undefined || named.operations?.includes(name) === false) return { operation, implementation: OWN };
  const { tool = named.id, capabilities = [] } = named;
  const most: DeterminismLevel = named.determinism ?? 'D1';
  return {
    operation: {
      ...operation,
      capabilities: [...new Set([...operation.capabilities, `proc.exec:${tool}`, ...capabilities])],
      determinism: lowerLevel(operation.determinism ?? engine.determinism, most),
    },
    implementation: { id, kind: 'external', tool },
  };
}
