import type { DeterminismLevel, FullBudget, OutputDeclaration } from '@mex/envelope';
import type { Static, TObject } from '@sinclair/typebox';
import type { EngineContext } from './context.ts';

/** Small facts for a person, at most 32 KB as canonical JSON. The real results are the outputs. */
export type Summary = Readonly<Record<string, unknown>>;

/** One operation: its declaration, and the function that does it. */
export interface OperationDefinition<P extends TObject = TObject> {
  readonly title: string;
  readonly description: string;
  /** Closed TypeBox object: it becomes the published JSON Schema of `params`, and the type of the second argument of `run`. */
  readonly params: P;
  /** How many inputs it takes; default none. */
  readonly inputs?: { readonly min: number; readonly max: number; readonly description?: string };
  readonly outputs: readonly OutputDeclaration[];
  /** Capabilities it may use, e.g. `fs.read:inputs`, `fs.write:artifacts` (CONTRACT §7). */
  readonly capabilities: readonly string[];
  /** Highest level it may promise; default the engine's. */
  readonly determinism?: DeterminismLevel;
  /** Codes it may fail with through `EngineError`. */
  readonly errors?: readonly string[];
  /** Secrets whose value it wants to see itself; policy must allow each. Others only go into headers of requests. */
  readonly readableSecrets?: readonly string[];
  run(context: EngineContext, params: Static<P>): Promise<Summary> | Summary;
}

export interface EngineDefinition {
  /** e.g. `engine.supply_chain.sbom`. */
  readonly id: string;
  /** SemVer 2.0.0. */
  readonly version: string;
  readonly title: string;
  readonly description: string;
  readonly determinism: DeterminismLevel;
  readonly operations: Readonly<Record<string, OperationDefinition>>;
  /** Gates beyond the six that must pass. */
  readonly requiredGates?: readonly string[];
  readonly budget?: { readonly default?: Partial<FullBudget>; readonly ceiling?: Partial<FullBudget> };
}

/** What `defineEngine` returns: a token. It names the engine and can do nothing (CONTRACT §2, no bypass). */
export interface EngineToken {
  readonly engineId: string;
}

const definitions = new WeakMap<EngineToken, EngineDefinition>();

/** Types `params` of `run` from the schema. */
export function defineOperation<P extends TObject>(operation: OperationDefinition<P>): OperationDefinition {
  // `run` is only ever called with params that passed the schema, so widening its argument is sound.
  return operation as unknown as OperationDefinition;
}

/** Declares an engine. Export the result as the default export of `src/engine.ts`. */
export function defineEngine(definition: EngineDefinition): EngineToken {
  const token = Object.freeze({ engineId: definition.id });
  definitions.set(token, definition);
  return token;
}

/**
 * The definition behind a token. For the first line that the build puts in front of a bundle, and for tests of an
 * engine (`@mex/engine-sdk/bundle`); a bundle carries its own copy of this map, so a token from one opens nothing elsewhere.
 * @throws Error when the token was not made by this copy of `defineEngine`.
 */
export function revealEngine(token: EngineToken): EngineDefinition {
  const definition = definitions.get(token);
  if (definition === undefined) throw new Error('Not an engine: export default the result of defineEngine(…)');
  return definition;
}
