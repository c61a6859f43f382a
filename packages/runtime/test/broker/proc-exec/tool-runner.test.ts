import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isFlightEvent } from '@mex/envelope';
import { afterEach, describe, expect, it } from 'vitest';
import type { InputSource } from '../../../src/broker/proc-exec/tool-inputs.ts';
import type { ToolPolicy } from '../../../src/broker/proc-exec/tool-policy.ts';
import {
  type Bench,
  type BenchOptions,
  BUDGET,
  codeOf,
  inJail,
  makeBin,
  NO_JAIL,
  openBench,
  textOf,
  writeProgram,
} from './fixture.ts';

let bench: Bench | undefined;
const open = (options?: BenchOptions): Bench => {
  bench = openBench(options);
  return bench;
};
afterEach(() => bench?.close());

const TREE: InputSource = {
  files: async (input) => (input === 0 ? [{ path: 'src/-rf.txt', size: 5 }] : undefined),
  read: async (_input, path) => new TextEncoder().encode(path === undefined ? 'single\n' : 'tree\n'),
};

describe('without a jail', () => {
  it('[§9] no jail means no run, never an unsandboxed one', async () => {
    const { runner, events, denials, meter } = open({ launch: undefined });
    expect(await codeOf(runner.exec({ tool: 'sh', args: ['-c', 'true'] }))).toBe('SANDBOX_TIER_UNAVAILABLE');
    expect(events).toEqual([]);
    expect(denials).toMatchObject([{ tool: 'sh', code: 'SANDBOX_TIER_UNAVAILABLE', args: ['-c', 'true'] }]);
    expect(meter.usage.exec_count).toBe(0);
  });

  it('[§7] the capability is asked for before anything else, and for each tool', async () => {
    const { runner, required, denials } = open({ granted: () => false });
    expect(await codeOf(runner.exec({ tool: 'nothing', args: [] }))).toBe('CAPABILITY_USED_WITHOUT_GRANT');
    expect(required).toEqual(['proc.exec:nothing']);
    expect(denials).toEqual([]);
  });

  it('inputs are for those who may read inputs', async () => {
    const { runner } = open({ granted: (id) => id !== 'fs.read:inputs', inputs: TREE });
    const call = { tool: 'sh', args: ['-c', 'true'], inputs: [{ input: 0, as: 'tree' }] };
    expect(await codeOf(runner.exec(call))).toBe('CAPABILITY_USED_WITHOUT_GRANT');
  });

  it('a tool that policy does not name is refused, whatever the machine has', async () => {
    const { runner, denials } = open();
    for (const tool of ['cat', 'constructor', '__proto__x', 'toString'].filter((name) => /^[A-Za-z]/.test(name)))
      expect(await codeOf(runner.exec({ tool, args: [] }))).toBe('TOOL_NOT_ALLOWED');
    expect(denials).toHaveLength(3);
  });

  it.each<[string, ToolPolicy]>([
    ['TOOL_NOT_FOUND', { path: '/usr/bin/nothing-of-this-name' }],
    ['TOOL_DIGEST_MISMATCH', { path: '/usr/bin/perl', sha256: '0'.repeat(64) }],
    ['SECURITY_UNTRUSTED_EXECUTION', { path: '/tmp/nothing-of-this-name' }],
  ])('%s: the operator reads where, the engine does not', async (code, policy) => {
    const { runner, denials } = open({ tools: { x: policy }, launch: () => expect.unreachable() });
    await expect(runner.exec({ tool: 'x', args: [] })).rejects.toMatchObject({
      code,
      message: expect.not.stringContaining('/'),
    });
    expect(denials).toMatchObject([{ code, detail: expect.stringContaining(dirname(policy.path ?? '')) }]);
  });

  it('denials carry no secrets and no control characters', async () => {
    const { runner, denials } = open();
    const token = `ghp_${'a1B2c3D4e5'.repeat(4).slice(0, 36)}`;
    await codeOf(runner.exec({ tool: 'sh', args: ['--token', token, '\u001b[2J'] }));
    expect(JSON.stringify(denials)).not.toContain(token);
    expect(JSON.stringify(denials)).not.toContain('\\u001b');
  });
});

