import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { MexError } from '@mex/envelope';
import { launchJailed } from '../../src/sandbox/jail/launch.ts';
import { findJailTools } from '../../src/sandbox/jail/requirements.ts';
import { systemMounts } from '../../src/sandbox/jail/system-mounts.ts';

/* A host of its own, started by jail.test.ts with few descriptors: it starts jails without any of them left. */

const tools = findJailTools();
if ('missing' in tools) throw new Error(tools.missing);

const start = (mounts: ReturnType<typeof systemMounts>) =>
  launchJailed(tools, {
    program: '/usr/bin/true',
    args: [],
    env: {},
    ...mounts,
    cwd: '/',
    limits: { memoryBytes: 1 << 28, cpuSeconds: 1, fileBytes: 0, openFiles: 16 },
    seccomp: 'program',
    alone: false,
  });

const mounts = systemMounts();
const held: number[] = [];
const fill = (): void => {
  try {
    for (;;) held.push(openSync('/dev/null', 'r'));
  } catch {
    // None is left.
  }
};
fill();
for (let free = 0; free < 8; free += 1) {
  for (const fd of held.splice(0, free)) closeSync(fd);
  try {
    start(mounts);
    console.log('started');
  } catch (error) {
    console.log(error instanceof MexError ? error.code : error);
  }
  fill();
}
await sleep(50);
console.log('alive');
for (const fd of held) closeSync(fd);
const { code } = await start(mounts).exited;
console.log('started', code);
