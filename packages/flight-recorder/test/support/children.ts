import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onEnd } from './samples.ts';

const conditions = process.env['MEX_DIST'] ? [] : ['--conditions=@mex/source'];
const writer = fileURLToPath(new URL('./writer-child.ts', import.meta.url));

export interface Writer {
  readonly child: ChildProcess;
  /** Resolves when the first events are on the disk. */
  readonly started: Promise<void>;
  /** Resolves with everything the process said was on the disk, however it ended. */
  readonly acknowledged: Promise<string[]>;
}

/** Starts a process that records in `dir`. */
export function startWriter(dir: string, name: string, count: number): Writer {
  const child = spawn(process.execPath, [...conditions, writer, dir, name, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onEnd(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout?.setEncoding('utf8');
  const started = new Promise<void>((resolve) => {
    child.stdout?.on('data', (text: string) => {
      said += text;
      resolve();
    });
    child.on('close', () => resolve());
  });
  const acknowledged = new Promise<string[]>((resolve) => {
    // A line that was cut off was not acknowledged as a whole.
    child.on('close', () => resolve(said.split('\n').slice(0, -1)));
  });
  return { child, started, acknowledged };
}
