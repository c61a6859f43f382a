import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { endProcess, identify, isAlive } from '../../src/sandbox/jail/process-id.ts';
import { PAGE_BYTES, TICKS_PER_SECOND } from '../../src/sandbox/jail/system-units.ts';
import { inJail, NO_JAIL } from '../broker/proc-exec/fixture.ts';

const jail = describe.skipIf(NO_JAIL !== undefined);

jail(inJail('processes by number and start'), () => {
  it('a process is ended by its identity, and another one with its number is not', async () => {
    const child = spawn('/bin/sleep', ['30'], { stdio: 'ignore' });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const id = identify(child.pid ?? 0);
    if (id === undefined) throw new Error('sleep was not started');
    const later = { pid: id.pid, startedAt: `${id.startedAt}0` };
    endProcess(later);
    expect([isAlive(id), isAlive(later)]).toEqual([true, false]);
    endProcess(id);
    await exited;
    expect(isAlive(id)).toBe(false);
  });

  it('units of /proc are those of this machine', () => {
    expect(Math.log2(PAGE_BYTES) % 1).toBe(0);
    expect([PAGE_BYTES >= 4_096, TICKS_PER_SECOND]).toEqual([true, 100]);
  });
});

jail(inJail('a host without a descriptor left'), () => {
  it('is told so by a typed error, and lives on', async () => {
    const { stdout } = await promisify(execFile)(
      '/bin/sh',
      [
        '-c',
        'ulimit -n 512; exec "$@"',
        'sh',
        process.execPath,
        '--conditions=@mex/source',
        program('starved-host.ts'),
      ],
      { env: {} },
    );
    // With none, with enough for some pipes only, and with all of them back.
    expect(stdout).toMatch(/^(?:SANDBOX_START_FAILED\n){8}alive\nstarted 0\n$/u);
  }, 20_000);
});

function program(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
