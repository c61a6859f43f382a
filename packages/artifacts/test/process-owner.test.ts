import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isLeftover, ownOwnerToken } from '@mex/artifacts';
import { afterAll, expect, it } from 'vitest';

const parents: ChildProcess[] = [];
afterAll(() => {
  for (const parent of parents) parent.kill('SIGKILL');
});

/** A child that has ended, of a parent that does not ask after it: `exec` keeps the shell's child and forgets it. */
async function startZombie(): Promise<number> {
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  parents.push(parent);
  const [text] = await once(parent.stdout, 'data');
  return Number(String(text));
}

function fieldsOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

it('what this process owns is no leftover', () => {
  expect(isLeftover(ownOwnerToken(), 0, Date.now())).toBe(false);
});

it('what is no token is never one', () => {
  for (const text of ['', 'x', '1-2-3', `${ownOwnerToken()}-more`]) expect(isLeftover(text, 0, Date.now())).toBe(false);
});

it.runIf(process.platform === 'linux')(
  '[§9] a process that was killed and that nobody asked after has ended (only on Linux)',
  async () => {
    const pid = await startZombie();
    await expect.poll(() => fieldsOf(pid)[0], { interval: 5 }).toBe('Z');
    const [, , boot, namespace] = ownOwnerToken().split('-');
    expect(isLeftover(`${pid}-${fieldsOf(pid)[19]}-${boot}-${namespace}`, Date.now(), Date.now())).toBe(true);
  },
);
