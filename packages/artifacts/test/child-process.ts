import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A child that runs one of the scripts in `children/` against the same build of the package as the test. */
export function startChild(script: string, args: readonly string[]): ChildProcess {
  const file = fileURLToPath(new URL(`./children/${script}`, import.meta.url));
  const conditions = process.env['MEX_DIST'] ? [] : ['--conditions=@mex/source'];
  return spawn(process.execPath, [...conditions, file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Everything a child prints until it ends. */
export async function outputOf(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  await once(child, 'close');
  return text;
}

/** The first line a child prints. */
export async function firstLineOf(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const piece of child.stdout?.setEncoding('utf8') ?? []) {
    text += String(piece);
    if (text.includes('\n')) break;
  }
  return text.split('\n', 1)[0] ?? '';
}