describe.skipIf(NO_JAIL !== undefined)(inJail('in a jail'), () => {
  it('runs a tool, gives back what it wrote, and keeps it', async () => {
    const { runner, kept, meter } = open({ tools: { cat: {} } });
    const answer = await runner.exec({ tool: 'cat', args: [], stdin: new TextEncoder().encode('héllo\n') });
    expect(answer.exitCode).toBe(0);
    expect(textOf(answer.stdout)).toBe('héllo\n');
    expect(kept).toEqual([{ stream: 'stdout', text: 'héllo\n' }]);
    expect(meter.usage).toMatchObject({ exec_count: 1, output_bytes: 7 });
  });

  it('[§11] each run is an FR-EVT-001 of the right form, with a digest for the environment', async () => {
    const { runner, events } = open();
    await runner.exec({ tool: 'sh', args: ['-c', 'echo out; echo err >&2; exit 3'] });
    expect(events).toHaveLength(1);
    const [event] = events;
    expect(event).toMatchObject({
      type: 'terminal_command',
      session_id: 'op-1',
      cwd: '/work',
      command: realpathSync('/bin/sh'),
      args: ['-c', 'echo out; echo err >&2; exit 3'],
      exit_code: 3,
      stdout_ref: 'kept-1',
      stderr_ref: 'kept-2',
      env_ref: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    const base = {
      event_id: '00000000-0000-4000-8000-000000000000',
      timestamp: '2026-01-01T00:00:00.000Z',
      actor: { kind: 'system', id: 'test' },
    };
    expect(isFlightEvent({ ...base, ...event })).toBe(true);
  });

  it('[§9] the environment is what MEX and policy say, and nothing of the host', async () => {
    process.env['MEX_TEST_CANARY'] = 'canary';
    const { runner } = open({ tools: { env: { env: { APP_MODE: 'fast' } } } });
    const answer = await runner.exec({ tool: 'env', args: [] });
    delete process.env['MEX_TEST_CANARY'];
    expect(textOf(answer.stdout).trim().split('\n').sort()).toEqual([
      'APP_MODE=fast',
      'HOME=/work',
      'LANG=C.UTF-8',
      'LC_ALL=C.UTF-8',
      'PATH=/usr/local/bin:/usr/bin:/bin',
      'PWD=/work',
      'SOURCE_DATE_EPOCH=946684800',
      'TMPDIR=/tmp',
      'TZ=UTC',
    ]);
  });

  it('inputs are there to be read and not to be changed', async () => {
    const { runner } = open({ inputs: TREE });
    const script = 'cat /inputs/tree/src/-rf.txt /inputs/one; echo x > /inputs/one; rm /inputs/tree/src/-rf.txt';
    const inputs = [
      { input: 0, as: 'tree' },
      { input: 1, as: 'one' },
    ];
    const first = await runner.exec({ tool: 'sh', args: ['-c', script], inputs });
    expect(textOf(first.stdout)).toBe('tree\nsingle\n');
    expect(textOf(first.stderr)).toMatch(/Read-only file system/);
    const again = await runner.exec({
      tool: 'sh',
      args: ['-c', 'cat /inputs/again'],
      inputs: [{ input: 1, as: 'again' }],
    });
    expect(textOf(again.stdout)).toBe('single\n');
  });

  it('files written in the workspace are read back, and are there for the next call', async () => {
    const { runner } = open();
    const write = 'mkdir -p out && echo one > out/one.txt && pwd';
    const first = await runner.exec({ tool: 'sh', args: ['-c', write], outputs: ['out/one.txt', 'out/two.txt'] });
    expect(textOf(first.stdout)).toBe('/work\n');
    expect(first.outputs).toEqual([
      { name: 'out/one.txt', bytes: new Uint8Array(Buffer.from('one\n')) },
      { name: 'out/two.txt', refused: 'missing' },
    ]);
    const next = await runner.exec({ tool: 'sh', args: ['-c', 'cat out/one.txt'] });
    expect(textOf(next.stdout)).toBe('one\n');
  });

  it('calls of one operation run one after another, and only so many wait', async () => {
    const { runner } = open();
    const script = 'test -e busy && echo together; touch busy; sleep 0.05; rm busy';
    const calls = Array.from({ length: 12 }, () => runner.exec({ tool: 'sh', args: ['-c', script] }));
    const settled = await Promise.allSettled(calls);
    const done = settled.flatMap((one) => (one.status === 'fulfilled' ? [textOf(one.value.stdout)] : []));
    expect(done).toEqual(Array.from({ length: 8 }, () => ''));
  });

  it('a script is run by the interpreter that was resolved for it, and both are recorded', async () => {
    const bin = makeBin();
    const script = writeProgram(join(bin, 'tool'), '#!/usr/bin/env perl\nprint "args: @ARGV\\n";\n');
    const { runner, events } = open({ bin, tools: { tool: { path: script, args_prefix: ['scan'] } } });
    expect(textOf((await runner.exec({ tool: 'tool', args: ['x'] })).stdout)).toBe('args: scan x\n');
    const perl = realpathSync('/usr/bin/perl');
    expect(events[0]).toMatchObject({ command: perl, args: [expect.stringMatching(/\/tool$/), 'scan', 'x'] });
    const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
    expect(runner.toolVersions).toEqual({ tool: `sha256:${digest(script)} run by sha256:${digest(perl)}` });
  });

  it('[§4] a version that an operation could not afford to hear is not unknown to the next one', async () => {
    const version = ['-c', 'echo tool 1.2.3'];
    const { runner, toolbox, events } = open({
      tools: { sh: { path: '/bin/sh', options: ['-c *'], version_args: version } },
      budget: { output_bytes: 4 },
    });
    for (let call = 0; call < 2; call += 1) await runner.exec({ tool: 'sh', args: ['-c', 'true'] });
    expect(toolbox.versionOf(await toolbox.resolve('sh'))).toBeUndefined();
    expect(runner.toolVersions['sh']).toMatch(/^sha256:[0-9a-f]{64}$/u);
    // Asked for once, all the same.
    expect(events.map(({ args }) => args.at(-1))).toEqual(['echo tool 1.2.3', 'true', 'true']);
  });

  it('a program whose loader is not there was not started, and a program that ends with 127 was', async () => {
    const bin = makeBin();
    const path = join(bin, 'tool');
    const elf = readFileSync(realpathSync('/usr/bin/true')).toString('latin1');
    writeFileSync(path, elf.replace(/(\/lib[^\0]*\/ld-[^\0]*)[^\0]\0/u, '$1?\0'), 'latin1');
    chmodSync(path, 0o755);
    const { runner } = open({ bin, tools: { tool: { path }, sh: { path: '/bin/sh', options: ['-c *'] } } });
    expect(await codeOf(runner.exec({ tool: 'tool', args: [] }))).toBe('TOOL_START_FAILED');
    expect((await runner.exec({ tool: 'sh', args: ['-c', 'exit 127'] })).exitCode).toBe(127);
  });

  it('[§4] a version is asked for once, recorded, and is no use of exec_count', async () => {
    const { runner, meter, events } = open({
      tools: { sh: { path: '/bin/sh', options: ['-c *'], version_args: ['-c', 'echo tool 1.2.3; echo more'] } },
    });
    await runner.exec({ tool: 'sh', args: ['-c', 'true'] });
    await runner.exec({ tool: 'sh', args: ['-c', 'true'] });
    expect(runner.toolVersions['sh']).toMatch(/^sha256:[0-9a-f]{64} tool 1\.2\.3$/);
    expect(meter.usage.exec_count).toBe(2);
    expect(events).toHaveLength(3);
  });

  it('a Node program runs with the memory it is given', async () => {
    // The checkout, and Node with it, may lie in a temporary directory.
    const bin = makeBin();
    const path = join(bin, 'node');
    copyFileSync(realpathSync(process.execPath), path);
    const { runner } = open({ bin, tools: { node: { path, options: ['-e *'] } } });
    const answer = await runner.exec({ tool: 'node', args: ['-e', 'console.log(process.cwd(), 6 * 7)'] });
    expect([textOf(answer.stderr), textOf(answer.stdout)]).toEqual(['', '/work 42\n']);
  });

  it('a program that a signal ends says so as a shell would', async () => {
    const { runner } = open();
    expect((await runner.exec({ tool: 'sh', args: ['-c', 'kill -9 $$'] })).exitCode).toBe(137);
  });

  it('[§9] exec_count ends the operation when it is used up', async () => {
    const { runner } = open({ budget: { exec_count: 1 } });
    await runner.exec({ tool: 'sh', args: ['-c', 'true'] });
    expect(await codeOf(runner.exec({ tool: 'sh', args: ['-c', 'true'] }))).toBe('BUDGET_EXCEEDED_EXEC_COUNT');
  });

  it('what a call may take ends the call; the engine may go on', async () => {
    const { runner, events } = open();
    expect(await codeOf(runner.exec({ tool: 'sh', args: ['-c', 'sleep 30'], timeout_ms: 100 }))).toBe('TOOL_TIMED_OUT');
    expect(events[0]).toMatchObject({ exit_code: null });
    expect((await runner.exec({ tool: 'sh', args: ['-c', 'true'] })).exitCode).toBe(0);
  });

  it('closing ends what runs, refuses what comes, and leaves nothing behind', async () => {
    const { runner, work, dir } = open({ inputs: TREE });
    const call = { tool: 'sh', args: ['-c', 'touch here; sleep 30'], inputs: [{ input: 0, as: 'tree' }] };
    const running = codeOf(runner.exec(call));
    await expect.poll(() => existsSync(join(work, 'here')), { interval: 5, timeout: 5_000 }).toBe(true);
    await runner.close();
    expect(await running).toBe('OPERATION_CANCELLED');
    expect(await codeOf(runner.exec(call))).toBe('OPERATION_CANCELLED');
    expect([readdirSync(work), readdirSync(join(dir, 'op', 'inputs'))]).toEqual([[], []]);
  });

  it('CPU time and memory of tools are measured', async () => {
    const { runner } = open({ budget: { ...BUDGET, cpu_time_ms: 20_000 } });
    await runner.exec({ tool: 'perl', args: ['-e', 'my $x = "a" x 50_000_000; 1 while time - $^T < 1'] });
    expect(runner.usage.cpuMs).toBeGreaterThan(10);
    expect(runner.usage.memoryBytes).toBeGreaterThan(50_000_000);
  });
});
