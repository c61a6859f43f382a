import { type TestInput, testOperation } from '@mex/engine-sdk/testing';
import engine from '../src/engine.ts';
import type { RunJsParams } from '../src/run-js.ts';

/** Runs a script. */
export function runScript(script: string, params: RunJsParams = {}, inputs: readonly TestInput[] = []) {
  return testOperation(engine, 'sandbox.run_js', { params: { script, ...params }, inputs });
}

/** The result of a script. @throws Error when it failed. */
export async function resultOf(script: string, params: RunJsParams = {}, inputs: readonly TestInput[] = []) {
  const run = await runScript(script, params, inputs);
  const output = run.outputs['result.json'];
  if (output === undefined) throw new Error(`${run.error?.code}: ${run.error?.message}`, { cause: run.thrown });
  return output.json();
}

export async function codeOf(script: string, params: RunJsParams = {}): Promise<string | undefined> {
  return (await runScript(script, params)).error?.code;
}
