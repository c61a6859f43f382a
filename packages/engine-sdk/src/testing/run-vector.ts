import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConformanceVector } from '@mex/envelope';
import { compareRun } from '../vectors/compare-run.ts';
import type { LoadedVector } from '../vectors/load-vectors.ts';
import { createNodeTools } from './node-tool.ts';
import { runOperation } from './run-operation.ts';
import type { TestInput } from './test-input.ts';
import type { TestOutside } from './test-outside.ts';
import type { TestableEngine, TestResult } from './test-result.ts';

/** How an engine did on a vector. */
export interface VectorRun {
  readonly result: TestResult;
  /** What is not as the vector expects, one line each; none when all is. */
  readonly differences: readonly string[];
}

/**
 * Runs a vector as `testOperation` would, its `outside` as fakes. Programs of `outside.tools` run in Node, unconfined:
 * `/work` and `/inputs` at the beginning of an argument, or after an `=`, become directories of the test.
 */
export async function runVector(engine: TestableEngine, vector: LoadedVector): Promise<VectorRun> {
  const { document, dir } = vector;
  const tools = createNodeTools(document.outside?.tools ?? {}, dir);
  try {
    const result = await runOperation(engine, document.operation, {
      params: document.params,
      inputs: document.inputs.map(({ path, ...rest }): TestInput => ({ ...rest, path: join(dir, path) })),
      ...(document.implementation === undefined ? {} : { implementation: document.implementation }),
      ...(document.capabilities === undefined ? {} : { capabilities: document.capabilities }),
      ...(document.determinism === undefined ? {} : { determinism: document.determinism }),
      outside: { ...outsideOf(document, dir), tools: tools.byId },
    });
    const differences = compareRun(vector, {
      status: result.status,
      code: result.error?.code,
      message: result.error?.message,
      summary: result.summary,
      outputs: new Map(Object.entries(result.outputs).flatMap(([name, out]) => (out ? [[name, out.bytes]] : []))),
      problems: result.problems.map(({ code }) => code),
    });
    return { result, differences };
  } finally {
    tools.dispose();
  }
}

/**
 * Runs a vector and throws unless it went as expected: the body of a test.
 * @throws Error whose message lists every difference, and whose cause is what the operation threw
 */
export async function verifyVector(engine: TestableEngine, vector: LoadedVector): Promise<TestResult> {
  const { result, differences } = await runVector(engine, vector);
  if (differences.length === 0) return result;
  const lines = [`${vector.name}: ${vector.title}`, ...differences.map((difference) => `  ${difference}`)];
  throw new Error(lines.join('\n'), result.thrown === undefined ? undefined : { cause: result.thrown });
}

function outsideOf({ outside }: ConformanceVector, dir: string): Omit<TestOutside, 'tools'> {
  const { http = [], scopes = {}, secrets = {} } = outside ?? {};
  return {
    http: http.map(({ body_path, body, ...answer }) => {
      const content = body_path === undefined ? body : readFileSync(join(dir, body_path));
      return content === undefined ? answer : { ...answer, body: content };
    }),
    scopes: Object.fromEntries(Object.entries(scopes).map(([scope, path]) => [scope, join(dir, path)])),
    secrets,
  };
}
