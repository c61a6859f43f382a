import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { engine } from '@mex-example/hostile';
import { ATTEMPTS } from './attempts.ts';
import type { Outside } from './outside.ts';

/** The bundle in an ordinary Node process, with the name that a runtime would give it and no sandbox at all. */
const PLAIN = `
let text = '';
process.stdin.setEncoding('utf8').on('data', (chunk) => { text += chunk; }).on('end', async () => {
  const [operation, params] = process.argv.slice(1);
  let run;
  globalThis.__mex_register__ = (engine) => { run = engine.operations[operation].run; };
  (0, eval)(text);
  try { await run({}, JSON.parse(params)); process.stdout.write('got through'); }
  catch (error) { process.stdout.write('failed: ' + error.message); }
  process.exit(0);
});
`;

/**
 * Makes the attempts that do no harm in an ordinary process of this machine: what gets through here, and not in a
 * sandbox, was stopped by the sandbox.
 * @returns operation → whether it got through
 */
export async function runControl(outside: Outside): Promise<ReadonlyMap<string, boolean>> {
  const bundle = readFileSync(fileURLToPath(engine.bundle), 'utf8');
  const results = new Map<string, boolean>();
  for (const { operation, params, control } of ATTEMPTS) {
    if (control !== true) continue;
    const said = await runPlain(bundle, operation, params(outside));
    results.set(operation, said === 'got through');
  }
  outside.reset();
  return results;
}

function runPlain(bundle: string, operation: string, params: object): Promise<string> {
  const child = spawn(process.execPath, ['--no-warnings', '-e', PLAIN, operation, JSON.stringify(params)], {
    env: { DEMO: 'something to read' },
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: 10_000,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stdin.on('error', () => undefined);
  child.stdin.end(bundle);
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(said));
  });
}
