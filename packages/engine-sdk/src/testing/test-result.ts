import type { OutputDeclaration } from '@mex/envelope';
import type { EngineProblem } from '../context.ts';
import type { EngineDefinition, EngineToken, Operations } from '../define-engine.ts';
import type { TestInput } from './test-input.ts';
import type { TestOutside } from './test-outside.ts';

/** An engine as its module exports it, or its definition. */
export type TestableEngine<Ops extends Operations = Operations> = EngineToken<Ops> | EngineDefinition<Ops>;

/** What an operation is given. Everything has a default but `params` that have required members. */
export interface TestOptions<Params> {
  readonly params: Params;
  readonly inputs?: readonly TestInput[];
  /** What the planner asks for. Default: all that the operation declares and its implementation needs, each granted. */
  readonly capabilities?: readonly string[];
  /** Default: the most that operation and implementation promise. */
  readonly determinism?: 'D0' | 'D1' | 'D2' | 'D3';
  /** What `context.now` says in D0 and D1, RFC 3339. Default and, in D2 and D3, always 2000-01-01T00:00:00.000Z. */
  readonly now?: string;
  /** Nothing outside exists unless it stands here. */
  readonly outside?: TestOutside;
  /** Id of the implementation that the operator's policy names. Default: the engine's own. */
  readonly implementation?: string;
}

/** One output. */
export interface TestOutput {
  readonly declaration: OutputDeclaration;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  /** The bytes as UTF-8. */
  text(): string;
  /** The bytes as JSON. @throws SyntaxError */
  json(): unknown;
}

/** How an operation ended. */
export interface TestResult<Outputs extends string = string, Result = Readonly<Record<string, unknown>>> {
  /** `denied`: it never ran. */
  readonly status: 'succeeded' | 'failed' | 'denied';
  /** Why it did not succeed, with the code that a planner would get. */
  readonly error: { readonly code: string; readonly message: string; readonly retryable: boolean } | undefined;
  /** What was thrown, with its stack: for whoever looks for the cause. */
  readonly thrown: unknown;
  /** What `run` returned; `undefined` unless it succeeded. */
  readonly summary: Result | undefined;
  /** By name. None unless it succeeded: partial outputs are discarded (CONTRACT §9). */
  readonly outputs: Readonly<Partial<Record<Outputs, TestOutput>>>;
  readonly problems: readonly EngineProblem[];
  readonly log: readonly string[];
  /** Capabilities that it used, in order. */
  readonly used: readonly string[];
}
