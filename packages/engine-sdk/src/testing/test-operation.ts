import type { Static } from '@sinclair/typebox';
import type { Operation, Operations } from '../define-engine.ts';
import { runOperation } from './run-operation.ts';
import type { TestableEngine, TestOptions, TestResult } from './test-result.ts';

type ParamsOf<Op> = Op extends Operation<infer Params, string, string> ? Static<Params> : never;
type OutputsOf<Op> = Op extends { readonly outputs: readonly { readonly name: infer Name extends string }[] }
  ? Name
  : never;
type ResultOf<Op> = Op extends { run(...args: never): infer Returned } ? Awaited<Returned> : never;

/**
 * Runs one operation of an engine in this process, without a host and without a sandbox, with everything outside of it
 * faked. What the host would deny or refuse (params, capabilities, undeclared outputs and error codes, missing
 * evidence, the outside in D2 and D3) ends with the host's codes. Budgets, frozen globals, isolation and policy are
 * only there in a real run: `mex certify` does that.
 */
export async function testOperation<Ops extends Operations, Name extends keyof Ops & string>(
  engine: TestableEngine<Ops>,
  name: Name,
  options: TestOptions<ParamsOf<Ops[Name]>>,
): Promise<TestResult<OutputsOf<Ops[Name]>, ResultOf<Ops[Name]>>> {
  const result: TestResult = await runOperation(engine, name, options);
  // Outputs were compared with the declaration, and the summary is what `run` returned; the compiler cannot follow.
  return result as TestResult<OutputsOf<Ops[Name]>, ResultOf<Ops[Name]>>;
}
