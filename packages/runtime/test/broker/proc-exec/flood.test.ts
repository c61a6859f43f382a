import { readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ExecCall } from '../../../src/broker/proc-exec/exec-call.ts';
import { hasBoundPerNamespace } from '../../../src/broker/proc-exec/process-cap.ts';
import { JobStop } from '../../../src/sandbox/tier.ts';
import { type Bench, type BenchOptions, codeOf, inJail, MIB, NO_JAIL, openBench, textOf } from './fixture.ts';

/* Tools that take more than they may. Each is ended, says why, and leaves the host as it was. */

/** Where the number of processes is only counted. */
const NO_PROCESS_CAP =
  process.getuid?.() !== 0 || hasBoundPerNamespace(release()) ? undefined : 'root, and a kernel older than 6.14';

let bench: Bench | undefined;
const open = (options?: BenchOptions): Bench => {
  bench = openBench(options);
  return bench;
};
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const shCall = (script: string, more?: Partial<ExecCall>): ExecCall => ({ tool: 'sh', args: ['-c', script], ...more });
const perlCall = (script: string, more?: Partial<ExecCall>): ExecCall => ({
  tool: 'perl',
  args: ['-e', script],
  ...more,
});

describe('calls out of bounds', () => {
  it.each<[string, Partial<ExecCall>]>([
    ['a path for a name', { tool: '../sh' }],
    ['an absolute path for a name', { tool: '/bin/sh' }],
    ['too many arguments', { args: Array.from({ length: 1_001 }, () => 'a') }],
    ['an argument that is too long', { args: ['a'.repeat(4_097)] }],
    ['arguments that are too long together', { args: Array.from({ length: 100 }, () => 'a'.repeat(2_000)) }],
    ['a NUL', { args: ['a\0--evil'] }],
    ['half a character', { args: ['\ud800'] }],
    ['too much standard input', { stdin: new Uint8Array(64 * MIB + 1) }],
    ['too many inputs', { inputs: Array.from({ length: 65 }, (_, input) => ({ input, as: `a${input}` })) }],
    ['a path for the name of an input', { inputs: [{ input: 0, as: '../x' }] }],
    ['an option for the name of an input', { inputs: [{ input: 0, as: '-x' }] }],
    [
      'one name for two inputs',
      {
        inputs: [
          { input: 0, as: 'x' },
          { input: 1, as: 'x' },
        ],
      },
    ],
    ['an input without an index', { inputs: [{ input: -1, as: 'x' }] }],
    ['an output outside', { outputs: ['../x'] }],
    ['an absolute output', { outputs: ['/etc/passwd'] }],
    ['an output named twice', { outputs: ['x', 'x'] }],
    ['too many outputs', { outputs: Array.from({ length: 257 }, (_, index) => `${index}`) }],
    ['no time', { timeout_ms: 0 }],
  ])('%s', async (_what, call) => {
    const { runner, denials } = open();
    expect(await codeOf(runner.exec({ ...shCall('true'), ...call }))).toBe('TOOL_CALL_INVALID');
    expect(denials).toHaveLength(1);
  });

  it('an option that the policy does not list', async () => {
    const { runner, events } = open();
    expect(await codeOf(runner.exec({ tool: 'sh', args: ['-x', '-c', 'true'] }))).toBe('TOOL_ARGUMENT_REFUSED');
    expect(events).toEqual([]);
  });
});

