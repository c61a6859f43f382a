import { execFile, spawn } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MexError } from '@mex/envelope';
import { describe, expect, it } from 'vitest';
import { gateCommand } from '../../src/sandbox/jail/gate.ts';
import { builderCommand, launchJailed } from '../../src/sandbox/jail/launch.ts';
import { endOrphans } from '../../src/sandbox/jail/orphans.ts';
import { endProcess, identify, isAlive, type ProcessId, readProc } from '../../src/sandbox/jail/process-id.ts';
import { findJailTools } from '../../src/sandbox/jail/requirements.ts';
import { systemMounts } from '../../src/sandbox/jail/system-mounts.ts';
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

jail(inJail('the gate'), () => {
  const { readOnly } = systemMounts();
  const code = (act: () => unknown): unknown => {
    try {
      return act();
    } catch (error) {
      return error instanceof MexError ? error.code : error;
    }
  };

  it('a limit on processes is set by the prlimit that was found, inside', () => {
    const command = gateCommand(
      ['/usr/bin/true', '-x'],
      { prlimit: realpathSync('/usr/bin/prlimit'), most: 7 },
      readOnly,
    );
    expect(command.slice(-5)).toEqual([realpathSync('/usr/bin/prlimit'), '--nproc=7:7', '--', '/usr/bin/true', '-x']);
  });

  it('what would bound a program and is not to be seen in the jail means no program, not no bound', () => {
    const hidden = { prlimit: '/opt/nowhere/prlimit', most: 7 };
    expect(code(() => gateCommand(['/usr/bin/true'], hidden, readOnly))).toBe('SANDBOX_START_FAILED');
    expect(code(() => gateCommand(['/usr/bin/true'], undefined, []))).toBe('SANDBOX_START_FAILED');
    // Something else of that name is no prlimit.
    const other = readOnly.map(({ target }) => ({ source: '/srv', target }));
    expect(code(() => gateCommand(['/usr/bin/true'], undefined, other))).toBe('SANDBOX_START_FAILED');
  });
});

jail(inJail('input of a program without a gate'), () => {
  it('leaves the host when the end of the host would be the end of the program, and no sooner', async () => {
    const tools = findJailTools();
    if ('missing' in tools) throw new Error(tools.missing);
    const jailed = launchJailed(tools, {
      program: '/usr/bin/cat',
      args: [],
      env: {},
      ...systemMounts(),
      cwd: '/',
      limits: { memoryBytes: 1 << 28, cpuSeconds: 1, fileBytes: 0, openFiles: 16 },
      seccomp: 'program',
      alone: true,
    });
    jailed.stdin.write('said');
    const [heldAtFirst, first] = [jailed.stdin.writableLength, await jailed.first];
    const said = await new Promise((resolve) => jailed.stdout.once('data', (chunk) => resolve(String(chunk))));
    jailed.kill();
    await jailed.exited;
    expect([heldAtFirst, first === undefined, said]).toEqual([4, false, 'said']);
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

jail(inJail('a host that is killed'), () => {
  it('takes every program with it, whatever the moment', async () => {
    const tools = findJailTools();
    if ('missing' in tools) throw new Error(tools.missing);
    const builder = builderCommand(tools);
    const marker = `mex-doomed-${process.pid}`;
    // Not of this run: hosts are killed at the same moments each time, and meet other ones in their work.
    const moments = Array.from(
      { length: process.env['MEX_SOAK'] === undefined ? 6 : 20 },
      (_, index) => 3 + ((index * 37) % 120),
    );
    const left: string[] = [];
    for (const moment of moments) {
      const host = spawn(process.execPath, ['--conditions=@mex/source', program('doomed-host.ts'), marker], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {},
      });
      const closed = new Promise((resolve) => host.once('close', resolve));
      await new Promise((resolve) => host.stdout.once('data', resolve));
      await sleep(moment);
      host.kill('SIGKILL');
      await closed;
      left.push(...(await outlive(marker, (line) => !line.startsWith(tools.bwrap))));
    }
    expect(left).toEqual([]);
    // What bubblewrap leaves of a jail that it was building has nothing in it, and is ended by the next host.
    endOrphans(builder);
    expect(await outlive(marker)).toEqual([]);
  }, 60_000);
});

/** Command lines that hold a marker and do not go away. They are ended: nobody else has this marker. */
async function outlive(marker: string, counts = (_line: string) => true): Promise<string[]> {
  const deadline = performance.now() + 2_000;
  const look = () => marked(marker).filter(({ line }) => counts(line));
  let living = look();
  while (living.length > 0 && performance.now() < deadline) {
    await sleep(5);
    living = look();
  }
  for (const { id } of living) endProcess(id);
  return living.map(({ line }) => line);
}

function marked(marker: string): { id: ProcessId; line: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    const line = Number.isInteger(pid) && pid !== process.pid ? (readProc(pid, 'cmdline') ?? '') : '';
    const id = line.includes(marker) ? identify(pid) : undefined;
    return id !== undefined && isAlive(id) ? [{ id, line }] : [];
  });
}

function program(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
