import type { EngineContext, EngineProblem, ExecResult } from '@mex/engine-sdk';
import { revealEngine } from '@mex/engine-sdk/bundle';
import engine from '../../src/engine.ts';

/** What a stand-in for a tool answers with. */
export interface ToolAnswer {
  readonly exitCode?: number;
  readonly report?: unknown;
}

/** Runs `sbom.generate` as policy would have it done by a tool. */
export async function generateBy(
  tool: string,
  files: Readonly<Record<string, string>>,
  { exitCode = 0, report }: ToolAnswer,
) {
  const problems: EngineProblem[] = [];
  const outputs = new Map<string, string>();
  const calls: { tool: string; args: readonly string[] }[] = [];
  const text = typeof report === 'string' ? report : JSON.stringify(report);
  const file = (name: string): ExecResult['files'][number] =>
    report === undefined ? { name, refused: 'missing' } : { name, bytes: new TextEncoder().encode(text) };
  const content = new Map(Object.entries(files));
  const sha256 = 'a'.repeat(64);
  const context = {
    opId: '00000000-0000-4000-8000-000000000001',
    operation: 'sbom.generate',
    determinism: 'D1',
    implementation: { id: tool, kind: 'external', tool },
    inputs: [
      {
        name: undefined,
        sha256,
        size: 0,
        mime: 'application/json',
        kind: 'bundle',
        files: async () => [...content].map(([path, value]) => ({ path, size: value.length, sha256 })),
        bytes: () => Promise.reject(new Error('a bundle')),
        read: async (path: string) => new TextEncoder().encode(content.get(path)),
      },
    ],
    now: () => '2000-01-01T00:00:00Z',
    write: async (name: string, data: Uint8Array | string) => {
      outputs.set(name, String(data));
      return '';
    },
    exec: async (called: string, args: readonly string[], options: { outputs?: readonly string[] } = {}) => {
      calls.push({ tool: called, args });
      return { exitCode, stdout: new Uint8Array(), stderr: new Uint8Array(), files: (options.outputs ?? []).map(file) };
    },
    log: () => undefined,
    problem: (problem: EngineProblem) => void problems.push(problem),
  };
  // The stand-in has what the operation uses; a member that is missing fails the test that needs it.
  const run = revealEngine(engine).operations['sbom.generate']?.run.bind(undefined);
  const summary: unknown = await run?.(context as unknown as EngineContext, {});
  return { problems, outputs, calls, summary };
}

/** The code that an operation failed with. */
export async function codeOf(running: Promise<unknown>): Promise<unknown> {
  return running.then(
    () => 'succeeded',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );
}