describe.skipIf(NO_JAIL !== undefined)(inJail('tools that take too much'), () => {
  it('[§9] output without end ends the operation; nothing of it is kept', async () => {
    const { runner, kept, events } = open({ budget: { output_bytes: MIB } });
    expect(await codeOf(runner.exec(shCall('yes')))).toBe('BUDGET_EXCEEDED_OUTPUT_BYTES');
    expect(kept).toEqual([]);
    expect(events).toMatchObject([{ exit_code: null, stdout_ref: null }]);
  });

  it('more than its policy allows on one stream ends the call; the beginning is kept', async () => {
    const { runner, kept } = open({ tools: { sh: { path: '/bin/sh', options: ['-c *'], max_output_bytes: 1_000 } } });
    expect(await codeOf(runner.exec(shCall('echo out; yes >&2')))).toBe('TOOL_OUTPUT_LIMIT');
    expect(kept.map(({ stream, text }) => [stream, text.length])).toEqual([
      ['stdout', 4],
      ['stderr', 1_000],
    ]);
  });

  it('standard input that nobody reads holds nobody up', async () => {
    const { runner } = open();
    const answer = await runner.exec(shCall('echo done', { stdin: new Uint8Array(32 * MIB) }));
    expect(textOf(answer.stdout)).toBe('done\n');
  });

  it('more processes than it may have', async () => {
    const { runner } = open({ limits: { processes: 20 } });
    expect(await codeOf(runner.exec(perlCall('for (1..60) { unless (fork) { sleep 30; exit } } sleep 30')))).toBe(
      'TOOL_PROCESS_LIMIT',
    );
    expect((await runner.exec(shCall('echo well'))).exitCode).toBe(0);
  });

  it.skipIf(NO_PROCESS_CAP !== undefined)(
    `a program that forks more than the kernel lets it${NO_PROCESS_CAP === undefined ? '' : ` (skipped: ${NO_PROCESS_CAP})`}`,
    async () => {
      const { runner } = open({ limits: { processes: 310 }, budget: { memory_bytes: 1024 * MIB } });
      // A real fork bomb is no test: where the kernel does not stop it, nothing does in time.
      const script = `select undef, undef, undef, 0.5; my $n = 0; for (1..400) { my $p = fork; last unless defined $p;
        unless ($p) { sleep 20; exit } $n++ } print $n`;
      const answer = await runner.exec(perlCall(script));
      expect(Number(textOf(answer.stdout))).toBeGreaterThan(250);
      expect(Number(textOf(answer.stdout))).toBeLessThan(310);
    },
  );

  it('[§9] memory without end', async () => {
    const { runner } = open({ budget: { memory_bytes: 64 * MIB } });
    expect(await codeOf(runner.exec(perlCall('my @a; push @a, "x" x 1_000_000 while 1')))).toBe(
      'BUDGET_EXCEEDED_MEMORY_BYTES',
    );
  });

  it('[§9] memory shared out among children', async () => {
    const { runner } = open({ budget: { memory_bytes: 64 * MIB } });
    const script = 'for (1..8) { next if fork; my $x = "x" x 20_000_000; sleep 30; exit } sleep 30';
    expect(await codeOf(runner.exec(perlCall(script)))).toBe('BUDGET_EXCEEDED_MEMORY_BYTES');
  });

  it.each([
    ['/tmp', 'head -c 40M /dev/zero > /tmp/a; head -c 40M /dev/zero > /dev/shm/b; sleep 30'],
    [
      '/tmp, and a process that shares none of it',
      'head -c 50M /dev/zero > /tmp/a; perl -e \'$x = "a" x 2e7; sleep 30\'',
    ],
  ])('[§9] memory that files in %s take', async (_what, script) => {
    const { runner } = open({ budget: { memory_bytes: 64 * MIB } });
    expect(await codeOf(runner.exec(shCall(script)))).toBe('BUDGET_EXCEEDED_MEMORY_BYTES');
  });

  it('[§9] files in memory have a bottom, or end the run before they reach it', async () => {
    const { runner } = open({ budget: { memory_bytes: 16 * MIB } });
    const script = 'for p in /tmp /dev/shm; do head -c 20M /dev/zero > $p/a; echo $?; rm $p/a; done';
    const ended = await runner.exec(shCall(script)).then(
      ({ stdout }) => textOf(stdout),
      (error: unknown) => error,
    );
    if (ended instanceof JobStop) expect(ended.code).toBe('BUDGET_EXCEEDED_MEMORY_BYTES');
    else expect(ended).toBe('1\n1\n');
  });

  it('[§9] files have no other place', async () => {
    const { runner } = open();
    const script = 'for p in /dev /dev/pts / /proc /usr; do : > $p/a; done; ls /dev/a /a';
    expect(textOf((await runner.exec(shCall(script))).stdout)).toBe('');
  });

  it('[§9] CPU time shared out among children', async () => {
    const { runner } = open({ budget: { cpu_time_ms: 300 } });
    const script = 'for (1..200) { unless (fork) { 1 for 1..1_000_000; exit } wait }';
    expect(await codeOf(runner.exec(perlCall(script)))).toBe('BUDGET_EXCEEDED_CPU_TIME_MS');
  });

  it('[§9] CPU time of several calls adds up', async () => {
    const { runner } = open({ budget: { cpu_time_ms: 700 } });
    const spin = perlCall('my @t; do { @t = times } until $t[0] + $t[1] > 0.25');
    const codes: string[] = [];
    while (codes.at(-1) !== 'BUDGET_EXCEEDED_CPU_TIME_MS' && codes.length < 8)
      codes.push(await codeOf(runner.exec(spin)));
    expect(codes.at(-1)).toBe('BUDGET_EXCEEDED_CPU_TIME_MS');
    expect(codes.length).toBeGreaterThan(1);
  });

  it.each([
    ['ends by itself', ''],
    ['ends what its end would be told by', '; kill 9, getppid'],
  ])('[§9] CPU time of short calls is charged when the program %s', async (_what, end) => {
    const { runner, work } = open();
    let own = 0;
    for (let call = 0; call < 6; call += 1) {
      const script = `$x += $_ for 1..600_000; my @t = times; open F, ">", "t"; print F $t[0] + $t[1]; close F${end}`;
      await runner.exec(perlCall(script));
      own += Number(readFileSync(join(work, 't'), 'utf8')) * 1_000;
    }
    expect(own).toBeGreaterThan(0);
    expect(runner.usage.cpuMs).toBeGreaterThanOrEqual(own);
    // Nor for more than it can have taken: building a jail is charged to it, too.
    expect(runner.usage.cpuMs).toBeLessThan(own + 6 * 500);
  });

  it('a workspace that is filled is emptied, and the call ends', async () => {
    const { runner, work } = open({ limits: { workBytes: 8 * MIB } });
    const script = 'i=0; while true; do i=$((i+1)); head -c 1000000 /dev/zero > f$i || exit 0; done';
    expect(await codeOf(runner.exec(shCall(script)))).toBe('TOOL_WORKSPACE_LIMIT');
    expect(readdirSync(work)).toEqual([]);
  });

  it('room in the workspace is not reserved without being written', async () => {
    const { runner } = open({ limits: { workBytes: 8 * MIB } });
    // fallocate: as on a file system that cannot.
    const script = 'open my $f, ">", "x"; print syscall(285, fileno $f, 0, 0, 4 << 20) < 0 ? $! + 0 : "reserved"';
    expect(textOf((await runner.exec(perlCall(script))).stdout)).toBe('95');
  });

  it('one that is filled between two looks is found at the end', async () => {
    const { runner } = open({ limits: { workEntries: 10 } });
    expect(await codeOf(runner.exec(perlCall('for (1..11) { open my $f, ">", $_ }')))).toBe('TOOL_WORKSPACE_LIMIT');
  });

  it('a hundred thousand files', async () => {
    const { runner, work } = open({ limits: { workEntries: 500 } });
    const script = 'for (1..100_000) { open my $f, ">", $_ }';
    expect(await codeOf(runner.exec(perlCall(script, { outputs: ['1'] })))).toBe('TOOL_WORKSPACE_LIMIT');
    expect(readdirSync(work)).toEqual([]);
  });

  it('a file of 1 TiB with nothing in it', async () => {
    const { runner, work } = open();
    const script = '$SIG{XFSZ} = "IGNORE"; open my $f, ">", "x"; print truncate($f, 1 << 40) ? "made" : "refused"';
    const answer = await runner.exec(perlCall(script, { outputs: ['x'] }));
    expect(textOf(answer.stdout)).toBe('refused');
    expect(readdirSync(work)).toEqual(['x']);
  });

  it('/tmp has a bottom', async () => {
    const { runner } = open({ limits: { scratchBytes: MIB } });
    const answer = await runner.exec(shCall('head -c 3000000 /dev/zero > /tmp/x; echo $?'));
    expect(textOf(answer.stdout)).toBe('1\n');
  });

  it('directories too deep to name, and names that are no text, are gone in the end', async () => {
    const { runner, work } = open();
    const script = 'mkdir "\\xff"; open my $f, ">", "\\xff/x"; my $d = "d" x 200; for (1..150) { mkdir $d; chdir $d }';
    expect(await codeOf(runner.exec(perlCall(script)))).toBe('TOOL_WORKSPACE_LIMIT');
    expect(readdirSync(work)).toEqual([]);
  });

  it.each([
    ['a link to a file of the host', 'ln -s /etc/passwd x', 'not_a_file'],
    ['a link to a file of the jail', 'ln -s /usr/bin/perl x', 'not_a_file'],
    ['a pipe', 'mkfifo x', 'not_a_file'],
    ['a directory', 'mkdir x', 'not_a_file'],
    ['two names of one file', 'echo a > y; ln y x', 'not_a_file'],
    ['more than may be read back', 'head -c 2000000 /dev/zero > x', 'too_large'],
  ])('an output that is %s', async (_what, script, refused) => {
    const { runner } = open({ limits: { readBackBytes: MIB } });
    const answer = await runner.exec(shCall(script, { outputs: ['x'] }));
    expect(answer.outputs).toEqual([{ name: 'x', refused }]);
  });
});
