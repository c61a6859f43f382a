import type { Budget, DeterminismLevel, FullBudget, OutputDeclaration } from '@mex/envelope';
import type { Static, TObject } from '@sinclair/typebox';
import { type EngineContext, EngineError, type EngineErrorOptions } from './context.ts';

/** Small facts for a person, at most 32 KB as canonical JSON. The real results are the outputs. */
export type Summary = Readonly<Record<string, unknown>>;

/** Makes the error with which an operation fails: `throw fail('COUNT_EMPTY', 'The text has no words.')`. */
export type Fail<Codes extends string = string> = (
  code: Codes,
  message: string,
  options?: EngineErrorOptions,
) => EngineError;

/** What an operation says of itself: names of outputs and codes of errors are types of their own. */
interface OperationDeclaration<Params extends TObject, Outputs extends string, Errors extends string> {
  readonly title: string;
  readonly description: string;
  /** Closed TypeBox object: it becomes the published JSON Schema of `params`, and the type of the second argument of `run`. */
  readonly params: Params;
  /** How many inputs it takes; default none. */
  readonly inputs?: { readonly min: number; readonly max: number; readonly description?: string };
  readonly outputs: readonly (OutputDeclaration & { readonly name: Outputs })[];
  /** Capabilities it may use, e.g. `fs.read:inputs`, `fs.write:artifacts` (CONTRACT §7). */
  readonly capabilities: readonly string[];
  /** Highest level it may promise; default the engine's. */
  readonly determinism?: DeterminismLevel;
  /** Codes it may fail with, through `fail` or `EngineError`. */
  readonly errors?: readonly Errors[];
  /** Secrets whose value it wants to see itself; policy must allow each. Others only go into headers of requests. */
  readonly readableSecrets?: readonly string[];
}

/** One operation as its author writes it: its declaration, and the function that does it. */
export interface OperationDefinition<
  Params extends TObject = TObject,
  Outputs extends string = string,
  Errors extends string = string,
  Result extends Summary = Summary,
> extends OperationDeclaration<Params, Outputs, Errors> {
  run(context: EngineContext<Outputs>, params: Static<Params>, fail: Fail<Errors>): Promise<Result> | Result;
}

/** One operation as a runtime calls it. Made by `defineOperation`. */
export interface Operation<
  Params extends TObject = TObject,
  Outputs extends string = string,
  Errors extends string = string,
  Result extends Summary = Summary,
> extends OperationDeclaration<Params, Outputs, Errors> {
  run(context: EngineContext<Outputs>, params: Static<Params>): Promise<Result> | Result;
}

/** The operations of an engine, by name. */
export type Operations = Readonly<Record<string, Operation>>;

/** A way to do the work with an external program; what the engine does itself is the implementation `builtin`. */
export interface ExternalImplementation {
  /** What policy calls it, e.g. `syft`. */
  readonly id: string;
  /** The tool of policy that it runs; it needs `proc.exec:<tool>`. Default: its id. */
  readonly tool?: string;
  readonly description?: string;
  /** Operations it does; default all. Others are done by `builtin`. */
  readonly operations?: readonly string[];
  /** D1 (default) or D0: what a tool does is not the engine's to promise (CONTRACT §6). */
  readonly determinism?: 'D0' | 'D1';
  /** Needed besides those of the operation and `proc.exec:<tool>`. */
  readonly capabilities?: readonly string[];
  /** In place of the engine's default budget; `exec_count` among them, which is 4 otherwise. */
  readonly budget?: Budget;
}

export interface EngineDefinition<Ops extends Operations = Operations> {
  /** e.g. `engine.supply_chain.sbom`. */
  readonly id: string;
  /** SemVer 2.0.0. */
  readonly version: string;
  readonly title: string;
  readonly description: string;
  readonly determinism: DeterminismLevel;
  readonly operations: Ops;
  /** Besides `builtin`. Policy chooses; `context.implementation` says what it chose. */
  readonly implementations?: readonly ExternalImplementation[];
  /**
   * Digests of WebAssembly modules that it brings along: then it runs in a process, and finds `WebAssembly` with `Memory`
   * and `instantiate` for exactly these. The runtime must know them.
   */
  readonly webAssembly?: readonly string[];
  /** Gates beyond the six that must pass. */
  readonly requiredGates?: readonly string[];
  readonly budget?: { readonly default?: Partial<FullBudget>; readonly ceiling?: Partial<FullBudget> };
}

declare const operationsOf: unique symbol;

/** What `defineEngine` returns: a token. It names the engine and can do nothing (CONTRACT §2, no bypass). */
export interface EngineToken<Ops extends Operations = Operations> {
  readonly engineId: string;
  /** For the compiler only, so that a test of the engine knows its operations: there is no such member. */
  readonly [operationsOf]?: Ops;
}

const definitions = new WeakMap<EngineToken, EngineDefinition>();

/** What `run` is given to fail with. */
const fail: Fail = (code, message, options) => new EngineError(code, message, options);

/**
 * Types `run` from the declaration: `params` from their schema, `context.write` from the names of the outputs, `fail`
 * from the error codes.
 */
export function defineOperation<
  Params extends TObject,
  const Outputs extends string = never,
  const Errors extends string = never,
  Result extends Summary = Summary,
>(operation: OperationDefinition<Params, Outputs, Errors, Result>): Operation<Params, Outputs, Errors, Result> {
  return { ...operation, run: (context, params) => operation.run(context, params, fail) };
}

/** Declares an engine. Export the result as the default export of `src/engine.ts`. */
export function defineEngine<Ops extends Operations>(definition: EngineDefinition<Ops>): EngineToken<Ops> {
  const token = Object.freeze({ engineId: definition.id });
  definitions.set(token, definition);
  return token;
}

/**
 * The definition behind a token. For the first line that the build puts in front of a bundle, and for the test kit
 * (`@mex/engine-sdk/bundle`); a bundle carries its own copy of this map, so a token from one opens nothing elsewhere.
 * @throws Error when the token was not made by this copy of `defineEngine`.
 */
export function revealEngine(token: EngineToken): EngineDefinition {
  const definition = definitions.get(token);
  if (definition === undefined) throw new Error('Not an engine: export default the result of defineEngine(…)');
  return definition;
}
