import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const DOOMED = fileURLToPath(new URL('./doomed.ts', import.meta.url));

/**
 * Has another process apply a change set, and kills it as soon as it has begun to write.
 * @returns files that it had prepared by then
 */
export async function killHalfWay(home: string, workspace: string, runId: string, changeSet: string): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, DOOMED, home, runId, changeSet], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  let prepared = 0;
  while (prepared === 0 && child.exitCode === null) {
    prepared = countPrepared(workspace);
    if (prepared === 0) await wait(1);
  }
  child.kill('SIGKILL');
  const [, signal] = await ended;
  if (signal !== 'SIGKILL') throw new Error('The process was done before it could be killed.');
  return prepared;
}

/** A change is prepared in a directory of its own, at the top of the workspace. */
function countPrepared(workspace: string): number {
  const staging = readdirSync(workspace).find((name) => name.startsWith('.mex-change-'));
  if (staging === undefined) return 0;
  try {
    return readdirSync(join(workspace, staging)).length;
  } catch {
    // Gone again between the two looks.
    return 0;
  }
}
