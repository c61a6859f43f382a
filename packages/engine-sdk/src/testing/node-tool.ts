import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { TestTool, TestToolCall, TestToolResult } from './test-outside.ts';

/** Programs of a vector, and their working directory: one for all runs of the operation. */
export interface NodeTools {
  readonly byId: Readonly<Record<string, TestTool>>;
  dispose(): void;
}

/** Runs the programs of a vector with Node: the author's own code on the author's machine, with no sandbox around it. */
export function createNodeTools(tools: Readonly<Record<string, { path: string }>>, dir: string): NodeTools {
  let root: string | undefined;
  const enter = (): string => {
    root ??= mkdtempSync(join(tmpdir(), 'mex-vector-'));
    mkdirSync(join(root, 'work'), { recursive: true });
    return root;
  };
  const byId = Object.entries(tools).map(([id, { path }]): [string, TestTool] => [
    id,
    (call) => runTool(join(dir, path), call, enter()),
  ]);
  return {
    byId: Object.fromEntries(byId),
    dispose: () => {
      if (root !== undefined) rmSync(root, { recursive: true, force: true });
    },
  };
}

async function runTool(file: string, call: TestToolCall, root: string): Promise<TestToolResult> {
  for (const [as, content] of call.inputs) writeInput(join(root, 'inputs', as), content);
  const args = call.args.map((arg) => arg.replace(/(^|=)\/(work|inputs)(?=\/|$)/, `$1${join(root, '$2')}`));
  const work = join(root, 'work');
  const child = spawn(process.execPath, [file, ...args], { cwd: work, env: {}, stdio: ['pipe', 'pipe', 'pipe'] });
  const stdout = buffer(child.stdout);
  const stderr = buffer(child.stderr);
  // A program that does not read its input closes it; that is no failure.
  child.stdin.on('error', () => undefined);
  child.stdin.end(call.stdin);
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 128));
  });
  const files = call.outputs.filter((name) => existsSync(join(work, name)) && statSync(join(work, name)).isFile());
  return {
    exitCode,
    stdout: await stdout,
    stderr: await stderr,
    files: Object.fromEntries(files.map((name) => [name, readFileSync(join(work, name))])),
  };
}

function writeInput(path: string, content: Uint8Array | ReadonlyMap<string, Uint8Array>): void {
  const files = content instanceof Uint8Array ? [['', content] as const] : [...content];
  for (const [name, bytes] of files) {
    const file = join(path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
}
